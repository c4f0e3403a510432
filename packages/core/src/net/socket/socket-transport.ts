/**
 * The carrier over a `net.Socket`: for outgoing connections, for TLS, and for accepted connections where
 * `handle-transport.ts` cannot be used. Every event listener that awaitio adds to a socket is in this file.
 *
 * Bytes arrive in one of two ways. With *shared reads* the socket is read into the one buffer of the process, which Node
 * passes to a callback (`onread`): no allocation per read, and the view is valid only during the callback, exactly as the
 * transport contract allows. Where the platform does not offer that for a socket, bytes arrive as `'data'` events. The rest
 * of awaitio sees no difference.
 *
 * Hazards: a socket without an `'error'` listener crashes the process, and errors may still be emitted after `'close'`, so
 * one listener stays for good; `'end'` may precede `'close'` or not be emitted at all; `destroy()` drops unsent bytes, so
 * `close()` waits for them.
 */

import type { Socket } from 'node:net';
import { microtask } from '../../vocabulary/platform.ts';
import type { TransportSink } from '../../streams/transport.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import { sharedBuffer } from './shared-buffer.ts';
import { resetSocket, resetUnderTls, SocketCarrier } from './socket-carrier.ts';
import { setKeepAlive, setTypeOfService, type KeepAlive } from './keep-alive.ts';
import { socketErrorAtEof } from './verify-eof.ts';
import { deliverReads, queueRead } from './io-batch.ts';

/** The `onread` option of `net.Socket`. */
export interface SharedRead {
  readonly buffer: Uint8Array;
  readonly callback: (bytes: number, buffer: Uint8Array) => boolean;
}

const ignore = (): void => {};

/**
 * Whether FIN is being sent right now. libuv refuses to reset a handle meanwhile, and the socket would never emit `'close'`.
 * This is over by the next iteration of the loop, since everything before the FIN is with the kernel.
 */
const isFinishing = (socket: Socket): boolean =>
  socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;

/**
 * The carrier of a socket, stored on it so that all sockets share their listeners: three functions per connection take
 * some 200 bytes (`pnpm bench --only idle`).
 */
const CARRIER: unique symbol = Symbol('awaitio.carrier');

/** The undocumented part of `net.Socket`. */
interface SocketInternals {
  readonly _handle: { readonly fd?: unknown } | null;
}

type CarriedSocket = Socket & { [CARRIER]?: SocketTransport };

function onEnd(this: CarriedSocket): void {
  this[CARRIER]?.onEnd();
}

function onError(this: CarriedSocket, error: Error): void {
  this[CARRIER]?.onError(error);
}

function onClose(this: CarriedSocket): void {
  this[CARRIER]?.onClose();
}

export class SocketTransport extends SocketCarrier {
  #socket!: CarriedSocket;
  /** The unsent bytes of the socket while it was open: a destroyed one counts them down as if they were sent. */
  #lastUnsent = 0;
  /** Whether TLS reads and writes the socket. */
  #isLent = false;

  /** The `onread` option of the socket that this carrier will be attached to. */
  sharedRead(): SharedRead {
    return { buffer: sharedBuffer, callback: this.#onRead };
  }

  /**
   * Takes over a connected socket.
   *
   * @param isShared - Whether the socket was made with {@link sharedRead}.
   */
  attach(socket: Socket, isShared: boolean): void {
    this.#socket = socket;
    this.#socket[CARRIER] = this;
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
    if (!isShared) {
      socket.on('data', (chunk: Uint8Array) => {
        this.deliver(chunk);
      });
    }
  }

  get unsent(): number {
    const socket = this.#socket;
    return this.queuedBytes + (socket.destroyed ? this.#lastUnsent : socket.writableLength);
  }

  get isReleased(): boolean {
    // Bytes that Node no longer counts were copied, by the kernel or by the cipher.
    return this.unsent === 0 && !this.#socket.destroyed;
  }

  start(sink: TransportSink): void {
    this.sink = sink;
    if (this.#socket.destroyed) {
      microtask(() => {
        this.onClose();
      });
      return;
    }
    // A TLS socket may have ended before it was accepted.
    if (this.#socket.readableEnded) {
      microtask(() => {
        this.onEnd();
      });
    }
    this.#socket.resume();
  }

  pause(): void {
    if (!this.#isLent) this.#socket.pause();
  }

  resume(): void {
    if (!this.#isLent && !this.#socket.destroyed) this.#socket.resume();
  }

  protected get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  protected sendAll(pieces: readonly (Uint8Array | string)[]): void {
    const socket = this.#socket;
    socket.cork();
    for (const piece of pieces) this.send(piece);
    socket.uncork();
  }

  protected send(data: Uint8Array | string): void {
    const socket = this.#socket;
    if (typeof data === 'string') socket.write(data, 'latin1', this.#onWritten);
    else socket.write(data, this.#onWritten);
    // The kernel usually takes everything at once; otherwise `onDrain` follows.
    if (socket.writableLength === 0) return;
    this.isBackedUp = true;
    this.#lastUnsent = socket.writableLength;
  }

  end(finished: () => void): void {
    this.flush();
    this.#socket.end((error?: Error | null) => {
      if (error === undefined || error === null) finished();
    });
  }

  close(): void {
    this.flush();
    const socket = this.#socket;
    // Closing a descriptor also sends FIN, which saves the call of `shutdown`. TLS has to send `close_notify` first.
    if (this.#isLent) resetUnderTls(socket, 'tls');
    else if (socket.writableLength === 0 && this.kind !== 'tls') socket.destroy();
    else socket.destroySoon();
  }

  reset(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (this.#isLent) {
      resetUnderTls(socket, this.kind);
    } else if (this.kind === 'tcp' && isFinishing(socket)) {
      socket.once('finish', () => {
        resetSocket(socket, this.kind);
      });
    } else {
      resetSocket(socket, this.kind);
    }
  }

  lend(): Socket | undefined {
    const socket = this.#socket;
    const hasBegunToEnd = socket.destroyed || socket.readableEnded || socket.writableEnded;
    if (hasBegunToEnd || this.unsent > 0) return undefined;
    socket.pause();
    this.#isLent = true;
    socket.off('end', onEnd);
    socket.removeAllListeners('data');
    return socket;
  }

  get borrower(): Socket | undefined {
    return this.#isLent ? this.#socket : undefined;
  }

  setRef(ref: boolean): void {
    if (ref) this.#socket.ref();
    else this.#socket.unref();
  }

  setNoDelay(noDelay: boolean): void {
    this.#socket.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive: KeepAlive): void {
    setKeepAlive(this.#socket, keepAlive);
  }

  setTypeOfService(typeOfService: number): void {
    setTypeOfService(this.#socket, typeOfService);
  }

  readonly #onRead = (bytes: number, buffer: Uint8Array): boolean => {
    const view = new Uint8Array(buffer.buffer, 0, bytes);
    if (queueRead(this, view)) return true;
    return this.sink === undefined ? true : this.sink.onData(view);
  };

  /** The socket read FIN. */
  onEnd(): void {
    deliverReads();
    const error = this.checkEof();
    if (error === undefined) this.sink?.onEnd();
    else this.#socket.destroy(error);
  }

  readonly #onWritten = (error?: Error | null): void => {
    // The callbacks of a destroyed socket's writes are called too, some of them without an error.
    if (!this.isBackedUp || this.#socket.destroyed || (error !== undefined && error !== null)) {
      return;
    }
    this.#lastUnsent = this.#socket.writableLength;
    if (this.#lastUnsent === 0) this.isBackedUp = false;
    this.sink?.onDrain();
  };

  /** The socket failed. */
  onError(error: Error): void {
    this.error ??= translateError(error, 'stream');
    // Other sockets are destroyed by now; a TLS socket emits an error and stays open.
    if (!this.#socket.destroyed) this.#socket.destroy();
  }

  /** The socket is closed. */
  onClose(): void {
    this.#unlisten(this.#socket);
    this.#socket.on('error', ignore);
    deliverReads();
    // What Node holds of a paused socket comes before the error, whether the stream has room or not.
    const socket = this.#socket;
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) this.sink?.onData(chunk);
    this.notifyClosed();
  }

  /** The error of an EOF that is not a true one. */
  protected checkEof(): Error | undefined {
    return socketErrorAtEof((this.#socket as unknown as SocketInternals)._handle?.fd);
  }

  #unlisten(socket: Socket): void {
    socket.off('end', onEnd);
    socket.off('error', onError);
    socket.off('close', onClose);
    socket.removeAllListeners('data');
  }
}
