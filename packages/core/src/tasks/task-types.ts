/**
 * What users see of tasks: a task, the context of its function, a group, and their options.
 *
 * These types refer to each other (a task's context spawns tasks and makes groups, a group gives its tasks back), so they
 * stand in one file; the classes behind them, `SpawnedTask`, `Context` and `Group`, know this file and not each other's.
 */

import { rules, type OptionTable } from '../vocabulary/check.ts';
import { WAIT_OPTIONS, type WaitInfo, type WaitOptions } from '../waiting/waiter.ts';

/** The state of a task: `pending` → `running` → `done` or `failed`; `aborted` from the first two. */
export type TaskState = 'pending' | 'running' | 'done' | 'failed' | 'aborted';

/**
 * A spawned function; `await` gives its result, or throws its failure or the abort's reason.
 *
 * A failure that is not awaited goes to the executor's `onTaskError`; it is never an unhandled rejection.
 *
 * @example
 * ```ts
 * import { Executor } from '@awaitio/core';
 *
 * const executor = new Executor();
 * const task = executor.spawn(async ({ sleep }) => {
 *   await sleep(60_000);
 *   return 'slept well';
 * });
 * task.abort('wake up');
 * console.log(await task.catch((reason) => reason), task.state); // wake up aborted
 * ```
 */
export interface Task<T> extends PromiseLike<T> {
  /** Unique on its executor. */
  readonly id: number;
  /** The name used by snapshots and errors. */
  readonly name: string;
  /** Among tasks that wait for a slot, higher ones go first. */
  readonly priority: number;
  /** See {@link TaskState}. */
  readonly state: TaskState;
  /** Resolves when the task's function has returned or thrown, whatever the outcome; never rejects. No scope ends the wait. */
  readonly ended: Promise<void>;
  /** As `Promise.prototype.catch`. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B>;
  /** As `Promise.prototype.finally`. */
  finally(onSettled?: (() => void) | null): Promise<T>;
  /**
   * Aborts the task and its children. A task that waits for a slot never runs. What a running one waits for in awaitio rejects
   * with a `CancelledError`, and its signal aborts with it. Awaiting the task throws `reason` when its function has ended.
   * Does nothing when the outcome is decided.
   *
   * @param reason - Thrown by `await task`; in the task it is the `cause` of the `CancelledError`. @default a `ClosedError`
   */
  abort(reason?: unknown): void;
  /** Aborts the task, and waits until its function has ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of a task. */
export interface TaskOptions {
  /** The name used by snapshots and errors. @default the function's name, or 'task' */
  readonly name?: string | undefined;
  /** Among tasks that wait for a slot, higher ones go first. @default 0 */
  readonly priority?: number | undefined;
  /** Aborts the task when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds from the spawn until the task is aborted with a `TimeoutError`, which counts as its failure.
   * @default no limit
   */
  readonly timeout?: number | undefined;
  /**
   * Called at once when the task is aborted: for what must not wait until its function looks at its signal, such as a
   * connection. What it throws goes to the executor's `onTaskError`. A function, or an object to reset, such as a stream.
   */
  readonly onAbort?: ((reason: unknown) => void) | Abortable | undefined;
}

/** What an abort can reset, such as a `ByteStream`. */
export interface Abortable {
  /** Ends it at once, without throwing. */
  reset(reason: unknown): void;
}

/** What a task runs. */
export type TaskFunction<T> = (context: TaskContext) => T | Promise<T>;

/** The argument of a task's function. Its functions may be taken out of it: `async ({ signal, spawn }) => …`. */
export interface TaskContext {
  /** The name of the task. */
  readonly name: string;
  /** Aborts, with a `CancelledError`, when the task is aborted: for what is not awaitio’s. Created on first use. */
  readonly signal: AbortSignal;
  /**
   * Spawns a child: it is aborted with this task, and may outlive its end. In a group it is a task of the group.
   *
   * @throws `CancelledError` when this task was aborted, except under a shield in it; `ClosedError` when it has ended; as `Executor.spawn`.
   */
  readonly spawn: <T>(run: TaskFunction<T>, options?: TaskOptions) => Task<T>;
  /**
   * Runs a block whose tasks end with it, as `Executor.group`; its tasks are children of this task.
   *
   * @throws as `Executor.group`; `CancelledError` when this task was aborted.
   */
  readonly group: <T>(
    body: (group: TaskGroup) => T | Promise<T>,
    options?: GroupOptions,
  ) => Promise<T>;
  /** Lets the event loop handle the events that are ready now. @throws `CancelledError` when the task was aborted */
  readonly yieldNow: () => Promise<void>;
  /** Waits. @throws `CancelledError` when the task is aborted; the timer is cancelled then */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** What can spawn tasks: an `Executor`, a {@link TaskGroup}, a {@link TaskContext}. */
export interface Spawner {
  /** Spawns a task: see `Executor.spawn`. */
  spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T>;
  /** Whether a task spawned now would begin at once; only where tasks wait for slots, as on an `Executor`. */
  readonly hasFreeSlot?: boolean | undefined;
  /** Waits until a task spawned now would begin at once: see `Executor.freeSlot`. */
  freeSlot?(options?: WaitOptions): Promise<void>;
}

/** Options of a group: `signal` and `timeout` abort all of it, and the group then throws the reason. */
export interface GroupOptions extends WaitOptions {
  /**
   * Keeps every task that has ended until `joinNext` takes it. Off by default: a group that lives long and whose tasks are
   * never joined would keep them all. @default false
   */
  readonly joinable?: boolean | undefined;
}

/** What {@link GroupOptions} may be. */
export const GROUP_OPTIONS: OptionTable<GroupOptions> = {
  ...WAIT_OPTIONS,
  joinable: rules.flag,
};

/** A task of a group that has ended, as `joinNext` gives it. */
export type Joined<T = unknown> = { readonly task: Task<T> } & (
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown }
);

/**
 * The group that `Executor.group` gives to its body. Its functions may be taken out of it: `({ spawn }) => …`. Iterating it gives
 * the tasks as they end, until none is left.
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
export interface TaskGroup extends AsyncIterable<Joined> {
  /** The number of its tasks that have not ended. */
  readonly size: number;
  /** Aborts, with a `CancelledError`, when its tasks are aborted: for what is not awaitio’s. Created on first use. */
  readonly signal: AbortSignal;
  /**
   * Spawns a task that ends before the group does. Tasks of the group may spawn more, also after the body has ended: with this,
   * or as their children.
   *
   * @throws `ClosedError` when the group has ended or was aborted; as `Executor.spawn`.
   */
  spawn<T>(this: void, run: TaskFunction<T>, options?: TaskOptions): Task<T>;
  /**
   * Waits for the next task that ends, in the order of their ends. A cancelled call takes no task.
   *
   * @returns The task and its outcome; `undefined` when none is left.
   * @throws `InvalidInputError` when the group was not made `joinable`; `TimeoutError`; `signal.reason`.
   */
  joinNext(this: void, options?: WaitOptions): Promise<Joined | undefined>;
  /**
   * Iterates over the tasks that end, until none is left: `for await` with a signal, and a timeout for each, in
   * milliseconds. Leaving the loop ends a pending wait at once and takes no task.
   *
   * @throws in the loop as {@link TaskGroup.joinNext}; `InvalidInputError` at once for a wrong option.
   */
  joined(this: void, options?: WaitOptions): AsyncIterableIterator<Joined>;
  /** As {@link TaskGroup.joined}, without a signal or a timeout. */
  [Symbol.asyncIterator](): AsyncIterator<Joined, undefined>;
  /**
   * Aborts every task of the group; it takes no more. This does not make the group fail.
   *
   * @param reason - As for `Task.abort`. @default a `ClosedError`
   */
  abortAll(this: void, reason?: unknown): void;
  /** Aborts every task of the group, and waits until all have ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** One task of a snapshot. */
export interface TaskInfo {
  /** Counts the executor’s tasks from 1. */
  readonly id: number;
  /** The name of the task. */
  readonly name: string;
  /** See {@link TaskState}. */
  readonly state: TaskState;
  /** Milliseconds since it was spawned. */
  readonly age: number;
  /** The id of the task that it is aborted with. */
  readonly parent?: number | undefined;
  /** Where it was spawned, when `traceWaits` is on. */
  readonly site?: string | undefined;
  /** What it waits for, when `traceWaits` is on; else empty. */
  readonly waits: readonly WaitInfo[];
}
