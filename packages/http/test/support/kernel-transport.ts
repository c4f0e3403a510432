/**
 * One end of a TCP connection on Linux, with the other end played by hand: the kernel takes what its buffer has room for, and
 * once the buffer is full it reports room only when a third of it is free.
 */

import type { Transport, TransportSink } from '@awaitio/core/lowlevel';

export class KernelTransport implements Transport {
  readonly #capacity: number;
  #sink: TransportSink | undefined;
  /** In the kernel, and not taken by the peer. */
  #held = 0;
  #isFull = false;
  #whenSent: (() => void) | undefined;
  #isPaused = false;
  /** What the peer has sent, while this side pauses. */
  readonly #arrived: Uint8Array[] = [];
  #isClosed = false;
  unsent = 0;
  /** Bytes that the peer has taken. */
  taken = 0;
  isReset = false;

  /** @param capacity - Bytes that the kernel holds. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Whether the kernel's buffer is full. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether this side has ended, and the peer has everything. */
  get hasAll(): boolean {
    return this.#isClosed && this.unsent === 0 && this.#held === 0;
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    queueMicrotask(() => {
      this.#push();
    });
  }

  write(data: Uint8Array | string): void {
    this.unsent += data.length;
    if (!this.#isFull) this.#fill();
  }

  writev(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.write(piece);
  }

  end(finished: () => void): void {
    this.#whenSent = finished;
    this.#drained();
  }

  reset(): void {
    this.isReset = !this.#isClosed;
    this.#close();
  }

  close(): void {
    this.#whenSent = () => {
      this.#close();
    };
    this.#drained();
  }

  setRef(_ref: boolean): void {
    // Keeps no process alive.
  }

  // --- The peer ----------------------------------------------------------------------------------------------

  /** The peer sends bytes. */
  receive(bytes: Uint8Array): void {
    this.#arrived.push(bytes);
    this.#push();
  }

  /** The peer takes so many bytes, if there are as many. */
  take(count: number): void {
    const taken = Math.min(count, this.#held);
    this.#held -= taken;
    this.taken += taken;
    if (!this.#isFull || this.#held > (this.#capacity * 2) / 3) return;
    this.#isFull = false;
    this.#fill();
    if (!this.#isClosed) this.#sink?.onDrain();
  }

  #fill(): void {
    const count = Math.min(this.unsent, this.#capacity - this.#held);
    this.#held += count;
    this.unsent -= count;
    this.#isFull = this.unsent > 0;
    this.#drained();
  }

  #drained(): void {
    if (this.unsent > 0 || this.#whenSent === undefined) return;
    queueMicrotask(this.#whenSent);
    this.#whenSent = undefined;
  }

  #push(): void {
    while (!this.#isPaused && !this.#isClosed) {
      const bytes = this.#arrived.shift();
      if (bytes === undefined) return;
      if (this.#sink?.onData(bytes) === false) this.#isPaused = true;
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sink?.onClosed();
  }
}
