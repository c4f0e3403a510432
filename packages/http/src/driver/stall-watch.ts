/**
 * Detects a peer that has stopped reading.
 *
 * A peer that takes little is slow, not stalled: what counts is the time since it last took a byte.
 */

import type { ByteStream, Clock } from '@awaitio/core';
import type { SourceObserver } from '@awaitio/core/lowlevel';

export class StallWatch implements SourceObserver {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  #sent = 0;
  #since = 0;

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  /** Starts the watch, when a write has to wait. */
  begin(): void {
    this.#sent = this.#sentNow;
    this.#since = this.#clock.now();
    this.#stream.observe(this);
  }

  end(): void {
    this.#stream.unobserve(this);
  }

  /** How much longer the peer may take nothing, in milliseconds; 0 or less when it has stalled. */
  left(limit: number): number {
    return this.#since + limit - this.#clock.now();
  }

  onReadiness(): void {
    const sent = this.#sentNow;
    // Bytes that arrive change readiness too, but do not show that the peer reads.
    if (sent === this.#sent) return;
    this.#sent = sent;
    this.#since = this.#clock.now();
  }

  get #sentNow(): number {
    const { bytesWritten, unsent } = this.#stream.statistics();
    return bytesWritten - unsent;
  }
}
