/** A raw echo with Node's own async iteration over a socket. */

import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ready } from '../ready.ts';

async function echo(socket: Socket): Promise<void> {
  try {
    for await (const chunk of socket) {
      if (!socket.write(chunk as Buffer)) await once(socket, 'drain');
    }
  } catch {
    // The load ends by closing its sockets, as peers do.
  }
}

const server = createServer({ noDelay: true }, (socket) => void echo(socket));
server.listen(0, '127.0.0.1', () => {
  ready((server.address() as AddressInfo).port);
});
