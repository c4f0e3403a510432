/** What streams on sockets share: the carrier that knows the socket under them. */

import type { Socket } from 'node:net';
import { ByteStream, type StreamOptions } from '../byte-stream.ts';
import type { SocketTransport } from './socket-transport.ts';

/** A stream that travels on a socket of Node. */
export abstract class SocketStream extends ByteStream {
  readonly #transport: SocketTransport;

  protected constructor(transport: SocketTransport, options: StreamOptions | undefined) {
    super(transport, options);
    this.#transport = transport;
  }

  protected get socket(): Socket {
    return this.#transport.socket;
  }
}
