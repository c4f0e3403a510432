// Expected to pass
test('passes, and leaves a timer that holds no process', () => {
  expect(
    setTimeout(() => {}, 5_000)
      .unref()
      .hasRef(),
  ).toBe(false);
});
