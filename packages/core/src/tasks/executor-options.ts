/** What an executor is told and tells: its options and the checks of them, its counts, its report, its last resort. */

import type { Clock } from '../vocabulary/clock.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import type { Abortable, TaskOptions } from './task-context.ts';
import type { Task } from './task.ts';
import { checkWaitOptions } from '../waiting/waiter.ts';

/** Options of an `Executor`. */
export interface ExecutorOptions {
  /** The most tasks running at a time. @default Infinity */
  readonly concurrency?: number | undefined;
  /** The most tasks waiting for a slot; one more is refused. @default Infinity */
  readonly maxPending?: number | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Hears of failures that nobody awaits. @default one line on stderr */
  readonly onTaskError?: ((error: unknown, task: Task<unknown>) => void) | undefined;
  /** What errors call it. @default 'executor' */
  readonly name?: string | undefined;
}

/** A snapshot of an executor's counts. */
export interface ExecutorStatistics {
  /** Tasks that wait for a slot. */
  readonly pending: number;
  /** Tasks whose function has not returned, or that are held; those that were aborted included. */
  readonly running: number;
  /** Tasks that ended since the executor was made, by how they came out. */
  readonly done: number;
  readonly failed: number;
  readonly aborted: number;
}

/** What `Executor.shutdown` did. */
export interface ExecutorReport {
  /** Tasks that ended by themselves during the shutdown. */
  readonly finished: number;
  /** Names of the tasks that were aborted at the deadline. */
  readonly aborted: readonly string[];
  /** Names of those whose function goes on all the same, or that were not released. */
  readonly stuck: readonly string[];
}

export function checkTaskOptions(options: TaskOptions | undefined): void {
  if (options === undefined) return;
  checkWaitOptions('spawn', options);
  const { name, priority, onAbort } = options;
  if (name !== undefined && typeof name !== 'string') {
    throw invalidInput('spawn', 'name', 'a string', name);
  }
  if (priority !== undefined && !Number.isFinite(priority)) {
    throw invalidInput('spawn', 'priority', 'a finite number', priority);
  }
  if (onAbort === undefined || typeof onAbort === 'function') return;
  // Called while others wait to be aborted too: it must not be found to be wrong then.
  if (typeof (onAbort as Abortable | null)?.reset !== 'function') {
    throw invalidInput('spawn', 'onAbort', 'a function, or an object with a method reset', onAbort);
  }
}

export function checkBound(name: string, value: number | undefined, least: number): number {
  if (value === undefined || value === Infinity) return Infinity;
  if (Number.isInteger(value) && value >= least) return value;
  throw invalidInput('Executor', name, `a whole number from ${least}, or Infinity`, value);
}

export function printFailure(error: unknown, task: Task<unknown>): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // oxlint-disable-next-line no-console -- the last resort, when the program has named nobody to tell
  console.error(`awaitio: task ${task.name} failed and nobody awaits it: ${what}`);
}
