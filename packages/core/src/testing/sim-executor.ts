/** The tasks of a simulation: the calls of `Executor` that a simulated program needs. */

/** A task of the simulated program: a promise with a name. */
export interface SimTask<T> extends PromiseLike<T> {
  readonly name: string;
  readonly isSettled: boolean;
}

class Task<T> implements SimTask<T> {
  readonly name: string;
  readonly #promise: Promise<T>;
  #isAwaited = false;
  isSettled = false;

  constructor(name: string, run: () => Promise<T>, onFailure: (error: unknown) => void) {
    this.name = name;
    this.#promise = (async () => run())();
    this.#promise.then(
      () => {
        this.isSettled = true;
      },
      (error: unknown) => {
        this.isSettled = true;
        if (!this.#isAwaited) onFailure(error);
      },
    );
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isAwaited = true;
    return this.#promise.then(onFulfilled, onRejected);
  }
}

/** Runs the tasks of one simulation. */
export class SimExecutor {
  readonly #tasks = new Set<SimTask<unknown>>();
  readonly #onFailure: (name: string, error: unknown) => void;
  #count = 0;

  constructor(onFailure: (name: string, error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Begins a task at once. A failure that nobody awaits fails the simulation. */
  spawn<T>(run: () => Promise<T>, options?: { readonly name?: string | undefined }): SimTask<T> {
    this.#count += 1;
    const name = options?.name ?? `task ${this.#count}`;
    const task = new Task(name, run, (error) => {
      this.#onFailure(name, error);
    });
    this.#tasks.add(task);
    return task;
  }

  /** The names of the tasks that run. */
  get running(): readonly string[] {
    const names: string[] = [];
    for (const task of this.#tasks) {
      if (task.isSettled) this.#tasks.delete(task);
      else names.push(task.name);
    }
    return names;
  }
}
