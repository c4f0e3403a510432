/**
 * A task: a function that runs on an executor, its outcome, and the tree of tasks that it has spawned.
 *
 * An outcome is decided once: by the function's return or failure, or by an abort, whichever comes first. Aborting
 * decides at once, so whoever awaits the task is told without delay; the function itself hears of it through its signal
 * and goes on until it returns, holding its slot: JavaScript cannot stop it. `ended` tells when it has.
 */

import type { Clock } from './clock.ts';
import { deferred, type Deferred } from './deferred.ts';
import { ClosedError, TimeoutError } from './errors.ts';
import { watchAbort, type AbortRegistration, type AbortWatcher } from './abort-watch.ts';

/** How far a task is. `pending` → `running` → `done` or `failed`; `aborted` from the first two. */
export type TaskState = 'pending' | 'running' | 'done' | 'failed' | 'aborted';

/** Options of a task. */
export interface TaskOptions {
  /** What snapshots and errors call it. @default 'task' */
  readonly name?: string | undefined;
  /** Among tasks that wait for a slot, higher ones go first. @default 0 */
  readonly priority?: number | undefined;
  /** Aborts the task when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from the spawn until the task is aborted with a `TimeoutError`. @default no limit */
  readonly timeout?: number | undefined;
}

/** What a task's function is given. */
export interface TaskContext {
  readonly name: string;
  /** Aborts when the task is aborted. Made when it is first asked for. */
  readonly signal: AbortSignal;
  /** Spawns a child, which is aborted with this task. @throws as `Executor.spawn` */
  spawn<T>(run: TaskFunction<T>, options?: TaskOptions): Task<T>;
  /** Lets the events that are ready now have their turn. */
  yieldNow(): Promise<void>;
  /** Waits. @throws the abort's reason */
  sleep(milliseconds: number): Promise<void>;
}

export type TaskFunction<T> = (context: TaskContext) => T | Promise<T>;

/** What a task needs of its executor. */
export interface TaskHost {
  readonly clock: Clock;
  spawnChild<T>(parent: Task<unknown>, run: TaskFunction<T>, options?: TaskOptions): Task<T>;
  onSettled(task: Task<unknown>): void;
  onUnheardFailure(error: unknown, task: Task<unknown>): void;
}

/** One task of a snapshot. */
export interface TaskInfo {
  readonly id: number;
  readonly name: string;
  readonly state: TaskState;
  /** Milliseconds since it was spawned. */
  readonly age: number;
  readonly parent?: number;
  /** Where it was spawned, when `traceWaits` is on. */
  readonly site?: string | undefined;
}

/**
 * A spawned function; `await` gives its result, or throws its failure or the abort's reason.
 *
 * A failure that nobody awaits goes to the executor's `onTaskError`; it is never an unhandled rejection.
 */
export class Task<T> implements PromiseLike<T>, AbortWatcher {
  readonly id: number;
  readonly name: string;
  readonly #host: TaskHost;
  readonly #parent: Task<unknown> | undefined;
  readonly #spawnedAt: number;
  #run: TaskFunction<T> | undefined;
  #state: TaskState = 'pending';
  #outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  #result: Deferred<T> | undefined;
  #ended: Deferred<void> | undefined;
  #hasEnded = false;
  #isHeard = false;
  #controller: AbortController | undefined;
  #children: Set<Task<unknown>> | undefined;
  #registration: AbortRegistration | undefined;
  #timer: { cancel(): void } | undefined;

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
    this.name = options?.name ?? 'task';
    this.#run = run;
    this.#parent = parent;
    this.#spawnedAt = host.clock.now();
    if (parent !== undefined) parent.#adopt(this as Task<unknown>);
    if (options === undefined) return;
    const { signal, timeout } = options;
    if (signal !== undefined) this.#registration = watchAbort(signal, this);
    if (timeout !== undefined && timeout !== Infinity) {
      this.#timer = host.clock.setTimer(() => {
        this.abort(new TimeoutError(this.name, timeout));
      }, timeout);
    }
  }

  get state(): TaskState {
    return this.#state;
  }

  /** Settles when the function has returned, whatever the outcome; never rejects. */
  get ended(): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = deferred<void>();
      if (this.#hasEnded) this.#ended.resolve();
    }
    return this.#ended.promise;
  }

  // eslint-disable-next-line unicorn/no-thenable -- a task is awaited: `await task` is its whole point
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

  /**
   * Aborts: a task that waits for a slot never runs; a running one is told through its signal, and so are its children.
   * Whoever awaits it gets `reason` at once. Does nothing when the outcome is decided.
   *
   * @param reason - What the signal and the awaiting code get. @default a `ClosedError`
   */
  abort(reason: unknown = aborted(this.name)): void {
    if (this.#outcome !== undefined) return;
    const wasPending = this.#state === 'pending';
    this.#settle('aborted', { error: reason });
    this.#controller?.abort(reason);
    if (this.#children !== undefined) for (const child of this.#children) child.abort(reason);
    if (wasPending) this.#end();
  }

  /** The signal under it aborted. @internal */
  onAbort(reason: unknown): void {
    this.#registration = undefined;
    this.abort(reason);
  }

  /** @internal What a snapshot shows. */
  info(now: number): TaskInfo {
    const { id, name } = this;
    const info = { id, name, state: this.#state, age: now - this.#spawnedAt };
    return this.#parent === undefined ? info : { ...info, parent: this.#parent.id };
  }

  /** @internal Runs the function; never rejects. */
  async start(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    if (this.#state !== 'pending' || run === undefined) return;
    this.#state = 'running';
    try {
      const value = await run(new Context(this as Task<unknown>, this.#host));
      this.#settle('done', { value });
    } catch (error) {
      if (this.#outcome === undefined) {
        this.#settle('failed', { error });
        if (!this.#isHeard) this.#host.onUnheardFailure(error, this as Task<unknown>);
      }
    }
    this.#end();
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

  /** @internal Somebody else sees to this task's failure. */
  markHeard(): void {
    this.#isHeard = true;
  }

  /** @internal A child ended. */
  disown(child: Task<unknown>): void {
    this.#children?.delete(child);
  }

  #adopt(child: Task<unknown>): void {
    this.#children ??= new Set();
    this.#children.add(child);
  }

  #promise(): Promise<T> {
    this.#isHeard = true;
    if (this.#result === undefined) {
      this.#result = deferred<T>();
      // Whoever asked gets it from the promise; those who did not must not bring the process down.
      this.#result.promise.catch(() => {});
      this.#deliver();
    }
    return this.#result.promise;
  }

  #settle(state: TaskState, outcome: { readonly value: T } | { readonly error: unknown }): void {
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

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#parent?.disown(this as Task<unknown>);
    this.#ended?.resolve();
    this.#host.onSettled(this as Task<unknown>);
  }
}

/** What a task's function holds. */
class Context implements TaskContext {
  readonly #task: Task<unknown>;
  readonly #host: TaskHost;

  constructor(task: Task<unknown>, host: TaskHost) {
    this.#task = task;
    this.#host = host;
  }

  get name(): string {
    return this.#task.name;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  readonly spawn = <T>(run: TaskFunction<T>, options?: TaskOptions): Task<T> =>
    this.#host.spawnChild(this.#task, run, options);

  readonly yieldNow = (): Promise<void> =>
    new Promise((resolve) => {
      this.#host.clock.defer(resolve);
    });

  readonly sleep = (milliseconds: number): Promise<void> =>
    this.#host.clock.sleep(milliseconds, { signal: this.#task.signal });
}

function aborted(name: string): ClosedError {
  return new ClosedError(`${name}: the task was aborted`, {
    code: 'ERR_TASK_ABORTED',
    operation: name,
  });
}
