/**
 * Detects a peer that takes nothing of what is written to it.
 *
 * A slow peer that takes a little is not a stall. The time since it last took a byte is what counts.
 */

import type { ByteStream, Clock } from '@awaitio/core';
import type { SourceObserver } from '@awaitio/core/lowlevel';

/** Notes when a peer last took some of what is written to it, however little: less than that is a stall. */
export class StallWatch implements SourceObserver {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  #sent = 0;
  #since = 0;

  constructor(stream: ByteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  /** A write begins to wait. */
  begin(): void {
    this.#sent = this.#sentNow;
    this.#since = this.#clock.now();
    this.#stream.observe(this);
  }

  end(): void {
    this.#stream.unobserve(this);
  }

  /** How much longer the peer may take nothing, in milliseconds; not above 0 when it has stalled. */
  left(limit: number): number {
    return this.#since + limit - this.#clock.now();
  }

  onReadiness(): void {
    const sent = this.#sentNow;
    // The peer's own bytes wake the stream too, and are no sign of reading.
    if (sent === this.#sent) return;
    this.#sent = sent;
    this.#since = this.#clock.now();
  }

  get #sentNow(): number {
    const { bytesWritten, unsent } = this.#stream.statistics();
    return bytesWritten - unsent;
  }
}
