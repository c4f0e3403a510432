/**
 * Structured concurrency: tasks that do not outlive the block that spawned them (trio's nursery, Python's TaskGroup).
 *
 * The group ends when its body and every task in it have ended. The first failure aborts the others, and is thrown after
 * all of them have ended, so nothing of a group runs on behind it.
 *
 * Failures are: an error of a task or of the body, a task's timeout, the group's signal or timeout. No failures are: a
 * requested abort, of one task (`task.abort()`, the signal it was spawned with) or of all (`abortAll`), and an error that a
 * task throws because it was aborted.
 */

import type { Clock, Timer } from '../vocabulary/clock.ts';
import { ClosedError, invalidInput, TimeoutError } from '../vocabulary/errors.ts';
import { watchAbort, type AbortRegistration, type AbortWatcher } from '../waiting/abort-watch.ts';
import { budgetOf } from '../waiting/budget.ts';
import { beginTrace, callSite } from '../waiting/wait-trace.ts';
import { deferred, type Deferred } from '../waiting/deferred.ts';
import { WaitIterator } from '../waiting/wait-iterator.ts';
import { checkWaitOptions, WaiterList, type WaitOptions } from '../waiting/waiter.ts';
import type { SupervisedTask, TaskSupervisor } from './task-host.ts';
import type {
  GroupOptions,
  Joined,
  Task,
  TaskFunction,
  TaskGroup,
  TaskOptions,
} from './task-types.ts';

type Spawn = <T>(run: TaskFunction<T>, options?: TaskOptions) => SupervisedTask<T>;

export class Group implements TaskGroup, TaskSupervisor, AbortWatcher {
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
  /** Where it was made, when `traceWaits` is on. */
  readonly #site = callSite('group');

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

  get size(): number {
    return this.#open.size;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abort !== undefined) this.#controller.abort(this.#abort.reason);
    }
    return this.#controller.signal;
  }

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

  joinNext(options?: WaitOptions): Promise<Joined | undefined> {
    try {
      if (!this.#isJoinable) {
        throw invalidInput('joinNext', 'joinable', 'true in the options of the group', false);
      }
      checkWaitOptions('joinNext', options);
    } catch (error) {
      return budgetOf(this.#clock).fail(error);
    }
    const joined = this.#joined.shift();
    if (joined !== undefined || this.#open.size === 0) return budgetOf(this.#clock).pay(joined);
    return this.#joins.wait('joinNext', this.#clock, options);
  }

  joined(options?: WaitOptions): AsyncIterableIterator<Joined> {
    const take = (wait: WaitOptions): Promise<Joined | undefined> => this.joinNext(wait);
    return new WaitIterator({ operation: 'joined', take }, options);
  }

  [Symbol.asyncIterator](): AsyncIterator<Joined, undefined> {
    return this.joined();
  }

  abortAll(reason: unknown = abortedGroup()): void {
    if (this.#abort !== undefined) return;
    this.#abort = { reason };
    this.#controller?.abort(reason);
    for (const task of this.#open) task.abort(reason);
  }

  /** The signal that it was made with aborted. */
  onAbort(reason: unknown): void {
    this.#registration = undefined;
    this.onFailure(reason);
  }

  /** A task or the body failed, the signal aborted or the time ran out. */
  onFailure(error: unknown): void {
    // The same failure may come twice: from the task, and from the body that awaits it.
    if (!this.#failures.includes(error)) this.#failures.push(error);
    this.abortAll(error);
  }

  onEnded(task: SupervisedTask<unknown>): void {
    this.#open.delete(task);
    if (this.#isJoinable) this.#deliver(joinedOf(task));
    if (this.#open.size > 0) return;
    this.#joins.resolveAll(undefined);
    this.#empty?.resolve();
    this.#empty = undefined;
  }

  /** Waits for every task and throws the failures. */
  async end(bodyFailure: { readonly error: unknown } | undefined): Promise<void> {
    if (bodyFailure !== undefined) this.onFailure(bodyFailure.error);
    const trace =
      this.#open.size > 0 ? beginTrace('group', this.#clock.now(), this.#site) : undefined;
    while (this.#open.size > 0) {
      this.#empty ??= deferred<void>();
      await this.#empty.promise;
    }
    trace?.end();
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

  /** Resolves the oldest `joinNext`, or keeps the task for the next one. */
  #deliver(joined: Joined): void {
    const wait = this.#joins.first;
    if (wait === undefined) this.#joined.push(joined);
    else wait.resolve(joined);
  }
}

function joinedOf(task: SupervisedTask<unknown>): Joined {
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
