/**
 * A task: a function that runs on an executor, its outcome, and the tree of tasks that it has spawned.
 *
 * An outcome is decided once: by the function's return or failure, or by an abort, whichever comes first. Aborting
 * decides at once, so whoever awaits the task is told without delay; the function itself hears of it through its signal
 * and goes on until it returns, holding its slot: JavaScript cannot stop it. `ended` tells when it has, and when a task that
 * is held was released.
 *
 * The tree is one of aborts: a task's children are aborted with it. A child may outlive its parent; it then belongs to
 * the parent's parent, so that the abort of whoever is above still finds it.
 *
 * A failure is told to one of three: to the group that the task belongs to, to whoever awaits it by the next turn of the
 * loop, else to the executor.
 * A function that was aborted and ends with the reason, or with what I/O says when it is torn down, has only done as it
 * was told; any other error after the abort is a failure that nobody awaits any more, and is told, too.
 *
 * The file is long because one outcome is decided here for a return, a failure, an abort and a timeout, in whatever order
 * they come: apart, no part of that could be checked.
 */

import { watchAbort, type AbortRegistration, type AbortWatcher } from '../waiting/abort-watch.ts';
import type { Timer } from '../vocabulary/clock.ts';
import { deferred, type Deferred } from '../waiting/deferred.ts';
import { ClosedError, IoError, TimeoutError } from '../vocabulary/errors.ts';
import {
  Context,
  type TaskFunction,
  type TaskLease,
  type TaskHost,
  type TaskInfo,
  type TaskOptions,
  type TaskSupervisor,
  type TaskState,
} from './task-context.ts';
import { beginTrace, callSite, runAs, tracesOf } from '../waiting/wait-trace.ts';

/** How a task came out. */
export type TaskOutcome = { readonly value: unknown } | { readonly error: unknown };

/**
 * A spawned function; `await` gives its result, or throws its failure or the abort's reason.
 *
 * A failure that nobody awaits goes to the executor's `onTaskError`; it is never an unhandled rejection.
 *
 * @example
 * ```ts
 * import { Executor } from '@awaitio/core';
 *
 * const executor = new Executor();
 * const task = executor.spawn(async ({ sleep }) => {
 *   await sleep(60_000);
 *   return 'slept well';
 * });
 * task.abort('wake up');
 * console.log(await task.catch((reason) => reason), task.state); // wake up aborted
 * ```
 */
export class Task<T> implements PromiseLike<T>, AbortWatcher, TaskLease {
  /** Unique on its executor. */
  readonly id: number;
  readonly name: string;
  readonly priority: number;
  readonly #host: TaskHost;
  readonly #spawnedAt: number;
  readonly #site: string | undefined;
  /** A task that has not ended. */
  #parent: Task<unknown> | undefined;
  #children: Set<Task<unknown>> | undefined;
  #overseer: TaskSupervisor | undefined;
  #run: TaskFunction<unknown> | undefined;
  #state: TaskState = 'pending';
  #outcome: TaskOutcome | undefined;
  /** Made when somebody awaits; of `unknown`, so that a task of anything is a task of `unknown`. */
  #result: Deferred<unknown> | undefined;
  #ended: Deferred<void> | undefined;
  #hasEnded = false;
  /** Whether it goes on when its function has returned. */
  #isHeld = false;
  /** Whether its function has returned nothing while it was held: it ends with its release. */
  #hasReturned = false;
  /** Settled by its release, for what its function promised. */
  #released: Deferred<void> | undefined;
  #isHeard = false;
  #controller: AbortController | undefined;
  #registration: AbortRegistration | undefined;
  readonly #onAbort: TaskOptions['onAbort'];
  #timer: Timer | undefined;

  /** @internal Tasks come from `Executor.spawn`. */
  constructor(
    host: TaskHost,
    id: number,
    run: TaskFunction<T>,
    options: TaskOptions | undefined,
    parent: Task<unknown> | undefined,
  ) {
    this.#host = host;
    this.id = id;
    this.name = options?.name ?? (run.name === '' ? 'task' : run.name);
    this.priority = options?.priority ?? 0;
    this.#run = run;
    this.#parent = parent;
    this.#spawnedAt = host.clock.now();
    this.#site = callSite('spawn');
    parent?.adopt(this);
    if (options === undefined) return;
    const { signal, timeout } = options;
    this.#onAbort = options.onAbort;
    if (signal !== undefined) this.#registration = watchAbort(signal, this);
    if (timeout !== undefined && timeout !== Infinity) {
      this.#timer = host.clock.setTimer(() => {
        this.#abort(new TimeoutError(this.name, timeout), false);
      }, timeout);
    }
  }

  /** How far it is: see {@link TaskState}. */
  get state(): TaskState {
    return this.#state;
  }

  /** Settles when the function has returned, and a task that is held was released, whatever the outcome; never rejects. */
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

  /** As `Promise.prototype.catch`. */
  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#promise().catch(onRejected);
  }

  /** As `Promise.prototype.finally`. */
  finally(onSettled?: (() => void) | null): Promise<T> {
    return this.#promise().finally(onSettled);
  }

  /**
   * Aborts: a task that waits for a slot never runs; a running one is told through its signal, and so are its children.
   * Whoever awaits it gets `reason` at once. Does nothing when the outcome is decided.
   *
   * @param reason - What the signal and the awaiting code get. @default a `ClosedError`
   */
  abort(reason: unknown = aborted(this.name)): void {
    if (this.#outcome === undefined) this.#abort(reason, true);
  }

  /** The signal under it aborted. @internal */
  onAbort(reason: unknown): void {
    this.#registration = undefined;
    this.abort(reason);
  }

  // --- For its executor, its group and its context -----------------------------------------------------------------

  /**
   * @internal Runs the function.
   *
   * @returns Settles, and never rejects, when the task has ended; `undefined` when it is held and its function has
   * returned nothing: then `ended` tells.
   *
   * Not an async function: the frame of one that waits is kept for as long as the task runs, which for a server's
   * connection is hours, and takes more memory than two reactions.
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
    // No promise, and nothing that waits for one: that is what holding is for.
    if (this.#isHeld && value === undefined) {
      this.#hasReturned = true;
      return undefined;
    }
    return Promise.resolve(value).then(
      (result) => this.#return(result),
      (error: unknown) => this.#fail(error),
    );
  }

  async #return(value: unknown): Promise<void> {
    if (this.#isHeld) {
      this.#released = deferred<void>();
      await this.#released.promise;
    }
    this.#settle('done', { value });
    this.#end();
  }

  /** @internal */
  hold(): TaskLease {
    this.#isHeld = true;
    return this;
  }

  /** @internal What held it is over. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#released?.resolve();
    if (!this.#hasReturned) return;
    this.#settle('done', { value: undefined });
    this.#end();
  }

  // By itself, so that the reactions above do not keep the function alive with what it has closed over.
  #call(run: TaskFunction<unknown>): unknown {
    return runAs(this, () => run(new Context(this, this.#host)));
  }

  async #fail(error: unknown): Promise<void> {
    if (this.#outcome === undefined) {
      this.#settle('failed', { error });
      // `await task` calls `then` only some microtasks later; a turn of the loop is time enough.
      if (!this.#isSeenTo) await this.#turn();
      this.#tell(error, this.#isHeard);
    } else if (!isConsequence(error, this.#outcome)) {
      this.#tell(error, false);
    }
    this.#end();
  }

  /** @internal */
  get outcome(): TaskOutcome | undefined {
    return this.#outcome;
  }

  /** @internal */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#state === 'aborted' && this.#outcome !== undefined && 'error' in this.#outcome) {
        this.#controller.abort(this.#outcome.error);
      }
    }
    return this.#controller.signal;
  }

  /** @internal */
  throwIfAborted(): void {
    if (this.#state !== 'aborted' || this.#outcome === undefined) return;
    if ('error' in this.#outcome) throw this.#outcome.error;
  }

  /** @internal Whether a child may be spawned; throws why not. */
  checkParent(): void {
    this.throwIfAborted();
    if (!this.#hasEnded) return;
    throw new ClosedError(`spawn: the task ${this.name} has ended and can have no more children`, {
      code: 'ERR_TASK_ENDED',
      operation: 'spawn',
    });
  }

  /** @internal From now on `overseer` sees to this task's failures. */
  supervise(overseer: TaskSupervisor): void {
    this.#overseer = overseer;
  }

  /** @internal What a snapshot shows. */
  info(now: number): TaskInfo {
    const waits = Array.from(tracesOf(this), ({ operation, since, site }) =>
      Object.freeze({ operation, age: now - since, site }),
    );
    return Object.freeze({
      id: this.id,
      name: this.name,
      state: this.#state,
      age: now - this.#spawnedAt,
      ...(this.#parent === undefined ? undefined : { parent: this.#parent.id }),
      ...(this.#site === undefined ? undefined : { site: this.#site }),
      waits: Object.freeze(waits),
    });
  }

  /** @internal */
  adopt(child: Task<unknown>): void {
    this.#children ??= new Set();
    this.#children.add(child);
  }

  /** @internal */
  disown(child: Task<unknown>): void {
    this.#children?.delete(child);
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  #promise(): Promise<T> {
    this.#isHeard = true;
    if (this.#result === undefined) {
      this.#result = deferred<unknown>();
      this.#deliver();
    }
    const { promise } = this.#result;
    if (this.#outcome === undefined) {
      const trace = beginTrace(`task "${this.name}"`, this.#host.clock.now());
      if (trace !== undefined) {
        const end = (): void => {
          trace.end();
        };
        void promise.then(end, end);
      }
    }
    return promise as Promise<T>;
  }

  get #isSeenTo(): boolean {
    return this.#isHeard || this.#overseer !== undefined;
  }

  #turn(): Promise<void> {
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

  #deliver(): void {
    const outcome = this.#outcome;
    if (outcome === undefined || this.#result === undefined) return;
    if ('value' in outcome) this.#result.resolve(outcome.value);
    else this.#result.reject(outcome.error);
  }

  /** @param isWanted - Whether somebody asked for it; else it is a failure like one of the function's own. */
  #abort(reason: unknown, isWanted: boolean): void {
    const wasPending = this.#state === 'pending';
    const isHeard = this.#isHeard;
    this.#settle('aborted', { error: reason });
    this.#controller?.abort(reason);
    if (typeof this.#onAbort === 'function') this.#onAbort(reason);
    else this.#onAbort?.reset(reason);
    if (this.#children !== undefined) for (const child of this.#children) child.abort(reason);
    if (!isWanted) this.#tell(reason, isHeard);
    if (wasPending) this.#end();
  }

  /** Tells whoever sees to this task's failures; `isHeard`: somebody awaits it and gets this one. */
  #tell(error: unknown, isHeard: boolean): void {
    if (this.#overseer !== undefined) this.#overseer.onFailure(error);
    else if (!isHeard) this.#host.onUnheardFailure(error, this);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#bequeath();
    this.#ended?.resolve();
    this.#overseer?.onEnded(this);
    this.#host.onEnded(this);
  }

  /** Leaves the tree, and the children that go on to the parent, so that no task keeps its ancestors alive. */
  #bequeath(): void {
    const parent = this.#parent;
    const children = this.#children;
    this.#parent = undefined;
    this.#children = undefined;
    parent?.disown(this);
    if (children === undefined) return;
    for (const child of children) {
      child.#parent = parent;
      parent?.adopt(child);
    }
  }
}

/** Whether an error that came after the abort only says that the abort came through. */
function isConsequence(error: unknown, outcome: TaskOutcome): boolean {
  const reason = 'error' in outcome ? outcome.error : undefined;
  if (error === reason || error instanceof IoError) return true;
  if (!(error instanceof Error)) return false;
  return error.name === 'AbortError' || (error.cause !== undefined && error.cause === reason);
}

function aborted(name: string): ClosedError {
  return new ClosedError(`${name}: the task was aborted`, {
    code: 'ERR_TASK_ABORTED',
    operation: name,
  });
}
