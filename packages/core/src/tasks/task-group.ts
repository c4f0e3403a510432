/**
 * Structured concurrency: tasks that do not outlive the block that spawned them (trio's nursery, Python's TaskGroup).
 *
 * The group ends when its body and every task in it have ended. The first failure aborts the others; all are awaited
 * before it is told, so nothing of a group runs on after it.
 *
 * What is a failure: an error of a task or of the body, a task's timeout, the group's own signal or timeout. What is
 * none: an abort that somebody asked for, of one task (`task.abort()`, the signal it was spawned with) or of all
 * (`abortAll`); and what a task throws because it was aborted.
 */

import { watchAbort, type AbortRegistration, type AbortWatcher } from '../waiting/abort-watch.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { deferred, type Deferred } from '../waiting/deferred.ts';
import { ClosedError, invalidInput, TimeoutError } from '../vocabulary/errors.ts';
import type { TaskFunction, TaskOptions, TaskSupervisor } from './task-context.ts';
import type { Task } from './task.ts';
import { checkWaitOptions, ListedWaiter, WaiterList, type WaitOptions } from '../waiting/waiter.ts';

/** Options of a group: `signal` and `timeout` abort all of it, and what it then throws is the reason. */
export interface GroupOptions extends WaitOptions {
  /**
   * Keeps every task that has ended until `joinNext` takes it. Off by default, since a group that lives long and is
   * never asked would keep them all. @default false
   */
  readonly joinable?: boolean | undefined;
}

/** A task of a group that has ended, as `joinNext` gives it. */
export type Joined<T = unknown> = { readonly task: Task<T> } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }
);

type Spawn = <T>(run: TaskFunction<T>, options?: TaskOptions) => Task<T>;

/**
 * The group that `Executor.group` gives to its body.
 *
 * @example
 * ```ts
 * import { Executor } from '@awaitio/core';
 *
 * await new Executor().group(
 *   async (group) => {
 *     for (const n of [3, 1, 2]) group.spawn(async ({ sleep }) => (await sleep(10 * n), n));
 *     for await (const joined of group) console.log(joined.ok && joined.value); // 1, 2, 3
 *   },
 *   { joinable: true },
 * );
 * ```
 */
export class TaskGroup implements TaskSupervisor, AbortWatcher {
  readonly #spawn: Spawn;
  readonly #clock: Clock;
  readonly #isJoinable: boolean;
  readonly #open = new Set<Task<unknown>>();
  readonly #joined: Joined[] = [];
  readonly #joins = new WaiterList<Joined | undefined>();
  readonly #failures: unknown[] = [];
  /** Why the group takes no more tasks. */
  #abort: { readonly reason: unknown } | undefined;
  #controller: AbortController | undefined;
  #registration: AbortRegistration | undefined;
  readonly #timer: Timer | undefined;
  #empty: Deferred<void> | undefined;
  #hasEnded = false;

  /** @internal Groups come from `Executor.group`. */
  constructor(spawn: Spawn, clock: Clock, options: GroupOptions | undefined) {
    this.#spawn = spawn;
    this.#clock = clock;
    this.#isJoinable = options?.joinable === true;
    if (options === undefined) return;
    const { signal, timeout } = options;
    if (signal !== undefined) this.#registration = watchAbort(signal, this);
    if (timeout !== undefined && timeout !== Infinity) {
      this.#timer = clock.setTimer(() => {
        this.onFailure(new TimeoutError('group', timeout));
      }, timeout);
    }
  }

  /** How many of its tasks have not ended. */
  get size(): number {
    return this.#open.size;
  }

  /** Aborts when the group does: for what the body itself waits for. Made when it is first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abort !== undefined) this.#controller.abort(this.#abort.reason);
    }
    return this.#controller.signal;
  }

  /**
   * Spawns a task that ends before the group does. Tasks of the group may spawn more, also after the body has ended.
   *
   * @throws `ClosedError` when the group has ended or was aborted; as `Executor.spawn`.
   */
  spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> {
    if (this.#hasEnded || this.#abort !== undefined) {
      throw new ClosedError('spawn: this group takes no more tasks', {
        code: 'ERR_GROUP_CLOSED',
        operation: 'spawn',
        cause: this.#abort?.reason,
      });
    }
    const task = this.#spawn(run, options);
    task.supervise(this);
    this.#open.add(task);
    return task;
  }

  /**
   * Waits for the next task that ends, in the order of their ends. A call given up takes no task.
   *
   * @returns The task and how it came out; `undefined` when none is left.
   * @throws `InvalidInputError` when the group was not made `joinable`; `TimeoutError`; `signal.reason`.
   */
  async joinNext(options?: WaitOptions): Promise<Joined | undefined> {
    if (!this.#isJoinable) {
      throw invalidInput('joinNext', 'joinable', 'true in the options of the group', false);
    }
    checkWaitOptions('joinNext', options);
    const joined = this.#joined.shift();
    if (joined !== undefined || this.#open.size === 0) return joined;
    const wait = new ListedWaiter<Joined | undefined>('joinNext', this.#clock, options);
    this.#joins.add(wait);
    return wait.promise;
  }

  /** Gives the tasks as they end, until none is left; as {@link TaskGroup.joinNext}. */
  async *[Symbol.asyncIterator](): AsyncIterator<Joined> {
    for (let joined = await this.joinNext(); joined !== undefined; joined = await this.joinNext()) {
      yield joined;
    }
  }

  /**
   * Aborts every task of the group; it takes no more. The group does not fail by it.
   *
   * @param reason - As for `Task.abort`. @default a `ClosedError`
   */
  abortAll(reason: unknown = abortedGroup()): void {
    if (this.#abort !== undefined) return;
    this.#abort = { reason };
    this.#controller?.abort(reason);
    for (const task of this.#open) task.abort(reason);
  }

  /** The signal over it aborted. @internal */
  onAbort(reason: unknown): void {
    this.#registration = undefined;
    this.onFailure(reason);
  }

  /** @internal A task of it failed, or something over it did. */
  onFailure(error: unknown): void {
    // The same failure may come twice: from the task, and from the body that awaited it.
    if (!this.#failures.includes(error)) this.#failures.push(error);
    this.abortAll(error);
  }

  /** @internal A task of it has ended. */
  onEnded(task: Task<unknown>): void {
    this.#open.delete(task);
    if (this.#isJoinable) this.#hand(joinedOf(task));
    if (this.#open.size > 0) return;
    this.#joins.resolveAll(undefined);
    this.#empty?.resolve();
    this.#empty = undefined;
  }

  /** @internal Waits for every task and throws what failed. */
  async end(bodyFailure: { readonly error: unknown } | undefined): Promise<void> {
    if (bodyFailure !== undefined) this.onFailure(bodyFailure.error);
    while (this.#open.size > 0) {
      this.#empty ??= deferred<void>();
      await this.#empty.promise;
    }
    this.#hasEnded = true;
    this.#registration?.remove();
    this.#timer?.cancel();
    const [first, ...others] = this.#failures;
    if (this.#failures.length === 0) return;
    if (others.length === 0) throw first;
    throw new AggregateError(this.#failures, `${this.#failures.length} tasks of the group failed`, {
      cause: first,
    });
  }

  /** To the one who has waited longest, or to the next who asks. */
  #hand(joined: Joined): void {
    const wait = this.#joins.first;
    if (wait === undefined) this.#joined.push(joined);
    else wait.resolve(joined);
  }
}

function joinedOf(task: Task<unknown>): Joined {
  const { outcome } = task;
  if (outcome === undefined) throw new Error(`the task ${task.name} ended without an outcome`);
  return Object.freeze(
    'value' in outcome
      ? { task, ok: true as const, value: outcome.value }
      : { task, ok: false as const, error: outcome.error },
  );
}

function abortedGroup(): ClosedError {
  return new ClosedError('group: its tasks were aborted', {
    code: 'ERR_TASK_ABORTED',
    operation: 'group',
  });
}
