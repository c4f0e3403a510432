/**
 * Waiters: promises that other code settles, and that a signal or a timeout may cancel.
 *
 * A {@link Waiter} is one promise with everything that can settle it: its owner (the condition came true, or never
 * will), an abort signal, the scope it is made in, a timeout. Whichever comes first wins and removes the waiter from the others, so that
 * nothing refers to a settled waiter. All cancellation in this package works this way: cancelling removes the waiter,
 * and touches neither bytes nor the connection.
 */

import { watchAbort, type AbortRegistration, type AbortWatcher } from './abort-watch.ts';
import { checkScope, watchScope, type AmbientScope } from './ambient.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { cachedNow } from './system-clock.ts';
import { checkIsObject, rules, type OptionTable } from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { beginTrace, waitTimedOut, type WaitTrace } from './wait-trace.ts';

/** How to cancel a wait; the resource stays usable either way. */
export interface WaitOptions {
  /** Cancels the wait when it aborts; the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the wait fails with a `TimeoutError`. @default no limit */
  readonly timeout?: number | undefined;
}

/**
 * One wait of a call that waits several times. Its error names the limit of the whole call, which is the one that the
 * caller set: a `TimeoutError` that is caught and rewritten may be the reason of the caller's signal.
 */
export interface PartialWaitOptions extends WaitOptions {
  /** The timeout of the whole call, in milliseconds, of which `timeout` is left. */
  readonly totalTimeout?: number | undefined;
  /** Where the call was made, when `traceWaits` is on. */
  readonly site?: string | undefined;
}

/** What {@link WaitOptions} may be. */
export const WAIT_OPTIONS: OptionTable<WaitOptions> = {
  signal: rules.signal,
  timeout: rules.milliseconds,
};

/** One wait as `statistics()` and snapshots show it. */
export interface WaitInfo {
  /** The call that waits, such as `read`. */
  readonly operation: string;
  /** How long it has waited, in milliseconds. */
  readonly age: number;
  /** The name of the task that made the call, when `traceWaits` is on. */
  readonly task?: string | undefined;
  /** The id of that task on its executor, when `traceWaits` is on. */
  readonly taskId?: number | undefined;
  /** Where the call was made, innermost caller first, when `traceWaits` is on. */
  readonly site?: string | undefined;
}

/** What holds a waiter: notified when the waiter settles, whatever settled it, so that it drops it. */
export interface WaiterOwner {
  /** Drops a waiter that has settled. */
  remove(waiter: object): void;
}

/** Options of waits that follow one another; it has the current one, so that what made them can end it. */
export class HeldWait implements WaitOptions {
  readonly signal: AbortSignal | undefined;
  readonly timeout: number | undefined;
  /** Set by the waiter; unset by what holds it. */
  waiter: { reject(reason: unknown): void } | undefined;

  constructor(options: WaitOptions | undefined) {
    this.signal = options?.signal;
    this.timeout = options?.timeout;
  }
}

/** What can cancel a waiter; most waiters have none. */
interface Cancellation {
  readonly registration: AbortRegistration | undefined;
  readonly scope: AmbientScope | undefined;
  readonly timer: Timer | undefined;
}

/**
 * A promise that its owner, a signal or a timeout settles, whichever comes first.
 *
 * It is in no list: each idle connection has one, and each request makes one, so every field counts.
 */
export class Waiter<T> implements AbortWatcher {
  /** The call that waits. */
  readonly operation: string;
  readonly since: number;
  readonly promise: Promise<T>;
  /** Set by the owner when it takes the waiter in. */
  owner: WaiterOwner | undefined;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  readonly #cancellation: Cancellation | undefined;
  readonly #trace: WaitTrace | undefined;

  constructor(operation: string, clock: Clock, options: PartialWaitOptions | undefined) {
    this.operation = operation;
    this.since = cachedNow(clock);
    this.#trace = beginTrace(operation, this.since, options?.site);
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (options instanceof HeldWait) options.waiter = this;
    this.#cancellation = this.#watch(clock, options);
  }

  /** Settles the promise with a value, and removes the waiter from everything else that could settle it. */
  resolve(value: T): void {
    this.#detach();
    this.#resolve(value);
  }

  /** Rejects the promise, and removes the waiter from everything else that could settle it. */
  reject(reason: unknown): void {
    this.#detach();
    this.#reject(reason);
  }

  /** The signal aborted, or the scope ended. */
  onAbort(reason: unknown): void {
    this.reject(reason);
  }

  /** The wait as snapshots show it. */
  info(now: number): WaitInfo {
    return infoOf(this.operation, now - this.since, this.#trace);
  }

  #watch(clock: Clock, options: PartialWaitOptions | undefined): Cancellation | undefined {
    if (options === undefined) {
      const scope = watchScope(this);
      return scope === undefined ? undefined : { registration: undefined, scope, timer: undefined };
    }
    const { signal, timeout, totalTimeout } = options;
    // The timer first: a clock that throws must not leave a watcher behind.
    const timer =
      timeout === undefined || timeout === Infinity
        ? undefined
        : clock.setTimer(() => {
            this.reject(waitTimedOut(this.#trace, this.operation, totalTimeout ?? timeout));
          }, timeout);
    const scope = watchScope(this);
    if (signal === undefined && timer === undefined && scope === undefined) return undefined;
    const registration = signal === undefined ? undefined : watchAbort(signal, this);
    return { registration, scope, timer };
  }

  #detach(): void {
    this.owner?.remove(this);
    const cancellation = this.#cancellation;
    if (cancellation !== undefined) {
      cancellation.registration?.remove();
      cancellation.scope?.unwatch(this);
      cancellation.timer?.cancel();
    }
    this.#trace?.end();
  }
}

/** A wait as snapshots show it. */
export function infoOf(operation: string, age: number, trace: WaitTrace | undefined): WaitInfo {
  if (trace === undefined) return { operation, age };
  const { holder, site } = trace;
  return { operation, age, task: holder?.name, taskId: holder?.id, site };
}

/** One of several waiters for the same condition. */
export class ListedWaiter<T> extends Waiter<T> {
  /** The intrusive links of {@link WaiterList}. */
  previous: ListedWaiter<T> | undefined;
  next: ListedWaiter<T> | undefined;
}

/** Waiters for one condition, oldest first; adding and removing take constant time. */
export class WaiterList<T> implements WaiterOwner {
  #head: ListedWaiter<T> | undefined;
  #tail: ListedWaiter<T> | undefined;
  #size = 0;

  /** How many waiters there are. */
  get size(): number {
    return this.#size;
  }

  /** The oldest waiter, or `undefined`. */
  get first(): ListedWaiter<T> | undefined {
    return this.#head;
  }

  /** Waits here, as the newest. */
  wait(operation: string, clock: Clock, options: WaitOptions | undefined): Promise<T> {
    const waiter = new ListedWaiter<T>(operation, clock, options);
    this.add(waiter);
    return waiter.promise;
  }

  /** Adds a waiter, as the newest. */
  add(waiter: ListedWaiter<T>): void {
    waiter.owner = this;
    waiter.previous = this.#tail;
    if (this.#tail === undefined) this.#head = waiter;
    else this.#tail.next = waiter;
    this.#tail = waiter;
    this.#size += 1;
  }

  /** Drops a waiter that has settled. */
  remove(settled: object): void {
    const waiter = settled as ListedWaiter<T>;
    if (waiter.owner !== this) return;
    if (waiter.previous === undefined) this.#head = waiter.next;
    else waiter.previous.next = waiter.next;
    if (waiter.next === undefined) this.#tail = waiter.previous;
    else waiter.next.previous = waiter.previous;
    waiter.owner = undefined;
    waiter.previous = undefined;
    waiter.next = undefined;
    this.#size -= 1;
  }

  /** Settles every waiter with `value`; reactions run later, so no code of a waiting task runs in here. */
  resolveAll(value: T): void {
    while (this.#head !== undefined) this.#head.resolve(value);
  }

  /** Rejects every waiter with the same reason. */
  rejectAll(reason: unknown): void {
    while (this.#head !== undefined) this.#head.reject(reason);
  }

  /** Adds the waits, as snapshots show them, to `into`. */
  describe(now: number, into: WaitInfo[]): void {
    for (let waiter = this.#head; waiter !== undefined; waiter = waiter.next) {
      into.push(waiter.info(now));
    }
  }
}

/**
 * Checks the options of a waiting call, and the scope it is made in, before it does anything.
 *
 * @throws {@link InvalidInputError} for a timeout that is not a number from 0; `signal.reason` for a signal that has
 * already aborted; `CancelledError` in a scope that has ended.
 */
export function checkWaitOptions(operation: string, options: WaitOptions | undefined): void {
  if (options !== undefined) checkWaitValues(operation, options);
  checkScope();
}

/** As {@link checkWaitOptions}, for a call that is not the scope's business. */
export function checkWaitValues(operation: string, options: WaitOptions | undefined): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) checkIsObject(operation, options);
  const { signal, timeout } = options;
  if (timeout !== undefined && (typeof timeout !== 'number' || !(timeout >= 0))) {
    throw invalidInput(operation, 'timeout', 'a number of milliseconds from 0', timeout);
  }
  if (signal === undefined) return;
  if (!(signal instanceof AbortSignal)) {
    throw invalidInput(operation, 'signal', 'an AbortSignal', signal);
  }
  if (signal.aborted) throw signal.reason;
}

/** The options for one wait of a longer call, whose timeout covers the whole call. */
export function remaining(
  options: WaitOptions | undefined,
  deadline: number | undefined,
  clock: Clock,
  site?: string,
): PartialWaitOptions | undefined {
  if (deadline === undefined) return site === undefined ? options : { ...options, site };
  const timeout = Math.max(0, deadline - clock.now());
  return { signal: options?.signal, timeout, totalTimeout: options?.timeout, site };
}
