/**
 * The executor: one queue that every task passes through.
 *
 * It wraps one p-queue, which decides who runs next; everything else (outcomes, the tree of tasks, groups, shutdown) is
 * here in our own words, and nothing of p-queue shows. A task holds its slot from its start until its function returns:
 * a connection that is one task for its whole life makes `concurrency` the limit of connections, which is why an accept
 * loop waits for a free slot **before** it accepts.
 */

import PQueue from 'p-queue';
import { systemClock, type Clock } from './clock.ts';
import { deferred, type Deferred } from './deferred.ts';
import { ClosedError, invalidInput, LimitError } from './errors.ts';
import { TaskGroup } from './task-group.ts';
import { Task, type TaskFunction, type TaskHost, type TaskInfo, type TaskOptions } from './task.ts';
import { checkWaitOptions, Wait, WaitList, type WaitOptions } from './waiters.ts';

/** Options of an {@link Executor}. */
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
  readonly pending: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
  readonly aborted: number;
}

/** What {@link Executor.shutdown} did. */
export interface ExecutorReport {
  /** Tasks that ended by themselves during the shutdown. */
  readonly finished: number;
  /** Names of the tasks that were aborted at the deadline. */
  readonly aborted: readonly string[];
  /** Names of those whose function goes on all the same. */
  readonly stuck: readonly string[];
}

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
  readonly #queue: PQueue;
  readonly #clock: Clock;
  readonly #maxPending: number;
  readonly #concurrency: number;
  readonly #name: string;
  readonly #onTaskError: (error: unknown, task: Task<unknown>) => void;
  readonly #host: TaskHost;
  readonly #tasks = new Set<Task<unknown>>();
  readonly #counts = { done: 0, failed: 0, aborted: 0 };
  readonly #free = new WaitList<void>();
  #running = 0;
  #nextId = 1;
  #idle: Deferred<void> | undefined;
  #isShutDown = false;

  /** @throws `InvalidInputError` for a concurrency that is no whole number from 1, or a `maxPending` below 0. */
  constructor(options: ExecutorOptions = {}) {
    this.#concurrency = checkBound('concurrency', options.concurrency, 1);
    this.#maxPending = checkBound('maxPending', options.maxPending, 0);
    this.#clock = options.clock ?? systemClock;
    this.#name = options.name ?? 'executor';
    this.#onTaskError = options.onTaskError ?? printFailure;
    this.#queue = new PQueue({ concurrency: this.#concurrency });
    this.#host = {
      clock: this.#clock,
      spawnChild: (parent, run, childOptions) => this.#spawn(run, childOptions, parent),
      onSettled: (task) => {
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
   * @returns What the block returned.
   * @throws the failure of the block or of a task; an `AggregateError` of several, with the first as its `cause`.
   */
  async group<T>(body: (group: TaskGroup) => T | Promise<T>): Promise<T> {
    const group = new TaskGroup((run, options) => this.spawn(run, options));
    let value: T;
    try {
      value = await body(group);
    } catch (error) {
      await group.end({ error });
      throw error;
    }
    await group.end(undefined);
    return value;
  }

  /** Spawns `main` and waits for it. @throws as {@link Executor.spawn}, and what `main` throws */
  async run<T>(main: TaskFunction<T>, options?: TaskOptions): Promise<T> {
    return await this.spawn(main, { name: 'main', ...options });
  }

  /** Waits until no task runs or waits. */
  idle(): Promise<void> {
    if (this.#tasks.size === 0) return Promise.resolve();
    this.#idle ??= deferred<void>();
    return this.#idle.promise;
  }

  /** Whether a task spawned now would begin at once. */
  get hasFreeSlot(): boolean {
    return this.#tasks.size < this.#concurrency;
  }

  /**
   * Waits until a task spawned now would begin at once; an accept loop asks before it accepts.
   *
   * @throws `TimeoutError`; `signal.reason`.
   */
  freeSlot(options?: WaitOptions): Promise<void> {
    try {
      checkWaitOptions('freeSlot', options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.hasFreeSlot) return Promise.resolve();
    const wait = new Wait<void>('freeSlot', this.#clock, options);
    this.#free.add(wait);
    return wait.promise;
  }

  /**
   * Takes no more tasks, waits for those there are, and aborts what has not ended in time.
   *
   * @param options - `grace`: how long they may take, in milliseconds. @default 5000
   */
  async shutdown(options?: { readonly grace?: number | undefined }): Promise<ExecutorReport> {
    this.#isShutDown = true;
    const before = this.#counts.done + this.#counts.failed;
    await this.#idleWithin(options?.grace ?? 5_000);
    const finished = this.#counts.done + this.#counts.failed - before;
    const aborted = [...this.#tasks].map((task) => task.name);
    for (const task of this.#tasks) {
      task.abort(
        new ClosedError(`${task.name}: the executor is shutting down`, {
          code: 'ERR_EXECUTOR_SHUT_DOWN',
          operation: 'shutdown',
        }),
      );
    }
    // Those that listen to their signal end within a few turns.
    for (let turn = 0; turn < 16 && this.#tasks.size > 0; turn += 1) {
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
      pending: this.#tasks.size - this.#running,
      running: this.#running,
      ...this.#counts,
    });
  }

  /** Every task that has not ended, oldest first. */
  snapshot(): readonly TaskInfo[] {
    const now = this.#clock.now();
    return Object.freeze([...this.#tasks].map((task) => task.info(now)));
  }

  #spawn<T>(
    run: TaskFunction<T>,
    options: TaskOptions | undefined,
    parent: Task<unknown> | undefined,
  ): Task<T> {
    if (typeof run !== 'function') throw invalidInput('spawn', 'run', 'a function', run);
    checkWaitOptions('spawn', options);
    if (this.#isShutDown) {
      throw new ClosedError(`spawn: ${this.#name} was shut down`, {
        code: 'ERR_EXECUTOR_SHUT_DOWN',
        operation: 'spawn',
      });
    }
    if (this.#tasks.size - this.#running >= this.#maxPending && !this.hasFreeSlot) {
      throw new LimitError(
        `spawn: ${this.#maxPending} tasks wait for a slot of ${this.#name} already; raise \`maxPending\`, or wait for freeSlot()`,
        { code: 'ERR_LIMIT', operation: 'spawn', limitName: 'maxPending', limit: this.#maxPending },
      );
    }
    const task = new Task<T>(this.#host, this.#nextId, run, options, parent);
    this.#nextId += 1;
    this.#tasks.add(task as Task<unknown>);
    const priority = options?.priority;
    void this.#queue.add(
      () => this.#start(task as Task<unknown>),
      priority === undefined ? undefined : { priority },
    );
    return task;
  }

  async #start(task: Task<unknown>): Promise<void> {
    if (task.state !== 'pending') return;
    this.#running += 1;
    await task.start();
    this.#running -= 1;
    if (this.hasFreeSlot) this.#free.resolveAll();
  }

  #forget(task: Task<unknown>): void {
    this.#tasks.delete(task);
    if (task.state === 'done' || task.state === 'failed' || task.state === 'aborted') {
      this.#counts[task.state] += 1;
    }
    if (this.hasFreeSlot) this.#free.resolveAll();
    if (this.#tasks.size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #tell(error: unknown, task: Task<unknown>): void {
    try {
      this.#onTaskError(error, task);
    } catch (failure) {
      printFailure(failure, task);
    }
  }

  async #idleWithin(grace: number): Promise<void> {
    if (this.#tasks.size === 0) return;
    const late = deferred<void>();
    const timer = this.#clock.setTimer(late.resolve, grace);
    await Promise.race([this.idle(), late.promise]);
    timer.cancel();
  }
}

function checkBound(name: string, value: number | undefined, least: number): number {
  if (value === undefined || value === Infinity) return Infinity;
  if (Number.isInteger(value) && value >= least) return value;
  throw invalidInput('Executor', name, `a whole number from ${least}, or Infinity`, value);
}

function printFailure(error: unknown, task: Task<unknown>): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(`awaitio: task ${task.name} failed and nobody awaits it: ${what}`);
}

/** The executor that everything runs on that was not given another. */
export const defaultExecutor: Executor = new Executor({ name: 'the default executor' });
