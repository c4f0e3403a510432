/** What streams on sockets share: the socket under them, which TLS may take over. */

import type { Socket } from 'node:net';
import { ByteStream, type StreamOptions } from '../byte-stream.ts';
import type { SocketTransport } from './socket-transport.ts';

/** A socket that has lost its stream, and what to call when it is gone. */
export type Detached = ReturnType<SocketTransport['detach']>;

let detachFrom: (stream: SocketStream) => Detached;

/** A stream that travels on a socket of the operating system. */
export abstract class SocketStream extends ByteStream {
  readonly #transport: SocketTransport;

  protected constructor(transport: SocketTransport, options: StreamOptions | undefined) {
    super(transport, options);
    this.#transport = transport;
  }

  static {
    detachFrom = (stream) => stream.#transport.detach();
  }

  protected get socket(): Socket {
    return this.#transport.socket;
  }
}

/** Takes the socket out from under a stream, which is left with nothing but to be closed. */
export function detach(stream: SocketStream): Detached {
  return detachFrom(stream);
}
