/**
 * Waits: promises that somebody else settles, and that their owner may give up.
 *
 * A {@link Waiter} is one promise with everything that can settle it: its owner (the condition came true, or never will),
 * an abort signal, a timeout. Whichever comes first wins, and takes the wait out of the other two, so that a settled
 * wait is referenced by nothing. That is the whole cancellation story of this package: giving up a wait removes the
 * wait, and touches neither bytes nor the connection.
 */

import { watchAbort, type AbortRegistration, type AbortWatcher } from './abort-watch.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { cachedNow } from './system-clock.ts';
import { invalidInput, TimeoutError } from '../vocabulary/errors.ts';
import { beginTrace, type WaitTrace } from './wait-trace.ts';

/** How to give up a wait; the resource stays usable either way. */
export interface WaitOptions {
  /** Gives the wait up when it aborts; the promise rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Gives the wait up after so many milliseconds with a `TimeoutError`. @default no limit */
  readonly timeout?: number | undefined;
}

/** One wait as `statistics()` and snapshots show it. */
export interface WaitInfo {
  /** The call that waits, such as `read`. */
  readonly operation: string;
  /** How long it has waited, in milliseconds. */
  readonly age: number;
  /** The name of the task that made the call, when `traceWaits` is on. */
  readonly task?: string | undefined;
  /** Where the call was made, innermost caller first, when `traceWaits` is on. */
  readonly site?: string | undefined;
}

/** Where a wait stands: told when it settles, by whatever hand, so that it lets go of the wait. */
export interface WaiterOwner {
  /** A wait has settled: lets go of it. */
  remove(wait: object): void;
}

/** What gives a wait up, for those few that have it. */
interface Bounds {
  registration: AbortRegistration | undefined;
  readonly timer: Timer | undefined;
}

/**
 * A promise that its owner, a signal or a timeout settles, whichever comes first.
 *
 * One that stands in no list: each idle connection has one, and each request makes one, so it has no field to spare.
 */
export class Waiter<T> implements AbortWatcher {
  /** The call that waits. */
  readonly operation: string;
  readonly since: number;
  readonly promise: Promise<T>;
  /** Set by the owner when it takes the wait in. */
  owner: WaiterOwner | undefined;
  #resolve!: (value: T) => void;
  #reject!: (reason: unknown) => void;
  readonly #bounds: Bounds | undefined;
  readonly #trace: WaitTrace | undefined;

  constructor(operation: string, clock: Clock, options: WaitOptions | undefined) {
    this.operation = operation;
    this.since = cachedNow(clock);
    this.#trace = beginTrace(operation, this.since);
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (options !== undefined) this.#bounds = this.#bound(clock, options);
  }

  /** Settles it with a value, and takes it out of whatever could settle it. */
  resolve(value: T): void {
    this.#detach();
    this.#resolve(value);
  }

  /** Settles it with a failure, and takes it out of whatever could settle it. */
  reject(reason: unknown): void {
    this.#detach();
    this.#reject(reason);
  }

  /** Its signal aborted. */
  onAbort(reason: unknown): void {
    if (this.#bounds !== undefined) this.#bounds.registration = undefined;
    this.reject(reason);
  }

  /** What snapshots show of it. */
  info(now: number): WaitInfo {
    const info = { operation: this.operation, age: now - this.since };
    const trace = this.#trace;
    return trace === undefined ? info : { ...info, task: trace.holder?.name, site: trace.site };
  }

  #bound(clock: Clock, { signal, timeout }: WaitOptions): Bounds {
    const hasTimeout = timeout !== undefined && timeout !== Infinity;
    return {
      registration: signal === undefined ? undefined : watchAbort(signal, this),
      timer: hasTimeout
        ? clock.setTimer(() => {
            this.reject(new TimeoutError(this.operation, timeout));
          }, timeout)
        : undefined,
    };
  }

  #detach(): void {
    this.owner?.remove(this);
    const bounds = this.#bounds;
    if (bounds !== undefined) {
      bounds.registration?.remove();
      bounds.registration = undefined;
      bounds.timer?.cancel();
    }
    this.#trace?.end();
  }
}

/** A wait among others for the same condition. */
export class ListedWaiter<T> extends Waiter<T> {
  /** The intrusive links of {@link WaiterList}. */
  previous: ListedWaiter<T> | undefined;
  next: ListedWaiter<T> | undefined;
}

/** Waits for one condition, oldest first; adding and removing take the same time however many there are. */
export class WaiterList<T> implements WaiterOwner {
  #head: ListedWaiter<T> | undefined;
  #tail: ListedWaiter<T> | undefined;
  #size = 0;

  /** How many waits there are. */
  get size(): number {
    return this.#size;
  }

  /** The oldest wait, or `undefined`. */
  get first(): ListedWaiter<T> | undefined {
    return this.#head;
  }

  /** Takes a wait in, as the newest. */
  add(wait: ListedWaiter<T>): void {
    wait.owner = this;
    wait.previous = this.#tail;
    if (this.#tail === undefined) this.#head = wait;
    else this.#tail.next = wait;
    this.#tail = wait;
    this.#size += 1;
  }

  /** Lets go of a wait that has settled. */
  remove(settled: object): void {
    const wait = settled as ListedWaiter<T>;
    if (wait.owner !== this) return;
    if (wait.previous === undefined) this.#head = wait.next;
    else wait.previous.next = wait.next;
    if (wait.next === undefined) this.#tail = wait.previous;
    else wait.next.previous = wait.previous;
    wait.owner = undefined;
    wait.previous = undefined;
    wait.next = undefined;
    this.#size -= 1;
  }

  /** Settles every wait with `value`; promises run later, so no code of a waiter runs in here. */
  resolveAll(value: T): void {
    while (this.#head !== undefined) this.#head.resolve(value);
  }

  /** Fails every wait with the same reason. */
  rejectAll(reason: unknown): void {
    while (this.#head !== undefined) this.#head.reject(reason);
  }

  /** Adds what the waits look like to `into`. */
  describe(now: number, into: WaitInfo[]): void {
    for (let wait = this.#head; wait !== undefined; wait = wait.next) into.push(wait.info(now));
  }
}

/**
 * Checks the options of a waiting call before it does anything.
 *
 * @throws {@link InvalidInputError} for a timeout that is no number from 0; `signal.reason` for a signal that has
 * already aborted.
 */
export function checkWaitOptions(operation: string, options: WaitOptions | undefined): void {
  if (options === undefined) return;
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
