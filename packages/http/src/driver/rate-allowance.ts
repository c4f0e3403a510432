/**
 * The bookkeeping of a minimum rate, which a peer may keep on average.
 *
 * Only time in which this side waits for the peer counts: while a handler does something else, the peer owes nothing.
 */

/** How long a peer may still keep this side waiting: a grace, plus the time its bytes have earned, minus its waits. */
export class RateAllowance {
  readonly #grace: number;
  readonly #perByte: number;
  #waited = 0;
  #bytes = 0;

  /**
   * @param grace - Milliseconds granted before the rate counts.
   * @param minRate - Bytes per second; 0 for no minimum.
   */
  constructor(grace: number, minRate: number) {
    this.#grace = grace;
    this.#perByte = minRate === 0 ? Infinity : 1_000 / minRate;
  }

  /** How much longer the peer may keep this side waiting, in milliseconds. */
  get left(): number {
    if (this.#perByte === Infinity) return Infinity;
    return Math.max(0, this.#grace + this.#bytes * this.#perByte - this.#waited);
  }

  /** Counts one wait, in milliseconds, and the bytes that ended it. */
  count(waited: number, bytes: number): void {
    this.#waited += waited;
    this.#bytes += bytes;
  }
}
