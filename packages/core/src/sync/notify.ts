/** A notification without a value, after tokio's `Notify`. */

import { checkWaitOptions, type WaitOptions } from '../waiting/waiter.ts';
import { checkParts, WaitQueue, type SyncOptions, type SyncParts } from './wait-queue.ts';

/**
 * Wakes tasks that wait for a condition.
 *
 * `notifyOne` wakes the oldest waiter, or is stored, once, for the next call of `notified`: a task that checks the condition
 * and then waits misses nothing. `notifyWaiters` wakes all that wait now, and is not stored.
 *
 * @example
 * ```ts
 * import { Notify } from '@awaitio/core/sync';
 *
 * const queue: string[] = [];
 * const filled = new Notify();
 * async function take(): Promise<string> {
 *   for (;;) {
 *     const first = queue.shift();
 *     if (first !== undefined) return first;
 *     await filled.notified({ timeout: 1_000 });
 *   }
 * }
 * const taking = take();
 * queue.push('a job');
 * filled.notifyOne();
 * console.log(await taking); // a job
 * ```
 */
export class Notify {
  readonly #parts: SyncParts;
  readonly #waits: WaitQueue<void>;
  #isStored = false;

  /** @throws `InvalidInputError` for a wrong option. */
  constructor(options?: SyncOptions) {
    this.#parts = checkParts('Notify', 'notify', options);
    this.#waits = new WaitQueue(this.#parts);
  }

  /** How many calls of `notified` wait. */
  get waiters(): number {
    return this.#waits.size;
  }

  /**
   * Waits for a notification; settles at once when one is stored, and uses it up.
   *
   * A cancelled call uses up none.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  notified(options?: WaitOptions): Promise<void> {
    try {
      checkWaitOptions('notified', options);
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    if (!this.#isStored) return this.#waits.wait('notified', this.#parts.clock, options);
    this.#isStored = false;
    return this.#parts.budget.pay(undefined);
  }

  /** Wakes the oldest waiter; when there is none, the next call of `notified` does not wait. Two are stored as one. */
  notifyOne(): void {
    const waiter = this.#waits.first;
    if (waiter === undefined) this.#isStored = true;
    else this.#waits.grant(waiter, undefined);
  }

  /** Wakes every waiter that there is now. */
  notifyWaiters(): void {
    this.#waits.grantAll(undefined);
  }
}
