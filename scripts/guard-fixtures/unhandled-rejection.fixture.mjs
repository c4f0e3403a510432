// Expected to fail with: planted rejection
test('passes, and leaves a rejected promise', () => {
  void Promise.reject(new Error('planted rejection'));
});
