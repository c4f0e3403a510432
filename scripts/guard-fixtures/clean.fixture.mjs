import { createServer } from 'node:net';
import { readFile } from 'node:fs/promises';

// Expected to pass: it closes what it opens and handles what it rejects.
test('a test that leaves nothing behind', async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  await new Promise((resolve) => server.close(resolve));
  await Promise.reject(new Error('handled')).catch(() => {});
});

test('an error made by Node is an instance of Error', async () => {
  class OwnError extends Error {}
  const error = await readFile('/nonexistent').catch((reason) => reason);
  expect(error instanceof Error).toBe(true);
  expect(error instanceof OwnError).toBe(false);
  expect(error instanceof TypeError).toBe(false);
  expect(new OwnError() instanceof OwnError).toBe(true);
  expect({} instanceof Error).toBe(false);
});
