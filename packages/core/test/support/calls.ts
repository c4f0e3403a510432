/** Calls of a random program: each can be aborted, and each has an answer in the end. */

/** What a call that settles at once comes to: its value, or the name of its error. */
export function settledNow<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    return nameOf(error);
  }
}

export class Calls {
  /** The answers so far, by the number of the call. */
  readonly answers = new Map<number, unknown>();
  readonly #controllers: AbortController[] = [];

  /** How many calls were made; the number of the next one. */
  get count(): number {
    return this.#controllers.length;
  }

  /** Makes a call that may be aborted. @returns Its number */
  make(
    timeout: number,
    call: (options: { signal: AbortSignal; timeout: number }) => Promise<unknown>,
  ): number {
    const id = this.#controllers.length;
    const controller = new AbortController();
    this.#controllers.push(controller);
    void call({ signal: controller.signal, timeout }).then(
      (value) => this.answers.set(id, value),
      (error: unknown) => this.answers.set(id, nameOf(error)),
    );
    return id;
  }

  /** Aborts one of the calls. @returns Its number */
  abort(which: number): number {
    const id = which % Math.max(1, this.#controllers.length);
    this.#controllers[id]?.abort('aborted');
    return id;
  }
}

/** `missed 3` for a lag of 3, else the name of the error, or the reason itself. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'missed' in error ? `missed ${String(error.missed)}` : error.name;
}
