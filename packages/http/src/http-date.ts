/** The `Date` header's value (RFC 9110 section 5.6.7), made once a second. */

import type { Clock } from '@awaitio/core';

export class HttpDate {
  readonly #clock: Clock;
  #validUntil = -1;
  #text = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The date now. */
  toString(): string {
    const now = this.#clock.wallTime();
    if (now >= this.#validUntil || now < this.#validUntil - 1_000) {
      const second = Math.floor(now / 1_000) * 1_000;
      this.#validUntil = second + 1_000;
      this.#text = new Date(second).toUTCString();
    }
    return this.#text;
  }
}
