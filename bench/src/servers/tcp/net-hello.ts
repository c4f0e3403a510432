/** A bare socket that answers whatever it reads with the same bytes and waits for more: what no HTTP server can go below. */

import { createServer, type AddressInfo } from 'node:net';
import { ready } from '../ready.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => {
    socket.write(ANSWER);
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  ready((server.address() as AddressInfo).port);
});
