/**
 * The cooperative budget: why a task that only ever finds ready sockets still yields to the event loop.
 *
 * An `await` on a settled promise continues in a microtask, and Node runs microtasks until there are none: a loop over
 * a stream that always has bytes would never let a timer fire or another socket be read. So every asynchronous call
 * that settles without waiting spends one unit, and a call that finds the budget empty first waits for one iteration
 * of the event loop, which refills it. tokio's scheduler does the same with the same number.
 *
 * Failures spend as successes do (tokio: `Ready(Err)`): a loop that retries what fails at once must not starve the loop
 * either. A call made of callbacks that Node runs with `process.nextTick` has not waited: the event loop did not turn.
 */

import type { Clock } from '../vocabulary/clock.ts';
import { deferred, type Deferred } from './deferred.ts';
import { PerClock } from './per-clock.ts';

/** How many calls may settle at once in one iteration of the event loop (tokio: 128). */
export const BUDGET = 128;

/** One budget per clock: all streams on it share the budget. */
export class Budget {
  readonly #clock: Clock;
  #left = BUDGET;
  /** Resolved when the budget is full again; `undefined` while no call waits for that. */
  #refill: Deferred<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Wraps the result of a call that did not have to wait.
   *
   * @returns A promise of `value`: settled, or settling after one iteration of the event loop when the budget is used
   * up.
   */
  pay<T>(value: T): Promise<T> {
    if (this.#left > 0) {
      this.#left -= 1;
      return Promise.resolve(value);
    }
    return this.#refilled().then(() => value);
  }

  /** As {@link Budget.pay}, for a call that fails: one promise, so that it is reported once when it is not awaited. */
  fail(reason: unknown): Promise<never> {
    if (this.#left > 0) {
      this.#left -= 1;
      return Promise.reject(reason);
    }
    return this.#refilled().then(() => {
      throw reason;
    });
  }

  /**
   * Spends one unit without a promise, for a call that has one already.
   *
   * @returns `undefined`; or, when the budget is used up, a promise of the next iteration of the event loop.
   */
  spend(): Promise<void> | undefined {
    if (this.#left === 0) return this.#refilled();
    this.#left -= 1;
    return undefined;
  }

  #refilled(): Promise<void> {
    if (this.#refill === undefined) {
      const refill = deferred<void>();
      this.#refill = refill;
      this.#clock.defer(() => {
        this.#refill = undefined;
        this.#left = BUDGET;
        refill.resolve();
      });
    }
    return this.#refill.promise;
  }
}

const budgets = new PerClock((clock) => new Budget(clock));

/** The budget that all streams on this clock share; a run of a simulation has a separate one on the system's. */
export function budgetOf(clock: Clock): Budget {
  return budgets.of(clock);
}
