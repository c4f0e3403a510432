/** Moments of several clocks as moments of one: a server, a stream and a client may each have a clock. */

import type { Clock } from '@awaitio/core';

export class Timeline {
  readonly clock: Clock;
  /** The moment of this look. */
  readonly now: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.now = clock.now();
  }

  /** A moment on another clock; null for never. */
  moment(at: number, clock: Clock): number | null {
    if (!Number.isFinite(at)) return null;
    return clock === this.clock ? Math.round(at) : this.ago(clock.now() - at);
  }

  /** The moment that was so long ago when the age was taken, which is now: a look takes milliseconds itself. */
  ago(age: number): number {
    return Math.round(this.clock.now() - age);
  }
}
