/**
 * The shared part of the two carriers over an operating system socket, with and without a `net.Socket`: batching of small
 * writes, and one notification of the close.
 */

import type { Socket } from 'node:net';
import type { IoError } from '../../vocabulary/errors.ts';
import { immediate } from '../../vocabulary/platform.ts';
import type { Transport, TransportSink } from '../../streams/transport.ts';
import { deliverReads, queueWrite, type BatchMember } from './io-batch.ts';
import type { KeepAlive } from './keep-alive.ts';

/** Writes up to this size are queued until the current promise reactions have run, and sent in one system call. */
const SMALL_WRITE = 16_384;

/** The protocol under the stream. */
export type SocketKind = 'tcp' | 'unix' | 'tls';

/** Breaks a connection so that the peer notices: by an RST over TCP, which alone has one. */
export function resetSocket(socket: Socket, kind: SocketKind): void {
  if (socket.destroyed) return;
  if (kind === 'tcp') socket.resetAndDestroy();
  else socket.destroy();
}

/**
 * The same for a socket under TLS, in a later phase of the loop: promise reactions may run within a call of OpenSSL, and a TLS
 * socket whose socket below is closed frees the memory of that call as soon as it is destroyed.
 */
export function resetUnderTls(socket: Socket, kind: SocketKind): void {
  immediate(() => {
    resetSocket(socket, kind);
  });
}

export abstract class SocketCarrier implements Transport, BatchMember {
  protected readonly kind: SocketKind;
  protected sink: TransportSink | undefined;
  /** The first failure of the connection. */
  protected error: IoError | undefined;
  /** Whether bytes are unsent, so that someone may be waiting for drain. */
  protected isBackedUp = false;
  /** The size of the queued small pieces. */
  protected queuedBytes = 0;
  /** The queued pieces: nearly always only one. */
  #queued: Uint8Array | string | undefined;
  #moreQueued: (Uint8Array | string)[] | undefined;
  /** Called after the sink's `onClosed`. */
  readonly #whenClosed: (() => void) | undefined;

  constructor(kind: SocketKind, whenClosed?: () => void) {
    this.kind = kind;
    this.#whenClosed = whenClosed;
  }

  abstract get unsent(): number;
  abstract get isReleased(): boolean;
  /** Whether the socket is closed: nothing more can be sent. */
  protected abstract get isClosed(): boolean;

  abstract start(sink: TransportSink): void;
  abstract pause(): void;
  abstract resume(): void;
  abstract end(finished: () => void): void;
  abstract close(): void;
  abstract reset(): void;
  abstract setRef(ref: boolean): void;
  /** Turns Nagle's algorithm off (`true`) or on. */
  abstract setNoDelay(noDelay: boolean): void;
  /**
   * Gives the connection away to TLS, as a socket that does not read: the carrier is left with its end. Its stream must not be used any
   * more, but for `reset`, `close` and `setRef`.
   *
   * @returns `undefined` when it has begun to end, or bytes are unsent: then nothing has changed.
   */
  abstract lend(): Socket | undefined;
  /** What `lend` gave away. */
  abstract get borrower(): Socket | undefined;
  /** Turns keep-alive probes on or off. */
  abstract setKeepAlive(keepAlive: KeepAlive): void;
  /** Sets the type of service of what is sent from now on. */
  abstract setTypeOfService(typeOfService: number): void;

  /** Sends bytes at once. */
  protected abstract send(data: Uint8Array | string): void;
  /** Sends several pieces in one write. */
  protected abstract sendAll(pieces: readonly (Uint8Array | string)[]): void;

  write(data: Uint8Array | string): void {
    if (this.#queued === undefined) {
      if (data.length > SMALL_WRITE) {
        this.send(data);
        return;
      }
      queueWrite(this);
      this.#queued = data;
    } else {
      this.#moreQueued ??= [];
      this.#moreQueued.push(data);
    }
    this.queuedBytes += data.length;
    // A large piece is sent together with the queued ones, in one system call.
    if (this.queuedBytes > SMALL_WRITE) this.flush();
  }

  writev(pieces: readonly Uint8Array[]): void {
    this.flush();
    this.sendAll(pieces);
  }

  flushNow(): void {
    this.flush();
  }

  deliver(view: Uint8Array): void {
    if (this.sink?.onData(view) === false) this.pause();
  }

  /** Sends the queued pieces. */
  protected flush(): void {
    const first = this.#queued;
    const others = this.#moreQueued;
    // The queued pieces of a closed socket stay counted as unsent.
    if (first === undefined || this.isClosed) return;
    this.#queued = undefined;
    this.#moreQueued = undefined;
    this.queuedBytes = 0;
    // A writer may have found no room meanwhile: it is notified even when the kernel takes everything at once.
    this.isBackedUp = true;
    if (others === undefined) this.send(first);
    else this.sendAll([first, ...others]);
  }

  /** Notifies the sink that the socket is closed, after delivering everything that was read. */
  protected notifyClosed(): void {
    deliverReads();
    const { sink } = this;
    this.sink = undefined;
    sink?.onClosed(this.error);
    this.#whenClosed?.();
  }
}
