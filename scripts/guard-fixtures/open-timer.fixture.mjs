// Expected to fail with: × Timeout left open
test('passes, and leaves a timer that holds its process', () => {
  expect(setTimeout(() => {}, 5_000).hasRef()).toBe(true);
});
