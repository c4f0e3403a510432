/** A barrier, after tokio's: tasks wait for each other. */

import { rules } from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { checkWaitOptions, type WaitOptions } from '../waiting/waiter.ts';
import { checkParts, WaitQueue, type SyncOptions, type SyncParts } from './wait-queue.ts';

/** What a task gets when all have arrived. */
export interface BarrierResult {
  /** Whether it is the one that arrived last: exactly one task of each round is. */
  readonly isLeader: boolean;
}

const LEADER: BarrierResult = Object.freeze({ isLeader: true });
const FOLLOWER: BarrierResult = Object.freeze({ isLeader: false });
const COUNT = rules.whole(1);

/**
 * A point that tasks pass together, round after round.
 *
 * @example
 * ```ts
 * import { defaultExecutor } from '@awaitio/core';
 * import { Barrier } from '@awaitio/core/sync';
 *
 * const barrier = new Barrier(3);
 * await defaultExecutor.group((group) => {
 *   for (const name of ['a', 'b', 'c']) {
 *     group.spawn(async () => {
 *       const { isLeader } = await barrier.wait();
 *       if (isLeader) console.log('all have arrived, last', name); // all have arrived, last c
 *     });
 *   }
 * });
 * ```
 */
export class Barrier {
  readonly #parts: SyncParts;
  readonly #count: number;
  readonly #waits: WaitQueue<BarrierResult>;

  /**
   * @param count - How many tasks pass together: a whole number from 1.
   * @throws `InvalidInputError`
   */
  constructor(count: number, options?: SyncOptions) {
    if (!COUNT.accepts(count)) throw invalidInput('Barrier', 'count', COUNT.expected, count);
    this.#parts = checkParts('Barrier', 'barrier', options);
    this.#count = count;
    this.#waits = new WaitQueue(this.#parts);
  }

  /** How many tasks have arrived and wait for the others. */
  get arrived(): number {
    return this.#waits.size;
  }

  /**
   * Arrives, and waits until `count` tasks have.
   *
   * A cancelled call has not arrived: the others wait for one more.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  wait(options?: WaitOptions): Promise<BarrierResult> {
    try {
      checkWaitOptions('wait', options);
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    if (this.#waits.size + 1 < this.#count) {
      return this.#waits.wait('wait', this.#parts.clock, options);
    }
    this.#waits.grantAll(FOLLOWER);
    return this.#parts.budget.pay(LEADER);
  }
}
