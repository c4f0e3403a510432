/**
 * A carrier in memory: two ends, no sockets, no clock.
 *
 * Each end keeps what it accepted until the other end takes it, and delivers in a microtask, never from inside a call,
 * as the transport contract requires. Delivery order is the order of the writes, so a test that uses it runs the same
 * way every time. When one side ends, the other sees what TCP shows: FIN as `onEnd`, a reset as `ECONNRESET`, a write
 * to a closed end as `EPIPE`.
 *
 * Nothing lies between the ends, so what one accepted has arrived, as what TCP has passed to the peer's kernel: a reset
 * hands it over before the error, however full the reader is. Only what `close` could not deliver in time is dropped.
 */

import { microtask } from '../vocabulary/platform.ts';
import { budgetOf, type Budget } from '../waiting/budget.ts';
import { rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { clockOf } from '../waiting/system-clock.ts';
import { BrokenError } from '../vocabulary/errors.ts';
import type { Transport, TransportSink } from '../streams/transport.ts';

/** How a memory carrier cuts the bytes that it delivers. */
export interface MemoryTransportOptions {
  /** The most bytes to deliver at once, so that every read of a longer message is split. @default no limit */
  readonly chunkSize?: number | undefined;
  /** Where yielding to the event loop comes from. @default the system's clock, or that of the simulation */
  readonly clock?: Clock | undefined;
}

/** What {@link MemoryTransportOptions} may be. */
export const MEMORY_TRANSPORT_OPTIONS: OptionTable<MemoryTransportOptions> = {
  chunkSize: rules.count,
  clock: rules.clock,
};

/** Makes both ends of a carrier in memory. */
export function memoryTransports(
  options?: MemoryTransportOptions,
): [a: MemoryTransport, b: MemoryTransport] {
  const a = new MemoryTransport(options);
  const b = new MemoryTransport(options);
  a.join(b);
  b.join(a);
  return [a, b];
}

export class MemoryTransport implements Transport {
  readonly #chunkSize: number;
  readonly #budget: Budget;
  #peer!: MemoryTransport;
  #sink: TransportSink | undefined;
  /** Accepted here and not taken by the other end yet. */
  readonly #outgoing: Uint8Array[] = [];
  #unsent = 0;
  #isPaused = false;
  #isScheduled = false;
  /** What follows the bytes: nothing yet, FIN, or FIN and closing. */
  #ending: 'no' | 'end' | 'close' = 'no';
  #finished: (() => void) | undefined;
  /** The FIN was taken by the other end. */
  #hasEnded = false;
  /** The other end reset the connection, and left these pieces for here. */
  #leftByReset: readonly Uint8Array[] | undefined;
  #isClosed = false;
  dropped: number | undefined;

  constructor(options: MemoryTransportOptions | undefined) {
    this.#chunkSize = options?.chunkSize ?? Infinity;
    this.#budget = budgetOf(clockOf(options?.clock));
  }

  get unsent(): number {
    return this.#unsent;
  }

  join(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
    this.#peer.#schedule();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#peer.#schedule();
  }

  write(data: Uint8Array | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    if (bytes.length === 0) return;
    this.#outgoing.push(bytes);
    this.#unsent += bytes.length;
    this.#schedule();
  }

  writev(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.write(piece);
  }

  end(finished: () => void): void {
    this.#ending = 'end';
    this.#finished = finished;
    this.#schedule();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#ending = 'close';
    if (this.#unsent === 0 && this.#hasEnded) this.#terminate(undefined);
    else this.#schedule();
  }

  reset(): void {
    if (this.#isClosed) return;
    const peer = this.#peer;
    const isLate = this.#ending === 'close';
    this.dropped = isLate ? this.#unsent : 0;
    const left = isLate ? [] : this.#outgoing.slice();
    this.#outgoing.length = 0;
    this.#unsent = 0;
    this.#terminate(undefined);
    if (peer.#isClosed) return;
    peer.#leftByReset = left;
    microtask(() => {
      peer.#fail('ECONNRESET', RESET);
    });
  }

  setRef(_ref: boolean): void {
    // Nothing in memory keeps a process alive.
  }

  // --- Delivery ------------------------------------------------------------------------------------------------

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    // Two ends that always have bytes for each other must not starve the event loop.
    void this.#budget.pay(undefined).then(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  /** Delivers to the other end what it can take now. */
  #deliver(): void {
    const peer = this.#peer;
    if (this.#isClosed) return;
    if (peer.#isClosed) {
      this.#whenPeerIsClosed();
      return;
    }
    if (peer.#sink === undefined) return;
    const first = this.#outgoing[0];
    if (first !== undefined && !peer.#isPaused) {
      const piece = first.length > this.#chunkSize ? first.subarray(0, this.#chunkSize) : first;
      if (piece.length === first.length) this.#outgoing.shift();
      else this.#outgoing[0] = first.subarray(piece.length);
      this.#unsent -= piece.length;
      if (!peer.#sink.onData(piece)) peer.#isPaused = true;
      if (this.#isClosed) return;
      this.#sink?.onDrain();
      this.#schedule();
      return;
    }
    if (this.#unsent > 0 || this.#ending === 'no') return;
    if (!this.#hasEnded) this.#deliverEnd();
    if (this.#ending === 'close') this.#terminate(undefined);
    else if (peer.#hasEnded) {
      this.#terminate(undefined);
      peer.#terminate(undefined);
    }
  }

  #deliverEnd(): void {
    this.#hasEnded = true;
    this.#peer.#sink?.onEnd();
    const finished = this.#finished;
    this.#finished = undefined;
    finished?.();
  }

  #whenPeerIsClosed(): void {
    if (this.#leftByReset !== undefined) {
      this.#fail('ECONNRESET', RESET);
      return;
    }
    if (this.#unsent > 0) {
      this.#fail('EPIPE', 'the peer closed the connection');
      return;
    }
    if (this.#ending === 'no') return;
    this.#hasEnded = true;
    this.#finished?.();
    this.#finished = undefined;
    this.#terminate(undefined);
  }

  #fail(code: string, message: string): void {
    if (this.#isClosed) return;
    for (const piece of this.#leftByReset ?? []) this.#receive(piece);
    this.#terminate(new BrokenError(`stream: ${message}`, { code, operation: 'stream' }));
  }

  /** Receives a piece, whether the stream has room or not: it keeps what it is given. */
  #receive(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at += this.#chunkSize) {
      this.#sink?.onData(piece.subarray(at, at + this.#chunkSize));
    }
  }

  #terminate(error: BrokenError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // What the other end could not deliver, never will be.
    this.#peer.#schedule();
    this.#sink?.onClosed(error);
  }
}

const RESET = 'the peer reset the connection';
