/** What `await task` waits for: made on the first await, since most tasks of a server are never awaited. */

import type { Clock } from '../vocabulary/clock.ts';
import { currentScope, watchScope } from '../waiting/ambient.ts';
import { budgetOf } from '../waiting/budget.ts';
import { deferred } from '../waiting/deferred.ts';
import { beginTrace } from '../waiting/wait-trace.ts';
import type { TaskOutcome } from './task-host.ts';

const ignore = (): void => {};

export class TaskResult {
  readonly #result = deferred<unknown>();
  #isSettled = false;
  /** Awaits that will get the outcome: not those that the end of their scope was faster than. */
  #waits = 0;

  /** Whether a failure reaches a caller. */
  get isAwaited(): boolean {
    return this.#waits > 0;
  }

  settle(outcome: TaskOutcome): void {
    this.#isSettled = true;
    if ('value' in outcome) this.#result.resolve(outcome.value);
    else this.#result.reject(outcome.error);
  }

  /** The promise of one await: it ends with the scope of the caller as well, but a task that has ended has its result. */
  wait(name: string, clock: Clock): Promise<unknown> {
    const { promise } = this.#result;
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
    const trace = beginTrace(`task "${name}"`, clock.now());
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
