/** The WebSockets of the package ws, as its documentation has them. */

import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { ready } from '../ready.ts';

const isBroadcast = process.argv[2] === 'broadcast';
const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => {
    if (!isBroadcast) {
      socket.send(data, { binary: isBinary });
      return;
    }
    for (const client of server.clients) client.send(data, { binary: isBinary });
  });
});
server.on('listening', () => {
  ready((server.address() as AddressInfo).port);
});
