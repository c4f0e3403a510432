/**
 * The class behind `Task`: a function that runs on an executor, its outcome, and the tree of tasks that it has spawned.
 *
 * An outcome is decided once: by the function's return or failure, or by an abort, whichever comes first. The function of an aborted
 * task goes on, and the task holds its slot, until it returns, since JavaScript cannot stop it: its scope is
 * cancelled, so what it waits for ends. `ended` resolves, and awaiting the task throws, when it has returned.
 *
 * The tree is one of aborts: a task's children are aborted with it, unless they were spawned under a shield in it. A child may
 * outlive its parent; it then becomes a child of the parent's parent, so that an abort from above still reaches it.
 *
 * A failure goes to one place: the group that the task belongs to; else the callers that await it by the next turn of the
 * event loop; else the executor. A function that was aborted and passes the reason on has followed the abort. Any other
 * error after the abort is a failure of cleaning up, and is reported.
 */

import { callContained, type FailureSink } from '../vocabulary/callbacks.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { ClosedError } from '../vocabulary/errors.ts';
import { watchAbort, type AbortRegistration, type AbortWatcher } from '../waiting/abort-watch.ts';
import { hasScopes, outsideScopes, runIn } from '../waiting/ambient.ts';
import { deferred, type Deferred } from '../waiting/deferred.ts';
import type { ListMember } from '../waiting/member-list.ts';
import { isConsequence } from '../waiting/scope.ts';
import { callSite, isTraced, runAs, timedOut, tracesOf } from '../waiting/wait-trace.ts';
import { Context } from './task-context.ts';
import type {
  ContextTask,
  SupervisedTask,
  TaskHost,
  TaskLease,
  TaskOutcome,
  TaskSupervisor,
} from './task-host.ts';
import { TaskNode } from './task-node.ts';
import { TaskResult } from './task-result.ts';
import type { Abortable, TaskFunction, TaskInfo, TaskOptions, TaskState } from './task-types.ts';

export class SpawnedTask<T>
  extends TaskNode
  implements
    SupervisedTask<T>,
    ContextTask,
    AbortWatcher,
    TaskLease,
    FailureSink,
    ListMember<SpawnedTask<unknown>>
{
  older: SpawnedTask<unknown> | undefined;
  newer: SpawnedTask<unknown> | undefined;
  readonly id: number;
  readonly priority: number;
  isWaiting = false;
  readonly #host: TaskHost<SpawnedTask<unknown>>;
  readonly #spawnedAt: number;
  readonly #site: string | undefined;
  #supervisor: TaskSupervisor | undefined;
  #run: TaskFunction<unknown> | undefined;
  #state: TaskState = 'pending';
  #outcome: TaskOutcome | undefined;
  /** Created on the first await. */
  #result: TaskResult | undefined;
  #ended: Deferred<void> | undefined;
  #hasEnded = false;
  /** Whether it goes on after its function has returned; `returned` when that has, with `undefined`: it ends with its release. */
  #lease: 'none' | 'held' | 'returned' = 'none';
  /** Resolved by its release, when its function returned something else. */
  #released: Deferred<void> | undefined;
  #registration: AbortRegistration | undefined;
  readonly #onAbort: TaskOptions['onAbort'];
  #timer: Timer | undefined;

  constructor(
    host: TaskHost<SpawnedTask<unknown>>,
    id: number,
    run: TaskFunction<T>,
    options: TaskOptions | undefined,
    parent: TaskNode | undefined,
    isShielded: boolean,
  ) {
    super(options?.name ?? (run.name === '' ? 'task' : run.name), parent, isShielded);
    this.#host = host;
    this.id = id;
    this.priority = options?.priority ?? 0;
    this.#run = run;
    this.#spawnedAt = host.clock.now();
    this.#site = callSite('spawn');
    if (options === undefined) return;
    const { signal, timeout } = options;
    this.#onAbort = options.onAbort;
    if (signal !== undefined) this.#registration = watchAbort(signal, this);
    if (timeout !== undefined && timeout !== Infinity) {
      this.#timer = host.clock.setTimer(() => {
        this.#abort(timedOut(this.name, timeout, this), false);
      }, timeout);
    }
  }

  get state(): TaskState {
    return this.#state;
  }

  get ended(): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = deferred<void>();
      if (this.#hasEnded) this.#ended.resolve();
    }
    return this.#ended.promise;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a task is awaited: `await task` is its whole point
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#promise().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#promise().catch(onRejected);
  }

  finally(onSettled?: (() => void) | null): Promise<T> {
    return this.#promise().finally(onSettled);
  }

  abort(reason: unknown = aborted(this.name)): void {
    if (this.#outcome === undefined) this.#abort(reason, true);
  }

  /** The signal that it was spawned with aborted. */
  onAbort(reason: unknown): void {
    this.#registration = undefined;
    this.abort(reason);
  }

  /** Its `onAbort` failed. The abort goes on. */
  onCallbackFailure(failure: unknown): void {
    this.#host.onUnobservedFailure(failure, this);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
    await this.ended;
  }

  // --- For its executor, its group and its context -----------------------------------------------------------------

  /**
   * Runs the function.
   *
   * Not an async function: its frame would be kept for as long as the task runs, hours for a server's connection, and takes
   * more memory than two reactions.
   *
   * @returns Resolves when the task has ended, and never rejects; `undefined` when it is held and its function has returned
   * `undefined`: then `ended` resolves.
   */
  start(): Promise<void> | undefined {
    const run = this.#run;
    this.#run = undefined;
    if (this.#state !== 'pending' || run === undefined) return Promise.resolve();
    this.#state = 'running';
    let value: unknown;
    try {
      value = this.#call(run);
    } catch (error) {
      return this.#fail(error);
    }
    // No promise and no reaction: the memory that a held task saves.
    if (this.#lease === 'held' && value === undefined) {
      this.#lease = 'returned';
      return undefined;
    }
    return Promise.resolve(value).then(
      (result) => this.#return(result),
      (error: unknown) => this.#fail(error),
    );
  }

  /** Not an async function either: where nothing holds the task, its end takes no promise. */
  #return(value: unknown): Promise<void> | undefined {
    if (this.#lease === 'none') {
      this.#succeed(value);
      return undefined;
    }
    this.#released = deferred<void>();
    return this.#released.promise.then(() => {
      this.#succeed(value);
    });
  }

  #succeed(value: unknown): void {
    this.#settle('done', { value });
    this.#end();
  }

  hold(): TaskLease {
    if (this.#lease === 'none') this.#lease = 'held';
    return this;
  }

  release(): void {
    const lease = this.#lease;
    this.#lease = 'none';
    this.#released?.resolve();
    if (lease === 'returned') this.#succeed(undefined);
  }

  // A method apart, so that the reactions of `start` do not keep the function and what it closes over alive.
  #call(run: TaskFunction<unknown>): unknown {
    const context = new Context(this, this.#host);
    const isScope = hasScopes() || this.#isLimited;
    if (!isScope) return isTraced() ? runAs(this, () => run(context)) : run(context);
    return runIn(this.scope, () => runAs(this, () => run(context)));
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#outcome === undefined) {
      this.#settle('failed', { error });
      // `await task` calls `then` some microtasks later, and so before the next turn of the loop.
      if (!this.#isHandled) await this.#nextLoopTurn();
      this.#report(error, this.#isAwaited);
    } else if (!this.#isTornDown(error)) {
      this.#report(error, false);
    }
    this.#end();
  }

  get outcome(): TaskOutcome | undefined {
    return this.#outcome;
  }

  /** Whether its abort may come from elsewhere than its caller: then it is a scope, also if it is the first. */
  get #isLimited(): boolean {
    return (
      this.#registration !== undefined ||
      this.#timer !== undefined ||
      this.#supervisor !== undefined
    );
  }

  protected get clock(): Clock {
    return this.#host.clock;
  }

  protected get abortion(): { readonly error: unknown } | undefined {
    const outcome = this.#outcome;
    return this.#state === 'aborted' && outcome !== undefined && 'error' in outcome
      ? outcome
      : undefined;
  }

  /** Throws when it may have no more children. */
  checkParent(): void {
    this.throwIfAborted();
    if (!this.#hasEnded) return;
    throw new ClosedError(`spawn: the task ${this.name} has ended and can have no more children`, {
      code: 'ERR_TASK_ENDED',
      operation: 'spawn',
    });
  }

  get supervisor(): TaskSupervisor | undefined {
    return this.#supervisor;
  }

  supervise(supervisor: TaskSupervisor): void {
    this.#supervisor = supervisor;
  }

  /** Its entry of a snapshot. */
  info(now: number): TaskInfo {
    const waits = Array.from(tracesOf(this), ({ operation, since, site }) =>
      Object.freeze({ operation, age: now - since, site }),
    );
    return Object.freeze({
      id: this.id,
      name: this.name,
      state: this.#state,
      age: now - this.#spawnedAt,
      ...(this.parent === undefined ? undefined : { parent: this.parent.id }),
      ...(this.#site === undefined ? undefined : { site: this.#site }),
      waits: Object.freeze(waits),
    });
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  #promise(): Promise<T> {
    if (this.#result === undefined) {
      this.#result = new TaskResult();
      this.#deliver();
    }
    return this.#result.wait(this.name, this.#host.clock) as Promise<T>;
  }

  /** Whether a caller gets its outcome. */
  get #isAwaited(): boolean {
    return this.#result?.isAwaited === true;
  }

  get #isHandled(): boolean {
    return this.#isAwaited || this.#supervisor !== undefined;
  }

  #nextLoopTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#host.clock.defer(resolve);
    });
  }

  #settle(state: TaskState, outcome: TaskOutcome): void {
    if (this.#outcome !== undefined) return;
    this.#state = state;
    this.#outcome = outcome;
    this.#registration?.remove();
    this.#registration = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#deliver();
  }

  /** That of an aborted task waits for its function: what comes after `await task` may rely on that it is over. */
  #deliver(): void {
    if (this.#outcome === undefined || (this.#state === 'aborted' && !this.#hasEnded)) return;
    this.#result?.settle(this.#outcome);
  }

  /** @param isRequested - Whether the abort was asked for; else it is a failure, like one of the function. */
  #abort(reason: unknown, isRequested: boolean): void {
    const wasPending = this.#state === 'pending';
    const isObserved = this.#isAwaited;
    this.#settle('aborted', { error: reason });
    this.cancelScope();
    if (this.#onAbort !== undefined) outsideScopes(() => this.#tearDown(reason));
    this.abortChildren(reason);
    if (!isRequested) this.#report(reason, isObserved);
    if (wasPending) this.#end();
    else if (this.#supervisor === undefined && this.#lease === 'none') this.expectEnd();
  }

  #tearDown(reason: unknown): void {
    const onAbort = this.#onAbort;
    if (typeof onAbort === 'function') callContained('onAbort', onAbort, reason, undefined, this);
    else if (onAbort !== undefined) callContained('onAbort', reset, onAbort, reason, this);
  }

  /** Whether an error that was thrown after the abort follows from it, or from what `onAbort` has closed. */
  #isTornDown(error: unknown): boolean {
    if (this.#onAbort !== undefined && error instanceof ClosedError) return true;
    const { cancelled } = this.scope;
    return cancelled !== undefined && isConsequence(error, cancelled);
  }

  /** Reports a failure to the group, or to the executor unless `isObserved`: then awaiting the task throws it. */
  #report(error: unknown, isObserved: boolean): void {
    if (this.#supervisor !== undefined) this.#supervisor.onFailure(error);
    else if (!isObserved) this.#host.onUnobservedFailure(error, this);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.leaveTree();
    this.#deliver();
    this.#ended?.resolve();
    this.#supervisor?.onEnded(this);
    this.#host.onEnded(this);
  }
}

function reset(given: Abortable, reason: unknown): unknown {
  return given.reset(reason);
}

function aborted(name: string): ClosedError {
  return new ClosedError(`${name}: the task was aborted`, {
    code: 'ERR_TASK_ABORTED',
    operation: name,
  });
}
