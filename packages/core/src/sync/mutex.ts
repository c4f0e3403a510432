/**
 * A mutex, after tokio's: one task at a time has the value.
 *
 * JavaScript runs one task at a time, so between two `await`s no lock is needed. A mutex is for what must stay whole across
 * an `await`. It is handed over in the order of the calls; a failure inside does not poison it.
 */

import { ClosedError, invalidInput } from '../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import type { WaitInfo, WaitOptions } from '../waiting/waiter.ts';
import { PermitQueue } from './permit-queue.ts';
import { checkParts, waitsOf, type SyncOptions, type SyncParts } from './wait-queue.ts';

/** A frozen snapshot of a {@link Mutex}. */
export interface MutexStatistics {
  readonly isLocked: boolean;
  /** The pending calls on it. */
  readonly waits: readonly WaitInfo[];
}

/** The arguments of `new Mutex`: the value may be left out where `undefined` is one. */
export type MutexArguments<T> = undefined extends T
  ? [value?: T, options?: SyncOptions]
  : [value: T, options?: SyncOptions];

interface Cell<T> {
  value: T;
}

/** The right to the value of a {@link Mutex}, until `unlock` or the end of a `using` block. */
export class MutexGuard<T> {
  readonly #permits: PermitQueue<MutexGuard<T>>;
  #cell: Cell<T> | undefined;

  constructor(permits: PermitQueue<MutexGuard<T>>, cell: Cell<T>) {
    this.#permits = permits;
    this.#cell = cell;
  }

  /** The value; assign to it to replace it. @throws `ClosedError` after `unlock` */
  get value(): T {
    return this.#check().value;
  }

  set value(value: T) {
    this.#check().value = value;
  }

  /** Lets the next task have the value. Idempotent. */
  unlock(): void {
    if (this.#cell === undefined) return;
    this.#cell = undefined;
    this.#permits.give(1);
  }

  [Symbol.dispose](): void {
    this.unlock();
  }

  #check(): Cell<T> {
    if (this.#cell !== undefined) return this.#cell;
    throw new ClosedError('value: this guard was unlocked; lock the mutex again', {
      code: 'ERR_HANDLE_CLOSED',
      operation: 'value',
    });
  }
}

/**
 * A value that one task at a time may use.
 *
 * @example
 * ```ts
 * import { Mutex } from '@awaitio/core/sync';
 *
 * const balance = new Mutex(100);
 * const withdraw = (amount: number) =>
 *   balance.withLock(async (value, guard) => {
 *     await new Promise(setImmediate); // another task may run, but not in here
 *     if (value >= amount) guard.value = value - amount;
 *   });
 * await Promise.all([withdraw(80), withdraw(80)]);
 * using guard = await balance.lock();
 * console.log(guard.value); // 20
 * ```
 */
export class Mutex<T = undefined> {
  readonly #parts: SyncParts;
  readonly #permits: PermitQueue<MutexGuard<T>>;
  readonly #cell: Cell<T>;

  /**
   * @param args - The value; the options `name` and `clock`.
   * @throws `InvalidInputError`
   */
  constructor(...args: MutexArguments<T>) {
    const [value, options] = args;
    this.#parts = checkParts('Mutex', 'mutex', options);
    this.#permits = new PermitQueue(this.#parts, 1);
    this.#cell = { value: value as T };
  }

  get isLocked(): boolean {
    return this.#permits.free === 0;
  }

  /**
   * Waits for the value; first come, first served. Not reentrant: a task that locks twice waits for itself.
   *
   * A cancelled call locks nothing.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The guard, to be unlocked or disposed.
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  lock(options?: WaitOptions): Promise<MutexGuard<T>> {
    const guard = new MutexGuard(this.#permits, this.#cell);
    return this.#permits.take('lock', 1, guard, options);
  }

  /** Takes the value if it is free, and no call waits for it. */
  tryLock(): MutexGuard<T> | WouldBlock {
    return this.#permits.tryTake(1) ? new MutexGuard(this.#permits, this.#cell) : WOULD_BLOCK;
  }

  /**
   * Runs a function that has the value, and unlocks when it has ended, whichever way.
   *
   * @param body - Gets the value, and the guard to replace it. It is not called when the wait was cancelled.
   * @param options - As for {@link Mutex.lock}: they cancel the wait, not the function.
   * @returns What the function returned.
   * @throws as {@link Mutex.lock}; what the function throws.
   */
  async withLock<R>(
    body: (value: T, guard: MutexGuard<T>) => R | Promise<R>,
    options?: WaitOptions,
  ): Promise<R> {
    if (typeof body !== 'function') throw invalidInput('withLock', 'body', 'a function', body);
    const guard = await this.lock(options);
    try {
      return await body(guard.value, guard);
    } finally {
      guard.unlock();
    }
  }

  /** A frozen snapshot. */
  statistics(): MutexStatistics {
    return Object.freeze({
      isLocked: this.isLocked,
      waits: waitsOf(this.#parts, this.#permits),
    });
  }
}
