// Expected to fail with: planted exception
test('passes, and a timer throws', async () => {
  setTimeout(() => {
    throw new Error('planted exception');
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
});
