/**
 * The context of a task: its name, its signal, and the ways to spawn more.
 *
 * Its waits are where an abort takes effect: `sleep` and `yieldNow` throw the `CancelledError` of the abort, so that a loop that does
 * nothing else ends.
 */

import { invalidInput } from '../vocabulary/errors.ts';
import { budgetOf } from '../waiting/budget.ts';
import { beginTrace, runFrom } from '../waiting/wait-trace.ts';
import type { ContextTask, TaskHost, TaskLease } from './task-host.ts';
import type { TaskContext } from './task-types.ts';

/** @typeParam T - The class of the tasks of its executor. */
export class Context<T extends ContextTask> implements TaskContext {
  readonly #task: T;
  readonly #host: TaskHost<T>;

  constructor(task: T, host: TaskHost<T>) {
    this.#task = task;
    this.#host = host;
  }

  /** For `holdTask`, which finds it by its name: also in the context of another copy of this package. */
  hold(): TaskLease {
    return this.#task.hold();
  }

  get name(): string {
    return this.#task.name;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  // Bound on each use, so that they may be taken out of the context: most tasks use none of them, and a server has a task
  // for each of its connections.

  get spawn(): TaskContext['spawn'] {
    return (run, options) => this.#host.spawnChild(this.#task, run, options);
  }

  get group(): TaskContext['group'] {
    return (body, options) => this.#host.groupIn(this.#task, body, options);
  }

  get yieldNow(): TaskContext['yieldNow'] {
    return async () => {
      try {
        this.#task.throwIfAborted();
      } catch (error) {
        return budgetOf(this.#host.clock).fail(error);
      }
      const trace = beginTrace('yieldNow', this.#host.clock.now());
      await new Promise<void>((resolve) => {
        this.#host.clock.defer(resolve);
      });
      trace?.end();
      this.#task.throwIfAborted();
    };
  }

  get sleep(): TaskContext['sleep'] {
    const sleep: TaskContext['sleep'] = (milliseconds) => {
      // Under a shield in the task a wait is not ended by its signal.
      const options = this.#task.isAmbient ? undefined : { signal: this.#task.signal };
      return runFrom(sleep, () => this.#host.clock.sleep(milliseconds, options));
    };
    return sleep;
  }
}

/**
 * Keeps a task running, and its slot taken, after its function has returned, until the lease is released: for work whose
 * end is an event and not a promise, such as a server's connection. A promise to wait for would take 250 bytes for each of
 * ten thousand idle connections.
 *
 * Call it before the function has returned. What the function returns is the result; what it throws ends the task at once.
 * A task whose lease is never released never ends: `idle()`, groups and shutdowns wait for it. An aborted task has to be
 * released as well.
 *
 * @param context - The context of the task.
 * @returns The lease. Every call for one task returns the same lease.
 * @throws `InvalidInputError` when `context` is not one that an executor made.
 */
export function holdTask(context: TaskContext): TaskLease {
  const holder = context as { hold?: () => TaskLease } | null | undefined;
  if (typeof holder?.hold === 'function') return holder.hold();
  throw invalidInput('holdTask', 'context', 'the context of a task', context);
}
