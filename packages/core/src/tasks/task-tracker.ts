/**
 * A tracker: waits for tasks that others handle (tokio-util's `TaskTracker`).
 *
 * A group decides about its tasks: it aborts them together and fails when one fails. A tracker only counts: a failure
 * concerns one task only, and a task that has ended is forgotten at once, so that a server may track every connection it
 * ever had. `wait()` needs `close()` first, since an empty tracker that is open may be one to which nothing was added yet.
 */

import { invalidInput } from '../vocabulary/errors.ts';
import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { clockOf } from '../waiting/system-clock.ts';
import { budgetOf } from '../waiting/budget.ts';
import { checkWaitOptions, WaiterList, type WaitOptions } from '../waiting/waiter.ts';
import { defaultExecutor } from './executor.ts';
import type { Spawner, Task, TaskFunction, TaskOptions } from './task-types.ts';

/** Options of a {@link TaskTracker}. */
export interface TaskTrackerOptions {
  /** Spawns its tasks: an executor, a group or a task's context. @default the process's executor */
  readonly executor?: Spawner | undefined;
  /** The clock of the timeouts of `wait`. @default the system's clock, or that of the simulation */
  readonly clock?: Clock | undefined;
}

const TASK_TRACKER_OPTIONS: OptionTable<TaskTrackerOptions> = {
  executor: rules.method('spawn'),
  clock: rules.clock,
};

/**
 * Counts tasks until they have ended.
 *
 * @example
 * ```ts
 * import { TaskTracker } from '@awaitio/core';
 *
 * const tracker = new TaskTracker();
 * for (const n of [1, 2, 3]) tracker.spawn(({ sleep }) => sleep(n));
 * tracker.close();
 * await tracker.wait({ timeout: 1_000 });
 * console.log(tracker.size); // 0
 * ```
 */
export class TaskTracker {
  readonly #spawner: Spawner;
  readonly #clock: Clock;
  /** A `Set`, and no `MemberList`: a task may be tracked twice, and by several trackers. */
  readonly #tasks = new Set<Task<unknown>>();
  readonly #waits = new WaiterList<void>();
  #isClosed = false;

  /** @throws `InvalidInputError` for a wrong option. */
  constructor(options?: TaskTrackerOptions) {
    if (options !== undefined) checkOptions('TaskTracker', options, TASK_TRACKER_OPTIONS);
    this.#spawner = options?.executor ?? defaultExecutor;
    this.#clock = clockOf(options?.clock);
  }

  /** The number of its tasks that have not ended. */
  get size(): number {
    return this.#tasks.size;
  }

  /** Whether it is closed, and not reopened. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Spawns a task and tracks it. @throws as `Executor.spawn` */
  spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> {
    return this.track(this.#spawner.spawn(run, options));
  }

  /**
   * Tracks a task until it has ended. Its failure goes where it would go without the tracker.
   *
   * Also possible on a closed tracker: its tasks may spawn others while it winds down.
   *
   * @returns The same task.
   */
  track<T>(task: Task<T>): Task<T> {
    if (typeof (task as Task<T> | null | undefined)?.ended?.then !== 'function') {
      throw invalidInput('track', 'task', 'a task of an executor', task);
    }
    if (this.#tasks.has(task)) return task;
    this.#tasks.add(task);
    const onEnded = (): void => {
      this.#tasks.delete(task);
      this.#settle();
    };
    void task.ended.then(onEnded, onEnded);
    return task;
  }

  /** Lets {@link TaskTracker.wait} settle when no task is left. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#settle();
  }

  /** Undoes {@link TaskTracker.close}; calls of `wait` go on waiting. */
  reopen(): void {
    this.#isClosed = false;
  }

  /**
   * Waits until the tracker is closed and every task has ended. A cancelled wait changes nothing.
   *
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  wait(options?: WaitOptions): Promise<void> {
    try {
      checkWaitOptions('wait', options);
    } catch (error) {
      return budgetOf(this.#clock).fail(error);
    }
    if (this.#isClosed && this.#tasks.size === 0) return budgetOf(this.#clock).pay(undefined);
    return this.#waits.wait('wait', this.#clock, options);
  }

  /** Aborts every task that it tracks now. @param reason - As for `Task.abort` */
  abortAll(reason?: unknown): void {
    for (const task of this.#tasks) task.abort(reason);
  }

  /** Closes the tracker, and waits until every task has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.wait();
  }

  #settle(): void {
    if (this.#isClosed && this.#tasks.size === 0) this.#waits.resolveAll();
  }
}
