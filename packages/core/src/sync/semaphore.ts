/** A semaphore, after tokio's: limits how many tasks do something at the same time. */

import { invalidInput, LimitError } from '../vocabulary/errors.ts';
import { rules } from '../vocabulary/check.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import type { WaitInfo, WaitOptions } from '../waiting/waiter.ts';
import { PermitQueue } from './permit-queue.ts';
import { semaphoreClosed } from './sync-errors.ts';
import { checkParts, waitsOf, type SyncOptions, type SyncParts } from './wait-queue.ts';

/** A frozen snapshot of a {@link Semaphore}. */
export interface SemaphoreStatistics {
  /** How many permits are not taken; while a call waits, the next ones go to it. */
  readonly free: number;
  /** The pending calls on it. */
  readonly waits: readonly WaitInfo[];
}

const COUNT = rules.whole(1);
const PERMITS = rules.whole(0);

/**
 * Permits of a {@link Semaphore}. They are put back by `release`, or at the end of a `using` block; a permit that is dropped
 * without that keeps them.
 */
export class SemaphorePermit {
  readonly #permits: PermitQueue<SemaphorePermit>;
  #count: number;

  constructor(permits: PermitQueue<SemaphorePermit>, count: number) {
    this.#permits = permits;
    this.#count = count;
  }

  /** How many permits it stands for; 0 when they were put back, forgotten or merged. */
  get count(): number {
    return this.#count;
  }

  /** Puts the permits back. Idempotent. */
  release(): void {
    this.#permits.give(this.forget());
  }

  /** Never puts the permits back: the semaphore has fewer from now on. @returns How many */
  forget(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  /**
   * Takes some of its permits into another one.
   *
   * @param count - A whole number from 0.
   * @returns The other one; `undefined` when this one has fewer.
   * @throws `InvalidInputError`.
   */
  split(count: number): SemaphorePermit | undefined {
    if (!PERMITS.accepts(count)) throw invalidInput('split', 'count', PERMITS.expected, count);
    if (count > this.#count) return undefined;
    this.#count -= count;
    return new SemaphorePermit(this.#permits, count);
  }

  /** Takes all permits of another one of the same semaphore. @throws `InvalidInputError` for one of another semaphore */
  merge(other: SemaphorePermit): void {
    if (!(other instanceof SemaphorePermit) || other.#permits !== this.#permits) {
      throw invalidInput('merge', 'other', 'a permit of the same semaphore', other);
    }
    if (other !== this) this.#count += other.forget();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * A number of permits, taken and put back by tasks; first come, first served, so that a large request is not starved.
 *
 * @example
 * ```ts
 * import { defaultExecutor } from '@awaitio/core';
 * import { Semaphore } from '@awaitio/core/sync';
 *
 * const slots = new Semaphore(2);
 * await defaultExecutor.group((group) => {
 *   for (const name of ['a', 'b', 'c']) {
 *     group.spawn(async ({ sleep }) => {
 *       using _ = await slots.acquire();
 *       console.log(name, 'begins'); // c begins when one of the others has ended
 *       await sleep(5);
 *     });
 *   }
 * });
 * console.log(slots.available); // 2
 * ```
 */
export class Semaphore {
  /** The most permits that a semaphore can have. */
  static readonly MAX_PERMITS: number = Number.MAX_SAFE_INTEGER;

  readonly #parts: SyncParts;
  readonly #permits: PermitQueue<SemaphorePermit>;

  /**
   * @param permits - How many permits there are: a whole number from 0.
   * @throws `InvalidInputError`
   */
  constructor(permits: number, options?: SyncOptions) {
    if (!PERMITS.accepts(permits)) {
      throw invalidInput('Semaphore', 'permits', PERMITS.expected, permits);
    }
    this.#parts = checkParts('Semaphore', 'semaphore', options);
    this.#permits = new PermitQueue(this.#parts, permits);
  }

  /** How many permits a call would get at once: none while another call waits. */
  get available(): number {
    return this.#permits.available;
  }

  get isClosed(): boolean {
    return this.#permits.isClosed;
  }

  /**
   * Takes permits, and waits until there are enough; first come, first served.
   *
   * A cancelled call takes none. A request for more permits than there will ever be waits until it is cancelled.
   *
   * @param count - How many: a whole number from 1. @default 1
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `ClosedError` when the semaphore is closed, before or meanwhile; `TimeoutError`; `signal.reason`;
   * `InvalidInputError`.
   */
  acquire(count: number = 1, options?: WaitOptions): Promise<SemaphorePermit> {
    if (!COUNT.accepts(count)) {
      return this.#parts.budget.fail(invalidInput('acquire', 'count', COUNT.expected, count));
    }
    const permit = new SemaphorePermit(this.#permits, count);
    return this.#permits.take('acquire', count, permit, options);
  }

  /**
   * Takes permits if there are enough and no other call waits.
   *
   * @param count - How many: a whole number from 1. @default 1
   * @throws `ClosedError` when the semaphore is closed; `InvalidInputError`.
   */
  tryAcquire(count: number = 1): SemaphorePermit | WouldBlock {
    if (!COUNT.accepts(count)) throw invalidInput('tryAcquire', 'count', COUNT.expected, count);
    if (this.#permits.isClosed) throw this.#closedError('tryAcquire');
    if (!this.#permits.tryTake(count)) return WOULD_BLOCK;
    return new SemaphorePermit(this.#permits, count);
  }

  /** Adds permits, also to a closed semaphore. @throws `LimitError` above `MAX_PERMITS`; `InvalidInputError` */
  addPermits(count: number): void {
    if (!PERMITS.accepts(count)) throw invalidInput('addPermits', 'count', PERMITS.expected, count);
    if (count > Semaphore.MAX_PERMITS - this.#permits.free) {
      throw new LimitError(`addPermits: a semaphore has at most ${Semaphore.MAX_PERMITS} permits`, {
        code: 'ERR_LIMIT',
        operation: 'addPermits',
        limitName: 'MAX_PERMITS',
        limit: Semaphore.MAX_PERMITS,
      });
    }
    this.#permits.give(count);
  }

  /**
   * Removes permits for good, at most those that are available.
   *
   * @returns How many were removed.
   * @throws `InvalidInputError`.
   */
  forgetPermits(count: number): number {
    if (!PERMITS.accepts(count)) {
      throw invalidInput('forgetPermits', 'count', PERMITS.expected, count);
    }
    const removed = Math.min(count, this.#permits.available);
    this.#permits.tryTake(removed);
    return removed;
  }

  /** Fails pending and later calls with `ClosedError`; permits that were taken can be put back. Idempotent. */
  close(): void {
    this.#permits.close(this.#closedError);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A frozen snapshot. */
  statistics(): SemaphoreStatistics {
    return Object.freeze({
      free: this.#permits.free,
      waits: waitsOf(this.#parts, this.#permits),
    });
  }

  readonly #closedError = (operation: string): Error =>
    semaphoreClosed(operation, this.#parts.subject);
}
