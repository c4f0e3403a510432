/** What a machine gives to the programs that run on it. */

import type { Clock } from '../../../vocabulary/clock.ts';

/**
 * The clock of a simulated host: as right as true time until it is changed. It stops with the host.
 *
 * `now()` is monotonic and follows true time by the clock's rate alone; `wallTime()` also jumps.
 */
export interface SimHostClock extends Clock {
  /** How fast it runs: 1 is true time. */
  readonly rate: number;
  /**
   * Changes how fast the clock runs, for both of its times and for all its timers, also those that were set before.
   *
   * @param rate - From 0.1 to 10: 1.0001 gains a millisecond in ten seconds, 1 is true time.
   * @throws `InvalidInputError`.
   */
  skew(rate: number): void;
  /**
   * Sets the date, as an administrator or a time server does: `wallTime()` jumps, and neither `now()` nor a timer does.
   *
   * @param milliseconds - How far forward; negative: back.
   * @throws `InvalidInputError`.
   */
  jump(milliseconds: number): void;
}
