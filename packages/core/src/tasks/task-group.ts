/**
 * Structured concurrency: tasks that do not outlive the block that spawned them (trio's nursery, Python's TaskGroup).
 *
 * The group ends when its body and every task in it have ended, those included that its tasks have spawned. The first failure
 * cancels the body and aborts the tasks, and is thrown after all of them have ended, so nothing of a group runs on
 * behind it. What has not ended some time after that is named on stderr.
 *
 * Failures are: an error of a task or of the body, a task's timeout, the group's signal or timeout, the end of a scope around
 * it. No failures are: a requested abort, of one task (`task.abort()`, the signal it was spawned with) or of all (`abortAll`),
 * and an error that passes the reason of an abort on. The body runs in the scope of the group, which `abortAll`
 * leaves alone: the body goes on without its tasks.
 */

import type { Clock, Timer } from '../vocabulary/clock.ts';
import { CancelledError, ClosedError, invalidInput, TimeoutError } from '../vocabulary/errors.ts';
import { isCancelled } from '../vocabulary/realms.ts';
import { watchAbort, type AbortRegistration, type AbortWatcher } from '../waiting/abort-watch.ts';
import { currentScope, runIn, type AmbientScope } from '../waiting/ambient.ts';
import { budgetOf } from '../waiting/budget.ts';
import { beginTrace, callSite } from '../waiting/wait-trace.ts';
import { deferred, type Deferred } from '../waiting/deferred.ts';
import { followsCancel, Scope } from '../waiting/scope.ts';
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
  readonly #outer: AmbientScope | undefined;
  /** What the body runs in. */
  readonly #scope: Scope;
  readonly #open = new Set<Task<unknown>>();
  /** Tasks that its tasks have spawned: they end with it, and are not joined. */
  readonly #adopted = new Set<Task<unknown>>();
  readonly #joined: Joined[] = [];
  readonly #joins = new WaiterList<Joined | undefined>();
  readonly #failures: unknown[] = [];
  /** Why the group takes no more tasks; its `cause` is the reason that was given. */
  #aborted: CancelledError | undefined;
  #controller: AbortController | undefined;
  readonly #registration: AbortRegistration | undefined;
  readonly #timer: Timer | undefined;
  #empty: Deferred<void> | undefined;
  #isInBody = true;
  #hasEnded = false;
  /** Where it was made, when `traceWaits` is on. */
  readonly #site = callSite('group');

  constructor(
    spawn: Spawn,
    clock: Clock,
    outer: AmbientScope | undefined,
    options: GroupOptions | undefined,
  ) {
    this.#spawn = spawn;
    this.#clock = clock;
    this.#outer = outer;
    // Before the scope, so that its tasks are aborted before its body goes on.
    outer?.watch(this);
    this.#scope = new Scope('group', clock, outer);
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
    return this.#open.size + this.#adopted.size;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  // Functions, so that they may be taken out of the group: `group(({ spawn }) => …)`.

  readonly spawn = <T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> => {
    if (this.#hasEnded || this.#aborted !== undefined) {
      throw new ClosedError('spawn: this group takes no more tasks', {
        code: 'ERR_GROUP_CLOSED',
        operation: 'spawn',
        cause: this.#aborted?.cause,
      });
    }
    const task = this.#spawn(run, options);
    task.supervise(this);
    this.#open.add(task);
    return task;
  };

  /** The body may collect the outcomes of its tasks although the group has failed: they end soon. */
  readonly joinNext = (options?: WaitOptions): Promise<Joined | undefined> =>
    currentScope() === this.#scope
      ? runIn(this.#outer, () => this.#joinNext(options))
      : this.#joinNext(options);

  #joinNext(options: WaitOptions | undefined): Promise<Joined | undefined> {
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

  readonly joined = (options?: WaitOptions): AsyncIterableIterator<Joined> =>
    new WaitIterator({ operation: 'joined', take: this.joinNext }, options);

  [Symbol.asyncIterator](): AsyncIterator<Joined, undefined> {
    return this.joined();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abortAll();
    await this.#untilEmpty();
  }

  readonly abortAll = (reason: unknown = abortedGroup()): void => {
    if (this.#aborted !== undefined) return;
    this.#aborted = isCancelled(reason) ? reason : new CancelledError('group', reason);
    this.#controller?.abort(this.#aborted);
    for (const task of [...this.#open, ...this.#adopted]) task.abort(reason);
    this.#scope.expectEnd(() => this.#running());
  };

  /** The signal that it was made with aborted, or a scope around it ended. */
  onAbort(reason: unknown): void {
    this.onFailure(reason);
  }

  /** A task or the body failed, the signal aborted or the time ran out. */
  onFailure(error: unknown): void {
    // The same failure may come twice: from the task, and from the body that awaits it.
    if (!this.#failures.includes(error)) this.#failures.push(error);
    this.abortAll(error);
    this.#scope.cancel(this.#aborted?.cause === error ? this.#aborted : error);
  }

  adopt(task: SupervisedTask<unknown>): void {
    task.supervise(this);
    this.#adopted.add(task);
  }

  onEnded(task: SupervisedTask<unknown>): void {
    if (this.#open.delete(task)) {
      if (this.#isJoinable) this.#deliver(joinedOf(task));
      if (this.#open.size === 0) this.#joins.resolveAll(undefined);
    } else this.#adopted.delete(task);
    if (this.size > 0) return;
    this.#empty?.resolve();
    this.#empty = undefined;
  }

  /** Runs the body, waits for every task, and throws the failures. */
  async run<T>(body: (group: TaskGroup) => T | Promise<T>): Promise<T> {
    let returned: { readonly value: T } | undefined;
    try {
      returned = { value: await runIn(this.#scope, () => body(this)) };
    } catch (error) {
      // After `abortAll` the error of `group.signal` stands for the reason.
      const isReason = this.#aborted !== undefined && error === this.#aborted;
      if (!followsCancel(error, this.#scope)) {
        this.onFailure(isReason ? this.#aborted?.cause : error);
      }
    }
    this.#isInBody = false;
    await this.#untilEmpty();
    this.#hasEnded = true;
    this.#registration?.remove();
    this.#timer?.cancel();
    this.#outer?.unwatch(this);
    this.#scope.end();
    return this.#result(returned);
  }

  async #untilEmpty(): Promise<void> {
    const trace = this.size > 0 ? beginTrace('group', this.#clock.now(), this.#site) : undefined;
    while (this.size > 0) {
      this.#empty ??= deferred<void>();
      await this.#empty.promise;
    }
    trace?.end();
  }

  #result<T>(returned: { readonly value: T } | undefined): T {
    const outer = this.#outer;
    // That scope itself reports the end of a scope around the group: beside a failure it is no other one.
    const own = this.#failures.filter((each) => outer === undefined || !followsCancel(each, outer));
    const failures = own.length > 0 ? own : this.#failures.slice(0, 1);
    const [first] = failures;
    if (failures.length > 1) {
      throw new AggregateError(failures, `${failures.length} tasks of the group failed`, {
        cause: first,
      });
    }
    if (failures.length > 0 || returned === undefined) throw first;
    return returned.value;
  }

  /** What has not ended, for a report. */
  #running(): string {
    const tasks = [...this.#open, ...this.#adopted].map(({ name }) => `task "${name}"`);
    // `abortAll` leaves the body alone.
    const hasBody = this.#isInBody && this.#scope.cancelled !== undefined;
    return [...(hasBody ? ['the function of the group'] : []), ...tasks].join(', ');
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
