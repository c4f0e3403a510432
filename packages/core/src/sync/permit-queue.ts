/**
 * A number of permits, and who waits for some: what the semaphore and the mutex are made of.
 *
 * First come, first served, also for large requests: while the oldest waiter needs more permits than are free, no other call
 * gets any, so that small requests cannot starve it. A waiter that is cancelled makes way for the next one at once.
 */

import { checkWaitOptions, ListedWaiter, type WaitOptions } from '../waiting/waiter.ts';
import { WaitQueue, type SyncParts } from './wait-queue.ts';

class PermitWaiter<R> extends ListedWaiter<R> {
  count = 1;
  result: R | undefined;
}

/** @typeParam R - What a call gets when it has its permits. */
export class PermitQueue<R> extends WaitQueue<R> {
  readonly #parts: SyncParts;
  #free: number;
  #isServing = false;
  #closedError: ((operation: string) => Error) | undefined;

  constructor(parts: SyncParts, permits: number) {
    super(parts);
    this.#parts = parts;
    this.#free = permits;
  }

  get isClosed(): boolean {
    return this.#closedError !== undefined;
  }

  /** How many permits a call would get at once: none while another one waits. */
  get available(): number {
    return this.size > 0 ? 0 : this.#free;
  }

  /** How many permits are not taken, those that the oldest waiter will get included. */
  get free(): number {
    return this.#free;
  }

  tryTake(count: number): boolean {
    if (this.available < count) return false;
    this.#free -= count;
    return true;
  }

  /** Takes permits, and waits for them if it must; the caller has checked its other arguments. */
  take(operation: string, count: number, result: R, options: WaitOptions | undefined): Promise<R> {
    try {
      checkWaitOptions(operation, options);
      if (this.#closedError !== undefined) throw this.#closedError(operation);
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    if (this.tryTake(count)) return this.#parts.budget.pay(result);
    const waiter = new PermitWaiter<R>(operation, this.#parts.clock, options);
    waiter.count = count;
    waiter.result = result;
    this.add(waiter);
    return waiter.promise;
  }

  /** Puts permits back, or adds new ones. */
  give(count: number): void {
    this.#free += count;
    this.#serve();
  }

  /** Fails every waiter; permits can still be put back. */
  close(closedError: (operation: string) => Error): void {
    this.#closedError = closedError;
    this.failAll(closedError);
  }

  override remove(settled: object): void {
    super.remove(settled);
    this.#serve();
  }

  #serve(): void {
    // A grant removes its waiter, which comes back here.
    if (this.#isServing || this.isClosed) return;
    this.#isServing = true;
    for (;;) {
      const waiter = this.first as PermitWaiter<R> | undefined;
      if (waiter === undefined || waiter.count > this.#free) break;
      this.#free -= waiter.count;
      this.grant(waiter, waiter.result as R);
    }
    this.#isServing = false;
  }
}
