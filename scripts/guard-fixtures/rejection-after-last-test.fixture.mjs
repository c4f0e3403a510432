// Expected to fail with: an unhandled rejection, after the last test
test('passes, and a promise rejects when circus has gone', () => {
  setImmediate(() =>
    setImmediate(() =>
      setImmediate(() => {
        process.nextTick(() => void Promise.reject(new Error('planted late rejection')));
      }),
    ),
  );
});
