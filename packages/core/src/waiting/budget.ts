/**
 * The cooperative budget: why a task that only ever finds ready sockets still lets the event loop turn.
 *
 * An `await` on a settled promise goes on in a microtask, and Node runs microtasks until there are none: a loop over a
 * stream that always has bytes would never let a timer fire or another socket be read. So every asynchronous call that
 * succeeds without waiting spends one unit, and the call that finds the budget empty first waits for one turn of the
 * loop. tokio's scheduler does the same with the same number.
 */

import type { Clock } from '../vocabulary/clock.ts';
import { deferred, type Deferred } from './deferred.ts';

/** How many calls may succeed at once between two turns of the loop (tokio: 128). */
export const BUDGET = 128;

/** One budget per clock: every stream of a program shares it. */
export class Budget {
  readonly #clock: Clock;
  #left = BUDGET;
  #turn: Deferred<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Wraps the result of a call that did not have to wait.
   *
   * @returns A promise of `value`: settled, or settling after one turn of the loop when the budget is used up.
   */
  pay<T>(value: T): Promise<T> {
    if (this.#left > 0) {
      this.#left -= 1;
      return Promise.resolve(value);
    }
    return this.#nextTurn().then(() => value);
  }

  #nextTurn(): Promise<void> {
    if (this.#turn === undefined) {
      const turn = deferred<void>();
      this.#turn = turn;
      this.#clock.defer(() => {
        this.#turn = undefined;
        this.#left = BUDGET;
        turn.resolve();
      });
    }
    return this.#turn.promise;
  }
}

const budgets = new WeakMap<Clock, Budget>();

/** The budget that all streams on this clock share. */
export function budgetOf(clock: Clock): Budget {
  let budget = budgets.get(clock);
  if (budget === undefined) {
    budget = new Budget(clock);
    budgets.set(clock, budget);
  }
  return budget;
}
