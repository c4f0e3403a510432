import { createServer } from 'node:net';

// Only on linux
// Expected to fail with: 1 × socket left open behind an unref()
test('passes, and leaves a server listening that holds no process open', async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
});
