/** Executor options and their checks, statistics, shutdown report, default error handler. */

import { describeFailure, printLine } from '../vocabulary/callbacks.ts';
import { rules, type OptionRule, type OptionTable } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { ClosedError, invalidInput } from '../vocabulary/errors.ts';
import { checkWaitValues } from '../waiting/waiter.ts';
import type { Abortable, Task, TaskOptions } from './task-types.ts';

/** Options of an `Executor`. */
export interface ExecutorOptions {
  /** The most tasks running at a time. @default Infinity */
  readonly concurrency?: number | undefined;
  /** The most tasks waiting for a slot; one more is refused. @default Infinity */
  readonly maxPending?: number | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Called with each failure of a task that is not awaited. @default one line on stderr */
  readonly onTaskError?: ((error: unknown, task: Task<unknown>) => void) | undefined;
  /** The name used by errors. @default 'executor' */
  readonly name?: string | undefined;
}

const boundFrom = (least: number): OptionRule => ({
  expected: `a whole number from ${least}, or Infinity`,
  accepts: (value) => value === Infinity || rules.whole(least).accepts(value),
});

/** What {@link ExecutorOptions} may be. */
export const EXECUTOR_OPTIONS: OptionTable<ExecutorOptions> = {
  concurrency: boundFrom(1),
  maxPending: boundFrom(0),
  clock: rules.clock,
  onTaskError: rules.function,
  name: rules.string,
};

/** Options of `Executor.shutdown`. */
export interface ExecutorShutdownOptions {
  /** Milliseconds until the tasks that have not ended are aborted; 0 aborts them at once. @default 5000 */
  readonly grace?: number | undefined;
}

/** What {@link ExecutorShutdownOptions} may be. */
export const EXECUTOR_SHUTDOWN_OPTIONS: OptionTable<ExecutorShutdownOptions> = {
  grace: rules.milliseconds,
};

/** A snapshot of an executor's counts. */
export interface ExecutorStatistics {
  /** Tasks that wait for a slot. */
  readonly pending: number;
  /** Tasks that have begun and not ended; aborted ones count until their function has returned. */
  readonly running: number;
  /** Tasks that ended with a result since the executor was made. */
  readonly done: number;
  /** Tasks that ended with a failure. */
  readonly failed: number;
  /** Tasks that were aborted, or timed out, and have ended. */
  readonly aborted: number;
}

/** What `Executor.shutdown` did. */
export interface ExecutorReport {
  /** Tasks that ended within the grace, done or failed. */
  readonly completed: number;
  /** Names of the tasks that were aborted when the grace was over. */
  readonly aborted: readonly string[];
  /** Names of those that have not ended after the abort either: they ignore their signal. */
  readonly stuck: readonly string[];
}

export function checkTaskOptions(options: TaskOptions | undefined): void {
  if (options === undefined) return;
  checkWaitValues('spawn', options);
  const { name, priority, onAbort } = options;
  if (name !== undefined && typeof name !== 'string') {
    throw invalidInput('spawn', 'name', 'a string', name);
  }
  if (priority !== undefined && !Number.isFinite(priority)) {
    throw invalidInput('spawn', 'priority', 'a finite number', priority);
  }
  if (onAbort === undefined || typeof onAbort === 'function') return;
  // Checked now: it is called amid an abort of other tasks, where it must not throw.
  if (typeof (onAbort as Abortable | null)?.reset !== 'function') {
    throw invalidInput('spawn', 'onAbort', 'a function, or an object with a method reset', onAbort);
  }
}

export function printFailure(error: unknown, task: Task<unknown>): void {
  printLine(`task ${task.name} failed and was not awaited: ${describeFailure(error)}`);
}

export function shutDownError(name: string, operation: string): ClosedError {
  return new ClosedError(`${operation}: ${name} was shut down`, {
    code: 'ERR_EXECUTOR_SHUT_DOWN',
    operation,
  });
}
