/** What a task, its context, its group and its executor need of each other; users see only {@link TaskLease}. */

import type { Clock } from '../vocabulary/clock.ts';
import type { GroupOptions, Task, TaskFunction, TaskGroup, TaskOptions } from './task-types.ts';

/** The outcome of a task. */
export type TaskOutcome = { readonly value: unknown } | { readonly error: unknown };

/** Keeps a task running after its function has returned: see `holdTask`. */
export interface TaskLease {
  /** The id of the task, unique on its executor. */
  readonly id: number;
  readonly name: string;
  /** Lets the task end when its function has returned, or now. The second call does nothing. */
  release(): void;
}

/** What a context needs of its task. */
export interface ContextTask {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly isAmbient: boolean;
  throwIfAborted(): void;
  hold(): TaskLease;
}

/** What a group needs of its tasks. */
export interface SupervisedTask<T> extends Task<T> {
  readonly supervisor: TaskSupervisor | undefined;
  readonly outcome: TaskOutcome | undefined;
  /** From now on the task's failures go to `supervisor`, and not to the executor. */
  supervise(supervisor: TaskSupervisor): void;
}

/** Handles the failures of a task in place of the executor: its group. */
export interface TaskSupervisor {
  /** One of its tasks has spawned another. */
  adopt(task: SupervisedTask<unknown>): void;
  onFailure(error: unknown): void;
  onEnded(task: SupervisedTask<unknown>): void;
}

/** What a task and its context need of their executor. */
export interface TaskHost<Parent> {
  readonly clock: Clock;
  spawnChild<T>(parent: Parent, run: TaskFunction<T>, options?: TaskOptions): Task<T>;
  groupIn<T>(
    parent: Parent,
    body: (group: TaskGroup) => T | Promise<T>,
    options?: GroupOptions,
  ): Promise<T>;
  onEnded(task: Parent): void;
  /** The task failed, and is neither awaited nor in a group. */
  onUnobservedFailure(error: unknown, task: Task<unknown>): void;
}
