/**
 * What carriers over a socket of the operating system share, whether `net.Socket` stands between or not: small writes wait
 * for the end of the turn, and the end is told once.
 */

import type { IoError } from '../../vocabulary/errors.ts';
import type { Transport, TransportSink } from '../../streams/transport.ts';
import { deliverReads, queueWrite, type BatchMember } from './io-batch.ts';

/** Writes up to this size wait for the end of the turn, so that all of a turn go out together. */
const SMALL_WRITE = 16_384;

/** What a socket's bytes travel on. */
export type SocketKind = 'tcp' | 'unix' | 'tls';

export abstract class SocketCarrier implements Transport, BatchMember {
  protected readonly kind: SocketKind;
  protected sink: TransportSink | undefined;
  /** What broke the connection off: the first failure. */
  protected error: IoError | undefined;
  /** Whether bytes are left unsent, so that somebody may wait to hear of their going. */
  protected isBackedUp = false;
  /** Bytes of the small pieces that wait for the end of the turn. */
  protected waitingBytes = 0;
  /** Those pieces; nearly always there is one. */
  #waiting: Uint8Array | string | undefined;
  #others: (Uint8Array | string)[] | undefined;
  /** Called when the socket is gone, after the sink was told. */
  readonly #onGone: (() => void) | undefined;

  constructor(kind: SocketKind, onGone?: () => void) {
    this.kind = kind;
    this.#onGone = onGone;
  }

  abstract get unsent(): number;
  abstract get isReleased(): boolean;
  /** Whether nothing can be sent any more. */
  protected abstract get isGone(): boolean;

  abstract start(sink: TransportSink): void;
  abstract pause(): void;
  abstract resume(): void;
  abstract end(finished: () => void): void;
  abstract close(): void;
  abstract reset(): void;
  abstract setRef(ref: boolean): void;
  /** Turns Nagle's algorithm off (`true`) or on. */
  abstract setNoDelay(noDelay: boolean): void;
  /** Turns keep-alive probes on or off; a number is the milliseconds of silence before the first probe. */
  abstract setKeepAlive(keepAlive: boolean | number): void;

  /** Passes bytes on at once. */
  protected abstract send(data: Uint8Array | string): void;
  /** Passes several pieces on in one write. */
  protected abstract sendAll(pieces: readonly (Uint8Array | string)[]): void;

  write(data: Uint8Array | string): void {
    if (this.#waiting === undefined) {
      if (data.length > SMALL_WRITE) {
        this.send(data);
        return;
      }
      queueWrite(this);
      this.#waiting = data;
    } else {
      this.#others ??= [];
      this.#others.push(data);
    }
    this.waitingBytes += data.length;
    // A large piece takes what waited along, in one system write.
    if (this.waitingBytes > SMALL_WRITE) this.flush();
  }

  writev(pieces: readonly Uint8Array[]): void {
    this.flush();
    this.sendAll(pieces);
  }

  /** The turn is over. */
  flushNow(): void {
    this.flush();
  }

  deliver(view: Uint8Array): void {
    if (this.sink?.onData(view) === false) this.pause();
  }

  /** Sends what waited for the end of the turn. */
  protected flush(): void {
    const first = this.#waiting;
    const others = this.#others;
    // What a socket that is gone held back stays unsent, and is counted so.
    if (first === undefined || this.isGone) return;
    this.#waiting = undefined;
    this.#others = undefined;
    this.waitingBytes = 0;
    // Whoever found no room meanwhile hears of it, also when the kernel takes everything at once.
    this.isBackedUp = true;
    if (others === undefined) this.send(first);
    else this.sendAll([first, ...others]);
  }

  /** Tells the sink that it is over, after everything that was read. */
  protected tellClosed(): void {
    deliverReads();
    const { sink } = this;
    this.sink = undefined;
    sink?.onClosed(this.error);
    this.#onGone?.();
  }
}
