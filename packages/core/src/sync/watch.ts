/**
 * A value that changes, and tasks that follow it, after tokio's `watch`: configuration, health, progress. Only the newest
 * value is kept: a slow receiver misses values in between, and always sees the last one.
 */

import { checkFunction, checkNoPromise } from '../vocabulary/check.ts';
import { charged } from '../waiting/charged.ts';
import { checkWaitOptions, type WaitOptions } from '../waiting/waiter.ts';
import { handleClosed } from './sync-errors.ts';
import {
  checkParts,
  END,
  stepsOf,
  WaitQueue,
  type SyncOptions,
  type SyncParts,
} from './wait-queue.ts';

/** What the ends share. */
export class WatchState<T> {
  readonly parts: SyncParts;
  readonly receivers: Set<WatchReceiver<T>> = new Set();
  readonly closing: WaitQueue<void>;
  senders = 1;
  version = 0;
  value: T;

  constructor(parts: SyncParts, value: T) {
    this.parts = parts;
    this.value = value;
    this.closing = new WaitQueue(parts);
  }

  set(value: T): void {
    this.value = value;
    this.version += 1;
    for (const receiver of this.receivers) receiver.onChange(true);
  }
}

/** The end of a {@link watch} that changes the value. */
export class WatchSender<T> {
  readonly #state: WatchState<T>;
  #isOpen = true;

  constructor(state: WatchState<T>) {
    this.#state = state;
  }

  /** How many receivers there are. */
  get receivers(): number {
    return this.#state.receivers.size;
  }

  /** Whether there is no receiver; `subscribe` makes one. */
  get isClosed(): boolean {
    return this.#state.receivers.size === 0;
  }

  /** The current value. */
  borrow(): T {
    return this.#state.value;
  }

  /**
   * Changes the value, if there is a receiver; never waits.
   * @returns Whether there was one; if not, the value stays what it was.
   * @throws `ClosedError` when this sender is closed.
   */
  send(value: T): boolean {
    this.#check('send');
    if (this.isClosed) return false;
    this.#state.set(value);
    return true;
  }

  /** Changes the value, also without a receiver. @returns The value before. @throws `ClosedError` when this sender is closed */
  sendReplace(value: T): T {
    this.#check('sendReplace');
    const before = this.#state.value;
    this.#state.set(value);
    return before;
  }

  /**
   * Changes the value to what a function makes of it, also without a receiver; receivers are woken only if it differs.
   * @param update - Returns the new value, or the one it was given to change nothing (`Object.is`); so does a throw.
   * @returns Whether the value has changed.
   * @throws what `update` throws; `ClosedError` when this sender is closed; `InvalidInputError`.
   */
  sendIfModified(update: (value: T) => T): boolean {
    this.#check('sendIfModified');
    checkFunction('sendIfModified', 'update', update);
    const value = update(this.#state.value);
    checkNoPromise('sendIfModified', 'update', value);
    if (Object.is(value, this.#state.value)) return false;
    this.#state.set(value);
    return true;
  }

  /** Makes a receiver, which has seen the current value. @throws `ClosedError` when this sender is closed */
  subscribe(): WatchReceiver<T> {
    this.#check('subscribe');
    return new WatchReceiver(this.#state, this.#state.version);
  }

  /** Makes another sender of the same value; it has to be closed as well. @throws `ClosedError` when this one is closed */
  clone(): WatchSender<T> {
    this.#check('clone');
    this.#state.senders += 1;
    return new WatchSender(this.#state);
  }

  /**
   * Waits until there is no receiver. A cancelled call changes nothing.
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  closed(options?: WaitOptions): Promise<void> {
    return this.#state.closing.until('closed', this.isClosed, undefined, options);
  }

  /** Closes this sender. After the last one the value stays as it is, and receivers get the end. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#state.senders -= 1;
    if (this.#state.senders > 0) return;
    for (const receiver of this.#state.receivers) receiver.onChange(false);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #check(operation: string): void {
    if (!this.#isOpen) throw handleClosed(operation, 'sender');
  }
}

/** The end of a {@link watch} that follows the value. */
export class WatchReceiver<T> implements AsyncIterable<T> {
  readonly #state: WatchState<T>;
  readonly #waits: WaitQueue<boolean>;
  /** The version that it has seen. */
  #seen: number;
  #isOpen = true;

  constructor(state: WatchState<T>, seen: number) {
    this.#state = state;
    this.#waits = new WaitQueue(state.parts);
    this.#seen = seen;
    state.receivers.add(this);
  }

  /** Whether no sender is open: the value changes no more. */
  get isClosed(): boolean {
    return this.#state.senders === 0;
  }

  /** Whether there is a value that it has not seen. */
  get hasChanged(): boolean {
    return this.#seen !== this.#state.version;
  }

  /** The current value, which does not count as seen. */
  borrow(): T {
    return this.#state.value;
  }

  /** The current value, which counts as seen. */
  borrowAndUpdate(): T {
    this.#seen = this.#state.version;
    return this.#state.value;
  }

  /**
   * Waits for a value that it has not seen, and counts it as seen. A cancelled call has seen nothing.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @returns `true` for a new value, for `borrow` to read; `false` at the end, when every sender is closed and the last value
   * was seen.
   * @throws `ClosedError` when this receiver is closed, before or meanwhile; `TimeoutError`; `signal.reason`;
   * `InvalidInputError`.
   */
  changed(options?: WaitOptions): Promise<boolean> {
    return this.#changed('changed', options);
  }

  /**
   * Waits until the value is one that a function accepts; the current one counts, seen or not.
   * @param accepts - Gets each value that this receiver sees; a throw ends the call.
   * @param options - `signal` cancels the call; `timeout` limits all of it, in milliseconds (default: no limit).
   * @returns The value; `undefined` at the end.
   * @throws as {@link WatchReceiver.changed}; what the function throws.
   */
  waitFor(accepts: (value: T) => boolean, options?: WaitOptions): Promise<T | undefined> {
    const { clock } = this.#state.parts;
    return charged({ clock }, async () => {
      checkWaitOptions('waitFor', options);
      checkFunction('waitFor', 'accepts', accepts);
      const { signal, timeout = Infinity } = options ?? {};
      const end = clock.now() + timeout;
      for (;;) {
        const value = this.borrowAndUpdate();
        const isAccepted = accepts(value);
        checkNoPromise('waitFor', 'accepts', isAccepted);
        if (isAccepted) return value;
        const limits = { signal, timeout: Math.max(0, end - clock.now()), totalTimeout: timeout };
        if (!(await this.#changed('waitFor', limits))) return undefined;
      }
    });
  }

  /** Makes another receiver, which has seen what this one has. */
  clone(): WatchReceiver<T> {
    return new WatchReceiver(this.#state, this.#seen);
  }

  /** Counts the current value as not seen, so that `changed` settles at once. */
  markChanged(): void {
    this.#seen = -1;
    this.onChange(true);
  }

  /** Counts the current value as seen. */
  markUnchanged(): void {
    this.borrowAndUpdate();
  }

  /** Iterates over the values that it has not seen; those in between may be missed. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return stepsOf(async (wait) => {
      return (await this.#changed('changed', wait)) ? { value: this.borrow(), done: false } : END;
    }, false);
  }

  /** Follows the value no longer; pending calls fail with `ClosedError`. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { receivers, closing } = this.#state;
    receivers.delete(this);
    this.#waits.failAll((operation) => handleClosed(operation, 'receiver'));
    if (receivers.size === 0) closing.grantAll(undefined);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** There is a new value, or the end. */
  onChange(isNew: boolean): void {
    if (this.#waits.size === 0) return;
    this.#seen = this.#state.version;
    this.#waits.grantAll(isNew);
  }

  #changed(operation: string, options: WaitOptions | undefined): Promise<boolean> {
    const { parts } = this.#state;
    try {
      checkWaitOptions(operation, options);
      if (!this.#isOpen) throw handleClosed(operation, 'receiver');
    } catch (error) {
      return parts.budget.fail(error);
    }
    if (this.hasChanged) {
      this.#seen = this.#state.version;
      return parts.budget.pay(true);
    }
    if (this.isClosed) return parts.budget.pay(false);
    return this.#waits.wait(operation, parts.clock, options);
  }
}

/**
 * Makes a value that tasks can follow (tokio's `watch::channel`).
 *
 * @param initial - The first value, which the first receiver has seen.
 * @returns A sender, and the first receiver; `sender.subscribe()` and `receiver.clone()` make more.
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { watch } from '@awaitio/core/sync';
 *
 * const [state, follower] = watch<'starting' | 'ready' | 'draining'>('starting');
 * const ready = follower.waitFor((value) => value === 'ready');
 * state.send('ready');
 * console.log(await ready); // ready
 * state.close();
 * console.log(await follower.changed()); // false
 * ```
 */
export function watch<T>(
  initial: T,
  options?: SyncOptions,
): [sender: WatchSender<T>, receiver: WatchReceiver<T>] {
  const state = new WatchState<T>(checkParts('watch', 'watch', options), initial);
  return [new WatchSender(state), new WatchReceiver(state, 0)];
}
