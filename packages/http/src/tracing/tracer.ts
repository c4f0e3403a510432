/**
 * The order of the events of a trace: `start`, `end`, `asyncStart`, `asyncEnd`, each once; `error` at most once, before `asyncEnd`.
 *
 * `end` means that the synchronous part is over. What is settled within that part is published after it, as Node's
 * `tracePromise` does.
 */

import type { Channels } from './channels.ts';
import { runTraced } from './runners.ts';

export class Tracer<Context extends { error: unknown }> {
  readonly #channels: Channels<Context>;
  readonly context: Context;
  #isBeginning = true;
  #isSettled = false;
  #isFinished = false;
  #hasFailed = false;

  constructor(channels: Channels<Context>, context: Context) {
    this.#channels = channels;
    this.context = context;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  /** Runs the synchronous part, in the stores that are bound to `start`. */
  run<Result>(body: () => Result): Result {
    const { start, end } = this.#channels;
    const { context } = this;
    try {
      return start.runStores(context, () => runTraced(context, body));
    } finally {
      end.publish(context);
      this.#isBeginning = false;
      if (this.#isSettled) this.#channels.asyncStart.publish(context);
      if (this.#isFinished) this.#channels.asyncEnd.publish(context);
    }
  }

  /** It has failed. The first failure counts. */
  fail(error: unknown): void {
    if (this.#hasFailed || this.#isFinished) return;
    this.#hasFailed = true;
    this.context.error = error;
    this.#channels.error.publish(this.context);
  }

  /** Its first result is there. */
  settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    if (!this.#isBeginning) this.#channels.asyncStart.publish(this.context);
  }

  /** It is over. */
  finish(): void {
    if (this.#isFinished) return;
    this.settle();
    this.#isFinished = true;
    if (!this.#isBeginning) this.#channels.asyncEnd.publish(this.context);
  }
}
