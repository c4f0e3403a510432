/**
 * What is kept for each clock, and shared by all that waits on it: a budget, a wheel of deadlines.
 *
 * The system's clock is that of a process and also, virtual, that of every run of a simulation. A run keeps what it has on it apart:
 * what the run before has left, or what goes on beside it in the real world, must not decide what happens in it.
 */

import { Attached } from '../vocabulary/attached.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { platform } from '../vocabulary/platform.ts';

/**
 * A value for each clock, made on first use, and collected with its clock.
 *
 * In a simulation the value for the system's clock is that of the run.
 *
 * @example
 * ```ts
 * import { systemClock } from '@awaitio/core';
 * import { PerClock } from '@awaitio/core/lowlevel';
 *
 * const names = new PerClock(() => new Set<string>());
 * names.of(systemClock).add('backup');
 * console.log(names.of(systemClock).has('backup')); // true
 * ```
 */
export class PerClock<T extends object> {
  readonly #make: (clock: Clock) => T;
  readonly #values = new Attached<T>();

  /** @param make - Makes the value of a clock. */
  constructor(make: (clock: Clock) => T) {
    this.#make = make;
  }

  /** The value of a clock. @throws what `make` throws */
  of(clock: Clock): T {
    const key = platform.keyOf === undefined ? clock : platform.keyOf(clock);
    let value = this.#values.of(key);
    if (value === undefined) {
      value = this.#make(clock);
      this.#values.set(key, value);
    }
    return value;
  }
}
