// Expected to fail with: a process warning, in "passes, and adds listener after listener"
test('passes, and adds listener after listener', async () => {
  const target = new AbortController().signal;
  for (let n = 0; n < 12; n += 1) target.addEventListener('abort', () => n);
  await new Promise((resolve) => setTimeout(resolve, 5));
});
