/**
 * A carrier in memory: two ends, no sockets, no clock.
 *
 * Each end keeps what it accepted until the other end takes it, and delivers in a microtask, never from inside a call,
 * as the transport contract asks. Delivery order is the order of the writes, so a test that uses it runs the same way
 * every time. What one side sees when the other ends is what TCP shows: FIN as `onEnd`, a reset as `ECONNRESET`, a write
 * to an end that is gone as `EPIPE`.
 */

import { budgetOf, type Budget } from '../waiting/budget.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { BrokenError } from '../vocabulary/errors.ts';
import type { Transport, TransportSink } from '../streams/transport.ts';

/** How a memory carrier cuts what it delivers. */
export interface MemoryTransportOptions {
  /** The most bytes to deliver at once, so that every read of a longer message is split. @default no limit */
  readonly chunkSize?: number | undefined;
  /** Where turns of the loop come from. @default the system's clock */
  readonly clock?: Clock | undefined;
}

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
  /** Accepted here and not yet taken by the other end. */
  readonly #outgoing: Uint8Array[] = [];
  #unsent = 0;
  #isPaused = false;
  #isScheduled = false;
  /** What comes after the bytes: nothing yet, FIN, or FIN and letting go. */
  #ending: 'no' | 'end' | 'close' = 'no';
  #finished: (() => void) | undefined;
  /** The FIN was taken by the other end. */
  #hasEnded = false;
  #isGone = false;

  constructor(options: MemoryTransportOptions | undefined) {
    this.#chunkSize = options?.chunkSize ?? Infinity;
    this.#budget = budgetOf(options?.clock ?? systemClock);
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
    if (this.#isGone) return;
    this.#ending = 'close';
    if (this.#unsent === 0 && this.#hasEnded) this.#leave(undefined);
    else this.#schedule();
  }

  reset(): void {
    if (this.#isGone) return;
    const peer = this.#peer;
    this.#drop();
    this.#leave(undefined);
    if (!peer.#isGone) {
      queueMicrotask(() => {
        peer.#break('ECONNRESET', 'the peer reset the connection');
      });
    }
  }

  setRef(_ref: boolean): void {
    // Nothing in memory keeps a process alive.
  }

  // --- Delivery ------------------------------------------------------------------------------------------------

  #schedule(): void {
    if (this.#isScheduled || this.#isGone) return;
    this.#isScheduled = true;
    // Two ends that always have something for each other must not keep the loop from turning.
    void this.#budget.pay(undefined).then(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  /** Hands the other end what it can take now. */
  #deliver(): void {
    const peer = this.#peer;
    if (this.#isGone) return;
    if (peer.#isGone) {
      this.#whenPeerIsGone();
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
      if (this.#isGone) return;
      this.#sink?.onDrain();
      this.#schedule();
      return;
    }
    if (this.#unsent > 0 || this.#ending === 'no') return;
    if (!this.#hasEnded) this.#deliverEnd();
    if (this.#ending === 'close') this.#leave(undefined);
    else if (peer.#hasEnded) {
      this.#leave(undefined);
      peer.#leave(undefined);
    }
  }

  #deliverEnd(): void {
    this.#hasEnded = true;
    this.#peer.#sink?.onEnd();
    const finished = this.#finished;
    this.#finished = undefined;
    finished?.();
  }

  #whenPeerIsGone(): void {
    if (this.#unsent > 0) {
      this.#break('EPIPE', 'the peer is gone');
      return;
    }
    if (this.#ending === 'no') return;
    this.#hasEnded = true;
    this.#finished?.();
    this.#finished = undefined;
    this.#leave(undefined);
  }

  #break(code: string, message: string): void {
    if (this.#isGone) return;
    this.#leave(new BrokenError(message, { code, operation: 'stream' }));
  }

  #drop(): void {
    this.#outgoing.length = 0;
    this.#unsent = 0;
  }

  #leave(error: BrokenError | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#sink?.onClosed(error);
  }
}
