/** Stands between a library and its server, passes bytes on, and breaks the library's connections when it is asked to. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Border {
  #server;
  #sockets = new Set();
  /** Whether what the server says is kept back. */
  isMute = false;

  /** @param target - The port of the server behind it. */
  static async before(target) {
    const border = new Border();
    border.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const behind = connect(target, '127.0.0.1');
      border.#sockets.add(socket);
      socket.on('close', () => {
        border.#sockets.delete(socket);
        behind.destroy();
      });
      socket.on('data', (chunk) => behind.write(chunk));
      socket.on('end', () => behind.end());
      behind.on('data', (chunk) => border.isMute || socket.write(chunk));
      behind.on('end', () => socket.end());
      for (const each of [socket, behind]) each.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(border.#server, 'listening');
    return border;
  }

  get port() {
    return this.#server.address().port;
  }

  /** Ends the connections of the library: by `FIN`, or by `RST`. */
  cut(how) {
    for (const socket of this.#sockets) {
      if (how === 'FIN') socket.end();
      else socket.resetAndDestroy();
    }
    this.isMute = false;
  }

  close() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
