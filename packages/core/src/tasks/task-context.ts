/**
 * What a task's function holds: its name, its signal, and the ways to spawn more.
 *
 * The functions of a context can be taken out of it (`async ({ signal, spawn }) => …`). Waiting in them is a place where
 * an abort comes through: `sleep` and `yieldNow` throw the abort's reason, so that a loop that does nothing else ends.
 */

import type { Clock } from '../vocabulary/clock.ts';
import type { GroupOptions, TaskGroup } from './task-group.ts';
import type { Task } from './task.ts';
import { beginTrace } from '../waiting/wait-trace.ts';
import type { WaitInfo } from '../waiting/waiter.ts';

/** How far a task is. `pending` → `running` → `done` or `failed`; `aborted` from the first two. */
export type TaskState = 'pending' | 'running' | 'done' | 'failed' | 'aborted';

/** Options of a task. */
export interface TaskOptions {
  /** What snapshots and errors call it. @default the function's name, or 'task' */
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
   * connection. Must not throw. A function; or a stream, or anything else that is reset.
   */
  readonly onAbort?: ((reason: unknown) => void) | Abortable | undefined;
}

/** What can be broken off, such as a `ByteStream`. */
export interface Abortable {
  /** Breaks it off, at once and without throwing. */
  reset(reason: unknown): void;
}

/** What a task's function is given. */
export interface TaskContext {
  /** What the task is called. */
  readonly name: string;
  /** Aborts when the task is aborted. Made when it is first asked for. */
  readonly signal: AbortSignal;
  /**
   * Spawns a child: it is aborted with this task, and may outlive its end.
   *
   * @throws the abort's reason when this task was aborted; `ClosedError` when it has ended; as `Executor.spawn`.
   */
  readonly spawn: <T>(run: TaskFunction<T>, options?: TaskOptions) => Task<T>;
  /**
   * Runs a block whose tasks end with it, as `Executor.group`; its tasks are children of this task.
   *
   * @throws as `Executor.group`; the abort's reason when this task was aborted meanwhile.
   */
  readonly group: <T>(
    body: (group: TaskGroup) => T | Promise<T>,
    options?: GroupOptions,
  ) => Promise<T>;
  /** Lets the events that are ready now have their turn. @throws the abort's reason */
  readonly yieldNow: () => Promise<void>;
  /** Waits. @throws the abort's reason; the timer is gone then */
  readonly sleep: (milliseconds: number) => Promise<void>;
  /**
   * Has the task go on when its function has returned, until it is released: for what says itself when it is over, as a
   * server's connection does. To wait for the end of a promise instead takes a quarter of a kilobyte, for each of ten
   * thousand connections that do nothing.
   *
   * To be called before the function has returned. A task that is never released keeps its slot, and `idle()`, groups and
   * shutdowns waiting; one that was aborted has to be released as well. What the function returns is the result, what it
   * throws ends the task at once.
   *
   * @returns What releases it. One task has one hold, however often it is asked for.
   */
  readonly hold: () => TaskLease;
}

/** A task that goes on until it is released: see {@link TaskContext.hold}. */
export interface TaskLease {
  /** The task ends when its function has returned, or now. The second call does nothing. */
  release(): void;
}

/** What a task runs. */
export type TaskFunction<T> = (context: TaskContext) => T | Promise<T>;

/** What a task needs of its executor. */
export interface TaskHost {
  readonly clock: Clock;
  spawnChild<T>(parent: Task<unknown>, run: TaskFunction<T>, options?: TaskOptions): Task<T>;
  groupIn<T>(
    parent: Task<unknown>,
    body: (group: TaskGroup) => T | Promise<T>,
    options?: GroupOptions,
  ): Promise<T>;
  onEnded(task: Task<unknown>): void;
  onUnheardFailure(error: unknown, task: Task<unknown>): void;
}

/** Somebody who sees to the failures of a task, so that the executor need not: its group. */
export interface TaskSupervisor {
  onFailure(error: unknown): void;
  onEnded(task: Task<unknown>): void;
}

/** One task of a snapshot. */
export interface TaskInfo {
  /** Counts the executor’s tasks from 1. */
  readonly id: number;
  /** What the task is called. */
  readonly name: string;
  /** How far it is. */
  readonly state: TaskState;
  /** Milliseconds since it was spawned. */
  readonly age: number;
  /** The task that it is aborted with. */
  readonly parent?: number | undefined;
  /** Where it was spawned, when `traceWaits` is on. */
  readonly site?: string | undefined;
  /** What it waits for, when `traceWaits` is on; else empty. */
  readonly waits: readonly WaitInfo[];
}

export class Context implements TaskContext {
  readonly #task: Task<unknown>;
  readonly #host: TaskHost;

  constructor(task: Task<unknown>, host: TaskHost) {
    this.#task = task;
    this.#host = host;
  }

  get name(): string {
    return this.#task.name;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  // Made when they are asked for, and bound, so that they may be taken out of the context: most tasks use none of them,
  // and a server has a task for each of its connections.

  get spawn(): TaskContext['spawn'] {
    return (run, options) => this.#host.spawnChild(this.#task, run, options);
  }

  get group(): TaskContext['group'] {
    return (body, options) => this.#host.groupIn(this.#task, body, options);
  }

  get hold(): TaskContext['hold'] {
    return () => this.#task.hold();
  }

  get yieldNow(): TaskContext['yieldNow'] {
    return async () => {
      this.#task.throwIfAborted();
      await new Promise<void>((resolve) => {
        this.#host.clock.defer(resolve);
      });
      this.#task.throwIfAborted();
    };
  }

  get sleep(): TaskContext['sleep'] {
    return async (milliseconds) => {
      const { clock } = this.#host;
      const trace = beginTrace('sleep', clock.now());
      try {
        await clock.sleep(milliseconds, { signal: this.#task.signal });
      } finally {
        trace?.end();
      }
    };
  }
}
