/** A raw echo as node:net's documentation writes it: events and callbacks. */

import { createServer, type AddressInfo } from 'node:net';
import { ready } from '../ready.ts';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk) => {
    if (socket.write(chunk)) return;
    socket.pause();
    socket.once('drain', () => socket.resume());
  });
  socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  ready((server.address() as AddressInfo).port);
});
