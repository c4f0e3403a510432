/**
 * The executor: one queue that every task passes through.
 *
 * It wraps one p-queue, which decides who runs next where there is a bound on how many may; everything else (outcomes,
 * the tree of tasks, groups, shutdown) is here in our own words, and nothing of p-queue shows. A task holds its slot from
 * its start until its function returns, or until it is released: a connection that is one task for its whole life makes
 * `concurrency` the limit of connections, which is why an accept loop waits for a free slot **before** it accepts. A task
 * that waits for another holds its slot, too: where tasks wait for tasks, `concurrency` has to be larger than the depth of
 * that.
 *
 * Two collections tell everything: the tasks that have not ended, and those of them that have not begun; the others run.
 *
 * The file is long because what each call promises, and what it fails with, is documented here.
 */

import { AsyncResource } from 'node:async_hooks';
import PQueue from 'p-queue';
import type { Clock } from '../vocabulary/clock.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { ClosedError, invalidInput, LimitError, TimeoutError } from '../vocabulary/errors.ts';
import {
  checkBound,
  checkTaskOptions,
  printFailure,
  type ExecutorOptions,
  type ExecutorReport,
  type ExecutorStatistics,
} from './executor-options.ts';
import type { TaskFunction, TaskHost, TaskInfo, TaskOptions } from './task-context.ts';
import { TaskGroup, type GroupOptions } from './task-group.ts';
import { Task } from './task.ts';
import { checkWaitOptions, ListedWaiter, WaiterList, type WaitOptions } from '../waiting/waiter.ts';

/** How often the loop turns, after the abort, for functions that listen to their signal to end. */
const LAST_TURNS = 16;
/** So many aborted tasks may stay in the queue before it is looked at whether they are too many. */
const MOST_DEAD = 64;

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
export class Executor {
  /** Tasks that wait for a slot; where slots have no bound, none ever does. */
  readonly #queue: PQueue | undefined;
  readonly #clock: Clock;
  readonly #maxPending: number;
  readonly #concurrency: number;
  readonly #name: string;
  readonly #onTaskError: (error: unknown, task: Task<unknown>) => void;
  readonly #host: TaskHost;
  readonly #tasks = new Set<Task<unknown>>();
  /** Tasks that have not begun, and how one begins that waits for a slot. */
  readonly #waiting = new Map<Task<unknown>, (() => Promise<void>) | undefined>();
  readonly #counts = { done: 0, failed: 0, aborted: 0 };
  readonly #free = new WaiterList<void>();
  readonly #idle = new WaiterList<void>();
  /** Tasks that were aborted while they waited, and that the queue still holds. */
  #dead = 0;
  #isBurying = false;
  #nextId = 1;
  #isShutDown = false;

  /** @throws `InvalidInputError` for a concurrency that is no whole number from 1, or a `maxPending` below 0. */
  constructor(options: ExecutorOptions = {}) {
    this.#concurrency = checkBound('concurrency', options.concurrency, 1);
    this.#maxPending = checkBound('maxPending', options.maxPending, 0);
    this.#clock = options.clock ?? systemClock;
    this.#name = options.name ?? 'executor';
    this.#onTaskError = options.onTaskError ?? printFailure;
    if (this.#concurrency !== Infinity) {
      this.#queue = new PQueue({ concurrency: this.#concurrency });
    }
    this.#host = {
      clock: this.#clock,
      spawnChild: (parent, run, childOptions) => this.#spawn(run, childOptions, parent),
      groupIn: (parent, body, groupOptions) => this.#group(body, groupOptions, parent),
      onEnded: (task) => {
        this.#forget(task);
      },
      onUnheardFailure: (error, task) => {
        this.#tell(error, task);
      },
    };
  }

  /**
   * Spawns a task; it begins in a later microtask at the earliest.
   *
   * @returns The task, to be awaited, aborted or left alone.
   * @throws `LimitError` when `maxPending` tasks wait; `ClosedError` after `shutdown`; `signal.reason` for a signal that
   * has aborted; `InvalidInputError`.
   */
  spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> {
    return this.#spawn(run, options, undefined);
  }

  /**
   * Runs a block whose tasks end with it: the first failure aborts the others, all are awaited.
   *
   * The block itself cannot be stopped: what it waits for besides its tasks should be given the group's `signal`.
   *
   * @param options - `signal`, `timeout`: abort the whole group; `joinable`: for `TaskGroup.joinNext`.
   * @returns What the block returned.
   * @throws the failure of the block or of a task; an `AggregateError` of several, with the first as its `cause`;
   * `signal.reason`; `TimeoutError`; `InvalidInputError`.
   */
  group<T>(body: (group: TaskGroup) => T | Promise<T>, options?: GroupOptions): Promise<T> {
    return this.#group(body, options, undefined);
  }

  /** Spawns `main` and waits for it. @throws as {@link Executor.spawn}, and what `main` throws */
  async run<T>(main: TaskFunction<T>, options?: TaskOptions): Promise<T> {
    return await this.spawn(main, { name: 'main', ...options });
  }

  /**
   * Waits until no task runs or waits. A task of this executor that asks waits for itself, and so forever.
   *
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  idle(options?: WaitOptions): Promise<void> {
    return this.#wait('idle', this.#tasks.size === 0, this.#idle, options);
  }

  /** Whether a task spawned now would begin at once. */
  get hasFreeSlot(): boolean {
    return this.#tasks.size < this.#concurrency;
  }

  /**
   * Waits until a task spawned now would begin at once; an accept loop asks before it accepts.
   *
   * @throws `ClosedError` when the executor is shut down, before or meanwhile; `TimeoutError`; `signal.reason`;
   * `InvalidInputError`.
   */
  freeSlot(options?: WaitOptions): Promise<void> {
    if (this.#isShutDown) return Promise.reject(this.#shutDownError('freeSlot'));
    return this.#wait('freeSlot', this.hasFreeSlot, this.#free, options);
  }

  /**
   * Takes no more tasks, waits for those there are, and aborts what has not ended in time.
   *
   * Running tasks may still spawn children until they are aborted. Functions that listen to their signal are waited
   * for a little longer, so that what they clean up is cleaned up.
   *
   * @param options - `grace`: how long the tasks may take, in milliseconds, 0 to abort at once. @default 5000
   * @throws `InvalidInputError` for a grace that is no number from 0.
   */
  async shutdown(options?: { readonly grace?: number | undefined }): Promise<ExecutorReport> {
    const grace = options?.grace ?? 5_000;
    if (typeof grace !== 'number' || !(grace >= 0)) {
      throw invalidInput('shutdown', 'grace', 'a number of milliseconds from 0', grace);
    }
    this.#isShutDown = true;
    this.#free.rejectAll(this.#shutDownError('freeSlot'));
    const before = this.#counts.done + this.#counts.failed;
    if (grace > 0) await this.#idleWithin(grace);
    const finished = this.#counts.done + this.#counts.failed - before;
    const aborted = [...this.#tasks].map((task) => task.name);
    for (const task of this.#tasks) task.abort(this.#shutDownError('shutdown'));
    for (let turn = 0; turn < LAST_TURNS && this.#tasks.size > 0; turn += 1) {
      await new Promise<void>((resolve) => {
        this.#clock.defer(resolve);
      });
    }
    const stuck = [...this.#tasks].map((task) => task.name);
    return Object.freeze({
      finished,
      aborted: Object.freeze(aborted),
      stuck: Object.freeze(stuck),
    });
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

  // --- Inside --------------------------------------------------------------------------------------------------

  #spawn<T>(
    run: TaskFunction<T>,
    options: TaskOptions | undefined,
    parent: Task<unknown> | undefined,
  ): Task<T> {
    if (typeof run !== 'function') throw invalidInput('spawn', 'run', 'a function', run);
    checkTaskOptions(options);
    parent?.checkParent();
    if (this.#isShutDown && parent === undefined) throw this.#shutDownError('spawn');
    if (this.#waiting.size >= this.#maxPending && !this.hasFreeSlot) {
      throw new LimitError(
        `spawn: ${this.#maxPending} tasks wait for a slot of ${this.#name} already; raise \`maxPending\`, or wait for freeSlot()`,
        { code: 'ERR_LIMIT', operation: 'spawn', limitName: 'maxPending', limit: this.#maxPending },
      );
    }
    const task = new Task<T>(this.#host, this.#nextId, run, options, parent);
    this.#nextId += 1;
    this.#tasks.add(task);
    this.#waiting.set(task, this.#queue === undefined ? undefined : beginningOf(task));
    this.#enqueue(task);
    return task;
  }

  #enqueue(task: Task<unknown>): void {
    const queue = this.#queue;
    // A queue's records of a running task would be a quarter of the memory of an idle connection (`pnpm bench --only idle`).
    if (queue === undefined) {
      // Not `queueMicrotask`, which makes an async resource of each; the context is that of the spawn either way.
      void settled.then(() => {
        if (this.#waiting.delete(task)) void task.start();
      });
      return;
    }
    const { priority } = task;
    void queue.add(() => this.#start(task), priority === 0 ? undefined : { priority });
  }

  /** Its turn has come: it holds its slot until the returned promise settles. */
  async #start(task: Task<unknown>): Promise<void> {
    const begin = this.#waiting.get(task);
    this.#waiting.delete(task);
    if (begin === undefined) this.#dead -= 1;
    else await begin();
  }

  async #group<T>(
    body: (group: TaskGroup) => T | Promise<T>,
    options: GroupOptions | undefined,
    parent: Task<unknown> | undefined,
  ): Promise<T> {
    if (typeof body !== 'function') throw invalidInput('group', 'body', 'a function', body);
    checkWaitOptions('group', options);
    parent?.checkParent();
    const group = new TaskGroup(
      (run, taskOptions) => this.#spawn(run, taskOptions, parent),
      this.#clock,
      options,
    );
    let value: T;
    try {
      value = await body(group);
    } catch (error) {
      await group.end({ error });
      throw error;
    }
    await group.end(undefined);
    parent?.throwIfAborted();
    return value;
  }

  #forget(task: Task<unknown>): void {
    this.#tasks.delete(task);
    if (this.#waiting.delete(task)) this.#bury();
    if (task.state === 'done' || task.state === 'failed' || task.state === 'aborted') {
      this.#counts[task.state] += 1;
    }
    if (this.hasFreeSlot) this.#free.resolveAll();
    if (this.#tasks.size === 0) this.#idle.resolveAll();
  }

  /**
   * The queue cannot let go of a single entry, so one that was aborted waits in it for its turn to do nothing. When such
   * entries are the greater part, the queue is made anew from those that live; later in the turn, because who aborts one
   * often aborts many.
   */
  #bury(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    this.#dead += 1;
    if (this.#isBurying || !this.#hasManyDead) return;
    this.#isBurying = true;
    queueMicrotask(() => {
      this.#isBurying = false;
      if (!this.#hasManyDead) return;
      this.#dead = 0;
      queue.clear();
      for (const task of this.#waiting.keys()) this.#enqueue(task);
    });
  }

  get #hasManyDead(): boolean {
    return this.#dead > MOST_DEAD && this.#dead > this.#waiting.size;
  }

  #tell(error: unknown, task: Task<unknown>): void {
    try {
      this.#onTaskError(error, task);
    } catch (failure) {
      printFailure(failure, task);
    }
  }

  #wait(
    operation: string,
    isMet: boolean,
    list: WaiterList<void>,
    options: WaitOptions | undefined,
  ): Promise<void> {
    try {
      checkWaitOptions(operation, options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (isMet) return Promise.resolve();
    const wait = new ListedWaiter<void>(operation, this.#clock, options);
    list.add(wait);
    return wait.promise;
  }

  async #idleWithin(grace: number): Promise<void> {
    try {
      await this.idle({ timeout: grace });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }

  #shutDownError(operation: string): ClosedError {
    return new ClosedError(`${operation}: ${this.#name} was shut down`, {
      code: 'ERR_EXECUTOR_SHUT_DOWN',
      operation,
    });
  }
}

const settled = Promise.resolve();

/**
 * How a task begins whose slot another one gives it, by ending: in the async context of its own spawn, as one that need not
 * wait. Else what an `AsyncLocalStorage` holds for one request would be seen by another's task.
 */
function beginningOf(task: Task<unknown>): () => Promise<void> {
  return AsyncResource.bind(async () => {
    // With a free slot this runs inside of `spawn`, whose caller is to have the task before its function begins.
    await Promise.resolve();
    await (task.start() ?? task.ended);
  });
}

/** The executor that everything runs on that was not given another. */
export const defaultExecutor: Executor = new Executor({ name: 'the default executor' });
