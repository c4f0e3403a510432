// Expected to fail with: a rejection that found its handler too late
test('passes, and handles a rejection two turns too late', async () => {
  const rejected = Promise.reject(new Error('planted late handler'));
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  await rejected.catch(() => {});
});
