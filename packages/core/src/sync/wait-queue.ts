/**
 * The waits of this room: every wait for another task is a waiter in one of these queues.
 *
 * A wait that a stream settles came through the event loop. A wait that another task settles did not: two tasks that only
 * wake each other would go on in microtasks forever, and no timer would fire. So a grant spends a unit of the cooperative
 * budget, as a call that settles at once does, and reaches its task after a turn of the loop when the budget is used up.
 * The grant is decided before that: cancelling comes too late, and nothing is lost.
 */

import { rules, checkOptions, type OptionTable } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { budgetOf, type Budget } from '../waiting/budget.ts';
import { clockOf } from '../waiting/system-clock.ts';
import { boardOf, type WaitBoard, type WaitSource } from '../waiting/wait-board.ts';
import {
  checkWaitOptions,
  HeldWait,
  ListedWaiter,
  WaiterList,
  type Waiter,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';

/** What everything in this room takes. */
export interface SyncOptions {
  /** What reports of waits call it. @default none: reports show what it is */
  readonly name?: string | undefined;
  /** The clock of its timeouts. @default the system's clock, or that of the simulation */
  readonly clock?: Clock | undefined;
}

/** What {@link SyncOptions} may be. */
export const SYNC_OPTIONS: OptionTable<SyncOptions> = { name: rules.text, clock: rules.clock };

/** What the queues of one object share. */
export interface SyncParts {
  /** As reports call the object, such as `channel "jobs"`. */
  readonly subject: string;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly board: WaitBoard | undefined;
}

/**
 * The shared parts of an object whose options were checked.
 *
 * @param kind - What it is, such as `channel`.
 */
export function partsOf(kind: string, options: SyncOptions | undefined): SyncParts {
  const clock = clockOf(options?.clock);
  const name = options?.name;
  return {
    subject: name === undefined ? kind : `${kind} "${name}"`,
    clock,
    budget: budgetOf(clock),
    board: boardOf(clock),
  };
}

/** Checks the options of an object that has no others, and returns its shared parts. */
export function checkParts(
  operation: string,
  kind: string,
  options: SyncOptions | undefined,
): SyncParts {
  if (options !== undefined) checkOptions(operation, options, SYNC_OPTIONS);
  return partsOf(kind, options);
}

/** Waiters of one object, oldest first. */
export class WaitQueue<T> extends WaiterList<T> implements WaitSource {
  readonly #parts: SyncParts;
  readonly #onRemoved: (() => void) | undefined;

  /** @param onRemoved - Called after each waiter that has left, whatever settled it. */
  constructor(parts: SyncParts, onRemoved?: () => void) {
    super();
    this.#parts = parts;
    this.#onRemoved = onRemoved;
  }

  get subject(): string {
    return this.#parts.subject;
  }

  override add(waiter: ListedWaiter<T>): void {
    super.add(waiter);
    this.#parts.board?.add(this);
  }

  override remove(settled: object): void {
    super.remove(settled);
    if (this.size === 0) this.#parts.board?.delete(this);
    this.#onRemoved?.();
  }

  /** Waits here, unless the condition of the call is met already. @param value - What the call gets then */
  until(operation: string, isMet: boolean, value: T, options: WaitOptions | undefined): Promise<T> {
    try {
      checkWaitOptions(operation, options);
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    if (isMet) return this.#parts.budget.pay(value);
    return this.wait(operation, this.#parts.clock, options);
  }

  /** Settles a waiter with a value, at once or when the budget allows it; from now on it can no longer be cancelled. */
  grant(waiter: ListedWaiter<T>, value: T): void {
    const refill = this.#parts.budget.spend();
    if (refill === undefined) waiter.resolve(value);
    // A promise resolves to what the other one resolves to.
    else waiter.resolve(refill.then(() => value) as T);
  }

  /** Settles every waiter with the same value. */
  grantAll(value: T): void {
    for (let waiter = this.first; waiter !== undefined; waiter = this.first) {
      this.grant(waiter, value);
    }
  }

  /** Rejects every waiter, each with an error about its own call. */
  failAll(errorOf: (operation: string) => unknown): void {
    for (let waiter = this.first; waiter !== undefined; waiter = this.first) {
      waiter.reject(errorOf(waiter.operation));
    }
  }
}

/** What a receiving call gets: a value or `null` at the end; a step of a `for await`, either of them as its result. */
export type Received<T> = T | null | IteratorResult<T, undefined>;

/** The end, as a step of a `for await` gets it. */
export const END: IteratorReturnResult<undefined> = Object.freeze({ value: undefined, done: true });

class ReceiveWaiter<T> extends ListedWaiter<Received<T>> {
  isStep = false;
}

/** Waiters for the values of a channel. */
export class ReceiveQueue<T> extends WaitQueue<Received<T>> {
  /** Waits for the next value. @param isStep - Whether it is a step of a `for await`, which `null` does not confuse */
  receive(isStep: boolean, clock: Clock, options: WaitOptions | undefined): Promise<Received<T>> {
    const waiter = new ReceiveWaiter<T>('receive', clock, options);
    waiter.isStep = isStep;
    this.add(waiter);
    return waiter.promise;
  }

  /** Gives a value to the oldest waiter; the caller has checked that there is one. */
  give(value: T): void {
    const waiter = this.first as ReceiveWaiter<T>;
    this.grant(waiter, waiter.isStep ? { value, done: false } : value);
  }

  /** Gives the end to every waiter. */
  giveEnd(): void {
    for (let waiter = this.first; waiter !== undefined; waiter = this.first) {
      this.grant(waiter, (waiter as ReceiveWaiter<T>).isStep ? END : null);
    }
  }
}

/**
 * An iteration over a wait. Leaving it ends a step that waits, and takes nothing: every later value stays where it is.
 *
 * @param take - Makes a step; passes the options on to its wait as they are.
 * @param end - What that wait settles with when the iteration is left.
 */
export function stepsOf<T>(
  take: (wait: HeldWait) => Promise<IteratorResult<T, undefined>>,
  end: unknown,
): AsyncIterator<T, undefined> {
  const wait = new HeldWait(undefined);
  let isLeft = false;
  return {
    next: () => (isLeft ? Promise.resolve(END) : take(wait)),
    return: () => {
      isLeft = true;
      (wait.waiter as Waiter<unknown> | undefined)?.resolve(end);
      return Promise.resolve(END);
    },
  };
}

/** The waits of several queues, as snapshots show them. */
export function waitsOf(
  { clock }: SyncParts,
  ...queues: readonly { describe(now: number, into: WaitInfo[]): void }[]
): readonly WaitInfo[] {
  const waits: WaitInfo[] = [];
  const now = clock.now();
  for (const queue of queues) queue.describe(now, waits);
  return Object.freeze(waits);
}
