import { connect, createServer } from 'node:net';

// Expected to fail with: 2 × TCPSocketWrap left open
test('passes, and leaves both ends of a connection open', async () => {
  const server = createServer({ pauseOnConnect: true });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise((resolve) => server.once('connection', resolve));
  const socket = connect(server.address().port, '127.0.0.1');
  await accepted;
  expect(socket.destroyed).toBe(false);
  server.close();
});
