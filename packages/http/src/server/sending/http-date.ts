/** The `Date` header's value (RFC 9110 section 5.6.7), made once a second. */

import type { Clock } from '@awaitio/core';
import type { DeadlineWheel } from '@awaitio/core/lowlevel';

/** Taken at load: tests replace the global. */
const SystemDate = Date;

export class HttpDate {
  readonly #clock: Clock;
  /** Its cached time costs less than the system's date. When that is set by hand, it is followed within a second. */
  readonly #wheel: DeadlineWheel;
  #validUntil = -Infinity;
  #text = '';

  constructor(clock: Clock, wheel: DeadlineWheel) {
    this.#clock = clock;
    this.#wheel = wheel;
  }

  /** The date now. */
  toString(): string {
    const now = this.#wheel.now();
    if (now >= this.#validUntil) {
      const date = this.#clock.wallTime();
      this.#validUntil = now + 1_000 - (date % 1_000);
      this.#text = new SystemDate(date).toUTCString();
    }
    return this.#text;
  }
}
