import { createServer } from 'node:net';

// Expected to fail with: 1 × TCPServerWrap left open
test('passes, and leaves a server listening', async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
});
