/**
 * What carries the TLS of a connection: a socket of the operating system, or any stream.
 *
 * Over a socket Node decrypts on the handle, and the stream uses that handle (`tls-handle-transport.ts`): half the time
 * of a request. Over any other stream there is a Node `Duplex` between the two (`tls-duplex.ts`), and so over a socket where the
 * handles of this version of Node are not known.
 */

import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ByteStream } from '../../streams/byte-stream.ts';
import { giveAway } from '../../streams/stream-parts.ts';
import type { IoError } from '../../vocabulary/errors.ts';
import { deliverReads } from '../socket/io-batch.ts';
import type { SocketCarrier } from '../socket/socket-carrier.ts';
import { SocketTransport } from '../socket/socket-transport.ts';
import { ownBindings, type HandleBindings } from '../socket/stream-handle.ts';
import { carrierOf, TcpStream } from '../tcp/tcp-stream.ts';
import { TlsDuplex } from './tls-duplex.ts';
import { truncated } from './tls-errors.ts';
import { EarlyReads, TlsHandleTransport } from './tls-handle-transport.ts';

export interface Carriage {
  /** What Node puts TLS on. */
  readonly base: Duplex;
  /** The TLS socket was made; nothing was read yet. */
  attach(socket: TLSSocket): void;
  /** The handshake is complete: called by the event itself, since bytes may follow in the same call. */
  complete(socket: TLSSocket): void;
  /** The carrier of the decrypted bytes. */
  open(socket: TLSSocket, closed: (() => void) | undefined): SocketCarrier;
  /** Breaks the connection, so that the peer notices, and ends the TLS socket. */
  reset(socket: TLSSocket): void;
  /** The TLS socket has ended by itself, with its last bytes sent. */
  close(): void;
}

/** Takes over a stream without a read or a write in progress. */
export function carry(stream: ByteStream, requireCloseNotify: boolean): Carriage {
  const bindings = ownBindings();
  if (bindings !== undefined && stream instanceof TcpStream) {
    deliverReads();
    const socket = carrierOf(stream)?.lend();
    if (socket !== undefined) {
      passOn(stream, socket);
      return new SocketCarriage(stream, socket, bindings, requireCloseNotify);
    }
  }
  return new DuplexCarriage(new TlsDuplex(stream), requireCloseNotify);
}

/** How many encrypted bytes have come from the peer. */
export function bytesReadBelow(stream: ByteStream): number {
  const socket = stream instanceof TcpStream ? carrierOf(stream)?.borrower : undefined;
  return socket?.bytesRead ?? stream.statistics().bytesRead;
}

/** What the stream has read already is where TLS begins; the stream itself is not used any more. */
function passOn(stream: ByteStream, socket: Socket): void {
  const chunks: Uint8Array[] = [];
  while (stream.isReadable) {
    const chunk = new Uint8Array(16_384);
    const count = stream.tryRead(chunk);
    if (typeof count !== 'number') break;
    chunks.push(chunk.subarray(0, count));
  }
  if (chunks.length > 0) socket.unshift(Buffer.concat(chunks));
  giveAway(stream);
}

const ignore = (): void => {};

class SocketCarriage implements Carriage {
  readonly base: Socket;
  readonly #stream: ByteStream;
  readonly #bindings: HandleBindings;
  readonly #requireCloseNotify: boolean;
  #early: EarlyReads | undefined;

  constructor(
    stream: ByteStream,
    socket: Socket,
    bindings: HandleBindings,
    requireCloseNotify: boolean,
  ) {
    this.#requireCloseNotify = requireCloseNotify;
    this.base = socket;
    this.#stream = stream;
    this.#bindings = bindings;
    // TLS passes on the errors that count; a late one must not reach the process as an uncaught exception.
    socket.on('error', ignore);
  }

  attach(): void {}

  complete(socket: TLSSocket): void {
    this.#early = EarlyReads.of(socket, this.#bindings);
  }

  open(socket: TLSSocket, closed: (() => void) | undefined): SocketCarrier {
    if (this.#early === undefined) {
      const transport = new SocketTransport('tls', closed);
      transport.attach(socket, false);
      return transport;
    }
    const parts = {
      socket,
      below: this.base,
      belowKind: 'tcp',
      requireCloseNotify: this.#requireCloseNotify,
    } as const;
    return new TlsHandleTransport(parts, this.#early, closed);
  }

  reset(): void {
    // Node ends the TLS socket when the one below is closed.
    this.#stream.reset();
  }

  close(): void {
    void this.#stream.close();
  }
}

class DuplexCarriage implements Carriage {
  readonly base: TlsDuplex;
  readonly #requireCloseNotify: boolean;

  constructor(duplex: TlsDuplex, requireCloseNotify: boolean) {
    this.base = duplex;
    this.#requireCloseNotify = requireCloseNotify;
    duplex.on('error', ignore);
  }

  attach(socket: TLSSocket): void {
    this.base.attach(socket, this.#requireCloseNotify);
  }

  complete(): void {}

  open(socket: TLSSocket, closed: (() => void) | undefined): SocketCarrier {
    return new DuplexTransport(socket, this.base, closed);
  }

  reset(socket: TLSSocket): void {
    this.base.reset();
    socket.destroy();
  }

  close(): void {}
}

/** The carrier over a TLS socket over any stream. */
class DuplexTransport extends SocketTransport {
  readonly #tls: TLSSocket;
  readonly #duplex: TlsDuplex;

  constructor(socket: TLSSocket, duplex: TlsDuplex, closed: (() => void) | undefined) {
    super('tls', closed);
    this.#tls = socket;
    this.#duplex = duplex;
    this.attach(socket, false);
  }

  override reset(): void {
    this.#duplex.reset();
    this.#tls.destroy();
  }

  override setRef(ref: boolean): void {
    this.#duplex.setRef(ref);
  }

  protected override checkEof(): IoError | undefined {
    return this.#duplex.isTruncated ? truncated() : undefined;
  }
}
