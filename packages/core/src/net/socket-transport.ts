/**
 * The carrier over a `net.Socket` (TCP, Unix, TLS): every listener that awaitio puts on a socket is in this file.
 *
 * Bytes come one of two ways. With *shared reads* all sockets of the process are read into one buffer, which Node hands
 * to a callback (`onread`): no allocation per read, and the view is valid only during the callback, which is exactly
 * what the transport contract allows. Where the platform does not offer that for a socket, bytes come as `'data'`
 * events. Either way the rest of awaitio sees the same thing.
 *
 * Hazards dealt with here: a socket without an `'error'` listener crashes the process, and errors may still come after
 * `'close'`, so one stays for good; `'end'` may come before `'close'` or not at all; `destroy()` while bytes are unsent
 * drops them, so `close()` waits for them.
 */

import type { Socket } from 'node:net';
import type { IoError } from '../errors.ts';
import type { Transport, TransportSink } from '../transport.ts';
import { translate } from '../foreign-errors.ts';
import { errorAtEnd } from './true-end.ts';
import { deliverReads, deliverSoon, sendSoon, type TurnMember } from './turn.ts';

/** How many bytes one read of a socket can give; Node's own buffers have the same size. */
const READ_SIZE = 65_536;

/** Writes up to this size wait for the end of the turn, so that all of a turn go out together. */
const SMALL_WRITE = 16_384;

/** The one buffer that every shared read goes into. */
const sharedBuffer = new Uint8Array(new ArrayBuffer(READ_SIZE));

/** What a socket's bytes travel on. */
export type SocketKind = 'tcp' | 'unix' | 'tls';

/** What `net.Socket` takes as `onread`. */
export interface SharedRead {
  readonly buffer: Uint8Array;
  readonly callback: (bytes: number, buffer: Uint8Array) => boolean;
}

const ignore = (): void => {};

/**
 * Whether FIN is being sent this moment. libuv refuses to reset a handle meanwhile, and the socket is then never told that
 * it is closed. The moment is over by the next turn of the loop, since everything before the FIN is with the kernel.
 */
const isFinishing = (socket: Socket): boolean =>
  socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;

/**
 * Where a socket keeps its carrier, so that all sockets share their listeners: three functions for each connection are
 * some 200 bytes of it (`pnpm bench --only idle`).
 */
const CARRIER: unique symbol = Symbol('awaitio.carrier');

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

export class SocketTransport implements Transport, TurnMember {
  #socket!: CarriedSocket;
  #sink: TransportSink | undefined;
  #error: IoError | undefined;
  /** Whether bytes are left unsent, so that somebody may wait to hear of their going. */
  #isBackedUp = false;
  /** How many were, when the socket was last alive: one that is destroyed counts its bytes down as if they were sent. */
  #lastUnsent = 0;
  /** Small pieces that wait for the end of the turn, and how many bytes they are; nearly always there is one. */
  #waiting: Uint8Array | string | undefined;
  #others: (Uint8Array | string)[] | undefined;
  #waitingBytes = 0;
  readonly #kind: SocketKind;
  /** Called when the socket is gone, after the sink was told. */
  readonly #onGone: (() => void) | undefined;

  constructor(kind: SocketKind, onGone?: () => void) {
    this.#kind = kind;
    this.#onGone = onGone;
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** The `onread` option for a socket that this carrier will be attached to. */
  sharedRead(): SharedRead {
    return { buffer: sharedBuffer, callback: this.#onRead };
  }

  /**
   * Takes a connected socket over.
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
    return this.#waitingBytes + (socket.destroyed ? this.#lastUnsent : socket.writableLength);
  }

  get isReleased(): boolean {
    // The kernel, or the cipher, has copied what Node no longer counts.
    return this.unsent === 0 && !this.#socket.destroyed;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    if (this.#socket.destroyed) {
      queueMicrotask(() => {
        this.onClose();
      });
      return;
    }
    // A TLS socket may have ended before anybody claimed it.
    if (this.#socket.readableEnded) {
      queueMicrotask(() => {
        this.onEnd();
      });
    }
    this.#socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#socket.destroyed) this.#socket.resume();
  }

  write(data: Uint8Array | string): void {
    if (this.#waiting === undefined) {
      if (data.length > SMALL_WRITE) {
        this.#send(data);
        return;
      }
      sendSoon(this);
      this.#waiting = data;
    } else {
      this.#others ??= [];
      this.#others.push(data);
    }
    this.#waitingBytes += data.length;
    // A large piece takes what waited along, in one system write.
    if (this.#waitingBytes > SMALL_WRITE) this.sendNow();
  }

  writev(pieces: readonly Uint8Array[]): void {
    this.sendNow();
    this.#sendAll(pieces);
  }

  /** Sends what waited for the end of the turn. */
  sendNow(): void {
    const first = this.#waiting;
    const others = this.#others;
    // What a socket that is gone held back stays unsent, and is counted so.
    if (first === undefined || this.#socket.destroyed) return;
    this.#waiting = undefined;
    this.#others = undefined;
    this.#waitingBytes = 0;
    // Whoever found no room meanwhile hears of it, also when the kernel takes everything at once.
    this.#isBackedUp = true;
    if (others === undefined) this.#send(first);
    else this.#sendAll([first, ...others]);
  }

  #sendAll(pieces: readonly (Uint8Array | string)[]): void {
    const socket = this.#socket;
    socket.cork();
    for (const piece of pieces) this.#send(piece);
    socket.uncork();
  }

  #send(data: Uint8Array | string): void {
    const socket = this.#socket;
    if (typeof data === 'string') socket.write(data, 'latin1', this.#onWritten);
    else socket.write(data, this.#onWritten);
    // The kernel usually takes everything at once; only else is there a drain to tell of.
    if (socket.writableLength === 0) return;
    this.#isBackedUp = true;
    this.#lastUnsent = socket.writableLength;
  }

  end(finished: () => void): void {
    this.sendNow();
    this.#socket.end((error?: Error | null) => {
      if (error === undefined || error === null) finished();
    });
  }

  close(): void {
    this.sendNow();
    const socket = this.#socket;
    // Closing a descriptor sends FIN by itself, which saves a shutdown call. TLS has to say goodbye first.
    if (socket.writableLength === 0 && this.#kind !== 'tls') socket.destroy();
    else socket.destroySoon();
  }

  reset(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    // Only a TCP handle has an RST to send.
    if (this.#kind !== 'tcp') {
      socket.destroy();
    } else if (isFinishing(socket)) {
      socket.once('finish', () => {
        if (!socket.destroyed) socket.resetAndDestroy();
      });
    } else {
      socket.resetAndDestroy();
    }
  }

  setRef(ref: boolean): void {
    if (ref) this.#socket.ref();
    else this.#socket.unref();
  }

  readonly #onRead = (bytes: number, buffer: Uint8Array): boolean => {
    const view = new Uint8Array(buffer.buffer, 0, bytes);
    if (deliverSoon(this, view)) return true;
    return this.#sink === undefined ? true : this.#sink.onData(view);
  };

  /** Gets bytes: of a `'data'` event, or such as were kept for the end of the poll phase. */
  deliver(view: Uint8Array): void {
    if (this.#sink?.onData(view) === false) this.#socket.pause();
  }

  /** The socket read FIN. */
  onEnd(): void {
    deliverReads();
    const error = this.checkEnd();
    if (error === undefined) this.#sink?.onEnd();
    else this.#socket.destroy(error);
  }

  readonly #onWritten = (error?: Error | null): void => {
    // The writes of a destroyed socket are called back too, some of them without an error.
    if (!this.#isBackedUp || this.#socket.destroyed || (error !== undefined && error !== null)) {
      return;
    }
    this.#lastUnsent = this.#socket.writableLength;
    if (this.#lastUnsent === 0) this.#isBackedUp = false;
    this.#sink?.onDrain();
  };

  /** The socket failed. */
  onError(error: Error): void {
    this.#error ??= translate(error, 'stream');
    // Others are destroyed by now; TLS sockets tell of an error and stay.
    if (!this.#socket.destroyed) this.#socket.destroy();
  }

  /** The socket is gone. */
  onClose(): void {
    deliverReads();
    const socket = this.#socket;
    this.#unlisten(socket);
    socket.on('error', ignore);
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.onClosed(this.#error);
    this.#onGone?.();
  }

  /** Why the end that has come is none. */
  protected checkEnd(): Error | undefined {
    return errorAtEnd(this.#socket);
  }

  #unlisten(socket: Socket): void {
    socket.off('end', onEnd);
    socket.off('error', onError);
    socket.off('close', onClose);
    socket.removeAllListeners('data');
  }
}
