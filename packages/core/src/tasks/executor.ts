/**
 * The executor: every task passes through it.
 *
 * Outcomes, the tree of tasks, groups and shutdown are here and in the files of the task; which task begins when, where their
 * number is limited, is up to the slot queue. A task holds its slot until it has ended. A connection that is one task for its
 * whole life makes `concurrency` the limit of connections, which is why an accept loop waits for a free slot **before** it
 * accepts. A task that waits for another one holds its slot too: `concurrency` has to exceed the depth of such chains.
 *
 * Two collections are the whole state: the tasks that have not ended, and those of them that have not begun.
 */

import { callContained, failureOf, stderrSink } from '../vocabulary/callbacks.ts';
import { checkIsObject, checkOptions } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { invalidInput, LimitError, TimeoutError } from '../vocabulary/errors.ts';
import { platform } from '../vocabulary/platform.ts';
import { currentScope, outsideScopes } from '../waiting/ambient.ts';
import { budgetOf } from '../waiting/budget.ts';
import { charged } from '../waiting/charged.ts';
import { MemberList } from '../waiting/member-list.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { checkWaitOptions, WaiterList, type WaitOptions } from '../waiting/waiter.ts';
import {
  checkTaskOptions,
  EXECUTOR_OPTIONS,
  EXECUTOR_SHUTDOWN_OPTIONS,
  printFailure,
  shutDownError,
  type ExecutorOptions,
  type ExecutorReport,
  type ExecutorStatistics,
} from './executor-options.ts';
import { isTracingWaits } from '../waiting/wait-trace.ts';
import { executors } from './executors.ts';
import { FreeSlots } from './free-slots.ts';
import { readyOrderOf } from './ready-order.ts';
import { SlotQueue } from './slot-queue.ts';
import { Group } from './task-group.ts';
import type { TaskHost } from './task-host.ts';
import {
  GROUP_OPTIONS,
  type GroupOptions,
  type Spawner,
  type Task,
  type TaskFunction,
  type TaskGroup,
  type TaskInfo,
  type TaskOptions,
} from './task-types.ts';
import { SpawnedTask } from './task.ts';

/** Turns of the event loop that a shutdown gives to functions that react to their signal, after the abort. */
const CLEANUP_TURNS = 16;

/**
 * Runs tasks.
 *
 * @example
 * ```ts
 * import { Executor } from '@awaitio/core';
 *
 * const executor = new Executor({ concurrency: 2 });
 * const sum = await executor.group(async (group) => {
 *   const a = group.spawn(() => 1);
 *   const b = group.spawn(async () => 2);
 *   return (await a) + (await b);
 * });
 * console.log(sum); // 3
 * ```
 */
export class Executor implements Spawner {
  readonly #clock: Clock;
  readonly #maxPending: number;
  readonly #concurrency: number;
  readonly #name: string;
  readonly #onTaskError: NonNullable<ExecutorOptions['onTaskError']>;
  readonly #host: TaskHost<SpawnedTask<unknown>>;
  /** Tasks that have not ended. */
  readonly #tasks = new MemberList<SpawnedTask<unknown>>();
  /** Those of them that have not begun. */
  readonly #waiting: SlotQueue;
  readonly #counts = { done: 0, failed: 0, aborted: 0 };
  readonly #free: FreeSlots;
  readonly #idle = new WaiterList<void>();
  #nextId = 1;
  #isShutDown = false;

  /** @throws `InvalidInputError` for a wrong option. */
  constructor(options: ExecutorOptions = {}) {
    checkOptions('Executor', options, EXECUTOR_OPTIONS);
    this.#concurrency = options.concurrency ?? Infinity;
    this.#maxPending = options.maxPending ?? Infinity;
    this.#clock = options.clock ?? systemClock;
    this.#name = options.name ?? 'executor';
    this.#onTaskError = options.onTaskError ?? printFailure;
    this.#waiting = new SlotQueue(this.#concurrency, readyOrderOf(this.#clock));
    this.#free = new FreeSlots(this.#clock, () => this.#concurrency - this.#tasks.size);
    this.#host = {
      clock: this.#clock,
      spawnChild: (parent, run, childOptions) => {
        parent.checkParent();
        const task = this.#spawn(run, childOptions, parent, parent.isShielding);
        parent.supervisor?.adopt(task);
        return task;
      },
      groupIn: (parent, body, groupOptions) =>
        charged(this.#host, () => this.#group(body, groupOptions, parent)),
      onEnded: (task) => {
        this.#remove(task);
      },
      onUnobservedFailure: (error, task) => {
        this.#report(error, task);
      },
    };
    const [name, concurrency, maxPending] = [this.#name, this.#concurrency, this.#maxPending];
    // Those of a simulation are gone with it, and no part of the process: only a run that is traced is looked at.
    if (platform.clockOf !== undefined && !isTracingWaits()) return;
    executors.add(this, (executor, id) => ({ id, name, concurrency, maxPending, executor }));
  }

  /**
   * Spawns a task; it begins in a later microtask at the earliest.
   *
   * @returns The task, to be awaited, aborted or left alone.
   * @throws `LimitError` when `maxPending` tasks wait; `ClosedError` after `shutdown`; `signal.reason` for a signal that
   * has aborted; `InvalidInputError`.
   */
  spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> {
    return this.#spawn(run, options, undefined, false);
  }

  /**
   * Runs a block whose tasks end with it: the first failure aborts the others, all are awaited.
   *
   * A failure or the group's end ends the waits of the block, too: it runs in the group's scope.
   *
   * @param options - `signal`, `timeout`: abort the whole group; `joinable`: for `TaskGroup.joinNext`.
   * @returns What the block returned.
   * @throws the failure of the block or of a task; an `AggregateError` of several, with the first as its `cause`;
   * `signal.reason`; `TimeoutError`; `CancelledError` when a scope around it ended; `InvalidInputError`.
   */
  group<T>(body: (group: TaskGroup) => T | Promise<T>, options?: GroupOptions): Promise<T> {
    return charged(this.#host, () => this.#group(body, options, undefined));
  }

  /** Spawns `main` and waits for it. @throws as {@link Executor.spawn}, and what `main` throws */
  run<T>(main: TaskFunction<T>, options?: TaskOptions): Promise<T> {
    return charged(this.#host, async () => {
      if (options !== undefined) checkIsObject('run', options);
      return this.spawn(main, { name: 'main', ...options });
    });
  }

  /**
   * Waits until no task runs or waits. Called by a task of this executor it waits for that task, and so forever.
   *
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  idle(options?: WaitOptions): Promise<void> {
    return charged(this.#host, () => {
      checkWaitOptions('idle', options);
      if (this.#tasks.size > 0) return this.#idle.wait('idle', this.#clock, options);
      return undefined;
    });
  }

  /** Whether a task spawned now would begin at once. */
  get hasFreeSlot(): boolean {
    return this.#tasks.size < this.#concurrency;
  }

  /**
   * Waits until a task spawned now would begin at once; an accept loop calls it before it accepts.
   *
   * Of several calls as many settle as there are slots, in order. One that has not spawned by the next turn of the event loop
   * passes its slot on.
   *
   * @throws `ClosedError` when the executor is shut down, before or meanwhile; `TimeoutError`; `signal.reason`;
   * `InvalidInputError`.
   */
  freeSlot(options?: WaitOptions): Promise<void> {
    if (this.#isShutDown) return budgetOf(this.#clock).fail(shutDownError(this.#name, 'freeSlot'));
    return this.#free.wait(options);
  }

  /**
   * Takes no more tasks, waits up to `grace` for those there are, then aborts the rest.
   *
   * Running tasks may still spawn children until the abort. After it, functions get a few turns of the event loop to clean up.
   *
   * @param options - `grace`: milliseconds until the abort, 0 to abort at once. @default 5000
   * @throws `InvalidInputError` for a grace that is no number from 0.
   */
  shutdown(options?: { readonly grace?: number | undefined }): Promise<ExecutorReport> {
    return charged(this.#host, async () => {
      if (options !== undefined) checkOptions('shutdown', options, EXECUTOR_SHUTDOWN_OPTIONS);
      const grace = options?.grace ?? 5_000;
      this.#isShutDown = true;
      this.#free.close(shutDownError(this.#name, 'freeSlot'));
      const before = this.#counts.done + this.#counts.failed;
      if (grace > 0) await outsideScopes(() => this.#idleWithin(grace));
      const completed = this.#counts.done + this.#counts.failed - before;
      const aborted = [...this.#tasks].map((task) => task.name);
      this.#abortAll();
      for (let turn = 0; turn < CLEANUP_TURNS && this.#tasks.size > 0; turn += 1) {
        await new Promise<void>((resolve) => {
          this.#clock.defer(resolve);
        });
      }
      const stuck = [...this.#tasks].map((task) => task.name);
      return Object.freeze({
        completed,
        aborted: Object.freeze(aborted),
        stuck: Object.freeze(stuck),
      });
    });
  }

  /** Shuts down, at the end of an `await using` block: see {@link Executor.shutdown}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** A frozen snapshot of the counts. */
  statistics(): ExecutorStatistics {
    return Object.freeze({
      pending: this.#waiting.size,
      running: this.#tasks.size - this.#waiting.size,
      ...this.#counts,
    });
  }

  /** Every task that has not ended, oldest first: its state, age and parent; with `traceWaits`, what it waits for. */
  snapshot(): readonly TaskInfo[] {
    const now = this.#clock.now();
    return Object.freeze([...this.#tasks].map((task) => task.info(now)));
  }

  #spawn<T>(
    run: TaskFunction<T>,
    options: TaskOptions | undefined,
    parent: SpawnedTask<unknown> | undefined,
    isShielded: boolean,
  ): SpawnedTask<T> {
    if (typeof run !== 'function') throw invalidInput('spawn', 'run', 'a function', run);
    checkTaskOptions(options);
    if (this.#isShutDown && parent === undefined) throw shutDownError(this.#name, 'spawn');
    if (this.#waiting.size >= this.#maxPending && !this.hasFreeSlot) {
      throw new LimitError(
        `spawn: ${this.#maxPending} tasks wait for a slot of ${this.#name} already; raise \`maxPending\`, or wait for freeSlot()`,
        { code: 'ERR_LIMIT', operation: 'spawn', limitName: 'maxPending', limit: this.#maxPending },
      );
    }
    const task = new SpawnedTask<T>(this.#host, this.#nextId, run, options, parent, isShielded);
    this.#nextId += 1;
    this.#tasks.add(task);
    this.#waiting.add(task);
    this.#free.onSpawn();
    return task;
  }

  async #group<T>(
    body: (group: TaskGroup) => T | Promise<T>,
    options: GroupOptions | undefined,
    parent: SpawnedTask<unknown> | undefined,
  ): Promise<T> {
    if (typeof body !== 'function') throw invalidInput('group', 'body', 'a function', body);
    if (options !== undefined) checkOptions('group', options, GROUP_OPTIONS);
    checkWaitOptions('group', options);
    parent?.checkParent();
    const isShielded = parent?.isShielding === true;
    const group = new Group(
      (run, taskOptions) => this.#spawn(run, taskOptions, parent, isShielded),
      this.#clock,
      currentScope() ?? parent?.scope,
      options,
    );
    return group.run(body);
  }

  /** Also aborts what is spawned meanwhile, by what an abort calls. */
  #abortAll(): void {
    for (let next = 1; next < this.#nextId;) {
      const first = next;
      next = this.#nextId;
      for (const task of this.#tasks) {
        if (task.id >= first) task.abort(shutDownError(this.#name, 'shutdown'));
      }
    }
  }

  #remove(task: SpawnedTask<unknown>): void {
    this.#tasks.remove(task);
    this.#waiting.remove(task);
    const { state } = task;
    if (state !== 'pending' && state !== 'running') this.#counts[state] += 1;
    this.#free.wake();
    if (this.#tasks.size === 0) this.#idle.resolveAll();
  }

  #report(error: unknown, task: Task<unknown>): void {
    const failure = failureOf(error, task.name);
    outsideScopes(() => callContained('onTaskError', this.#onTaskError, failure, task, stderrSink));
  }

  async #idleWithin(grace: number): Promise<void> {
    try {
      await this.idle({ timeout: grace });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }
}

/** The executor of everything that was not given another one. */
export const defaultExecutor: Executor = new Executor({ name: 'the default executor' });
