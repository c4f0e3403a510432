/** What `await task` waits for: made on the first await, since most tasks of a server are never awaited. */

import type { Clock } from '../vocabulary/clock.ts';
import { currentScope, watchScope } from '../waiting/ambient.ts';
import { budgetOf } from '../waiting/budget.ts';
import { beginTrace, isTraced } from '../waiting/wait-trace.ts';
import type { TaskOutcome } from './task-host.ts';

const ignore = (): void => {};

export class TaskResult {
  readonly #promise: Promise<unknown>;
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;
  #isSettled = false;
  /** Awaits that will get the outcome: not those that the end of their scope was faster than. */
  #waits = 0;

  constructor() {
    this.#promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Whether a failure reaches a caller. */
  get isAwaited(): boolean {
    return this.#waits > 0;
  }

  settle(outcome: TaskOutcome): void {
    this.#isSettled = true;
    if ('value' in outcome) this.#resolve(outcome.value);
    else this.#reject(outcome.error);
  }

  /**
   * The promise of one await: it ends with the scope of the caller as well, but a task that has ended has its result.
   *
   * Each await spends, as those of tokio's `JoinHandle` do: a loop over tasks that wait for nothing lets the event loop turn.
   */
  wait(name: string, clock: Clock): Promise<unknown> {
    const result = this.#wait(name, clock);
    const refill = budgetOf(clock).spend();
    return refill === undefined ? result : settledAfter(result, refill);
  }

  #wait(name: string, clock: Clock): Promise<unknown> {
    const promise = this.#promise;
    if (this.#isSettled) {
      this.#waits += 1;
      return promise;
    }
    const scope = currentScope();
    if (scope?.cancelled !== undefined) {
      // The outcome may have no other taker.
      promise.catch(ignore);
      return budgetOf(clock).fail(scope.cancelled);
    }
    this.#waits += 1;
    const trace = isTraced() ? beginTrace(`task "${name}"`, clock.now()) : undefined;
    if (scope === undefined && trace === undefined) return promise;
    return new Promise((resolve, reject) => {
      const watcher = {
        onAbort: (reason: unknown): void => {
          if (this.#isSettled) return;
          this.#waits -= 1;
          trace?.end();
          reject(reason);
        },
      };
      watchScope(watcher);
      const end = (): void => {
        scope?.unwatch(watcher);
        trace?.end();
      };
      promise.then(
        (value) => {
          end();
          resolve(value);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }
}

async function settledAfter(result: Promise<unknown>, refill: Promise<void>): Promise<unknown> {
  try {
    return await result;
  } finally {
    await refill;
  }
}
