/**
 * Structured concurrency: tasks that do not outlive the block that spawned them (trio's nursery, Python's TaskGroup).
 *
 * The group ends when its body and every task in it have ended. The first failure aborts the others; all are awaited
 * before it is told, so nothing of a group runs on after it.
 */

import { deferred, type Deferred } from './deferred.ts';
import { ClosedError } from './errors.ts';
import type { Task, TaskFunction, TaskOptions } from './task.ts';

/** A task of a group that has ended, as `joinNext` gives it. */
export type Joined<T = unknown> = { readonly task: Task<T> } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }
);

/** The group that `Executor.group` gives to its body. */
export class TaskGroup {
  readonly #spawn: <T>(run: TaskFunction<T>, options?: TaskOptions) => Task<T>;
  readonly #open = new Set<Task<unknown>>();
  readonly #joined: Joined[] = [];
  readonly #failures: unknown[] = [];
  #next: Deferred<void> | undefined;
  #empty: Deferred<void> | undefined;
  #isClosed = false;
  #isAborted = false;

  /** @internal */
  constructor(spawn: <T>(run: TaskFunction<T>, options?: TaskOptions) => Task<T>) {
    this.#spawn = spawn;
  }

  /** How many of its tasks have not ended. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Spawns a task that ends before the group does.
   *
   * @throws `ClosedError` when the group has ended or was aborted; as `Executor.spawn`.
   */
  spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> {
    if (this.#isClosed || this.#isAborted) {
      throw new ClosedError('spawn: this group takes no more tasks', {
        code: 'ERR_GROUP_CLOSED',
        operation: 'spawn',
      });
    }
    const task = this.#spawn(run, options);
    task.markHeard();
    this.#open.add(task as Task<unknown>);
    void this.#follow(task as Task<unknown>);
    return task;
  }

  /** Waits for the next task that ends, in the order of their ends; `undefined` when none is left. */
  async joinNext(): Promise<Joined | undefined> {
    while (this.#joined.length === 0 && this.#open.size > 0) {
      this.#next ??= deferred<void>();
      await this.#next.promise;
    }
    return this.#joined.shift();
  }

  /** Aborts every task of the group; it takes no more. */
  abortAll(reason?: unknown): void {
    this.#isAborted = true;
    for (const task of this.#open) task.abort(reason);
  }

  /** @internal Waits for every task and throws what failed. */
  async end(bodyFailure: { readonly error: unknown } | undefined): Promise<void> {
    if (bodyFailure !== undefined) {
      this.#failures.unshift(bodyFailure.error);
      this.abortAll(bodyFailure.error);
    }
    while (this.#open.size > 0) {
      this.#empty ??= deferred<void>();
      await this.#empty.promise;
    }
    this.#isClosed = true;
    const [first, ...others] = this.#failures;
    if (this.#failures.length === 0) return;
    if (others.length === 0) throw first;
    throw new AggregateError(this.#failures, `${this.#failures.length} tasks of the group failed`, {
      cause: first,
    });
  }

  async #follow(task: Task<unknown>): Promise<void> {
    let joined: Joined;
    try {
      joined = { task, ok: true, value: await task };
    } catch (error) {
      joined = { task, ok: false, error };
      // What was aborted because another failed is a consequence and not a failure of its own.
      if (task.state === 'failed' || !this.#isAborted) {
        if (task.state === 'failed') this.#failures.push(error);
        this.abortAll(error);
      }
    }
    await task.ended;
    this.#open.delete(task);
    this.#joined.push(joined);
    this.#next?.resolve();
    this.#next = undefined;
    if (this.#open.size > 0) return;
    this.#empty?.resolve();
    this.#empty = undefined;
  }
}
