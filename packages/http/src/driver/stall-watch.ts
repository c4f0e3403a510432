/**
 * Detects a peer that takes nothing of what is sent to it, or too little.
 *
 * What can be seen is what the carrier has passed on: over a socket, what the kernel took, not what the peer did. A kernel takes
 * megabytes at once, and Linux reports room only when a third of them has left, however steadily the peer takes its bytes. So
 * a time without progress says little. Instead, every byte that the kernel took gives the peer the time that it may need for
 * it, at the minimum rate; the watch counts the time in which this side waits for room against that.
 *
 * A peer whose own bytes lie here unread is another case: it may be waiting until they are read. Nothing would ever end that
 * wait, so for it the time without progress counts alone.
 */

import type { ByteStream, Clock } from '@awaitio/core';
import type { SourceObserver } from '@awaitio/core/lowlevel';

/** How slow a peer may be. */
export interface StallLimits {
  /** How long it may take nothing, in milliseconds. */
  readonly grace: number;
  /** How fast it has to be on average, in bytes per second, as far as can be seen; 0 for no minimum. */
  readonly minRate: number;
  /** The most time that bytes which were taken add to the grace, in milliseconds. */
  readonly window: number;
}

export class StallWatch implements SourceObserver {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #limits: StallLimits;
  /** How long the peer could keep this side waiting, from `#since` on. */
  #allowed: number;
  #sent = 0;
  #since = 0;
  #isWaiting = false;

  constructor(stream: ByteStream, clock: Clock, limits: StallLimits) {
    this.#stream = stream;
    this.#clock = clock;
    this.#limits = limits;
    this.#allowed = limits.grace;
  }

  /** Starts the watch, when a write has to wait; what was taken before counts too. */
  begin(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#since = this.#clock.now();
    this.#earn();
    this.#stream.observe(this);
  }

  end(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#stream.unobserve(this);
    this.#spend();
  }

  /** How long the peer could keep this side waiting when it last took something, in milliseconds. */
  get allowed(): number {
    const { buffered } = this.#stream.statistics();
    const allowed = buffered > 0 ? Math.min(this.#allowed, this.#limits.grace) : this.#allowed;
    return Math.round(allowed);
  }

  /** How much longer it may, in milliseconds; 0 or less when it has stalled. */
  get left(): number {
    // What a carrier takes at once changes no readiness.
    this.#earn();
    return this.allowed - this.#waited;
  }

  onReadiness(): void {
    // Bytes that arrive change readiness too, but do not show that the peer reads.
    if (this.#sentNow === this.#sent) return;
    this.#spend();
    this.#earn();
  }

  /** Takes the wait so far from what the peer is allowed. */
  #spend(): void {
    this.#allowed = Math.max(0, this.#allowed - this.#waited);
    this.#since = this.#clock.now();
  }

  /** Adds the time of the bytes that were taken since the last one. */
  #earn(): void {
    const { grace, minRate, window } = this.#limits;
    const sent = this.#sentNow;
    if (sent === this.#sent) return;
    const earned = ((sent - this.#sent) * 1_000) / minRate;
    this.#allowed = Math.min(grace + window, this.#allowed + earned);
    this.#sent = sent;
  }

  get #waited(): number {
    return this.#clock.now() - this.#since;
  }

  get #sentNow(): number {
    const { bytesWritten, unsent } = this.#stream.statistics();
    return bytesWritten - unsent;
  }
}
