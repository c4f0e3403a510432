/**
 * The loop of a connection without an async function: a step for each thing that it waited for.
 *
 * A suspended async function keeps a frame with a slot for every value that it computes, and two promises and four functions
 * for what it awaits. While a connection is idle all of it would only wait for bytes: here that is a standing read, which is the
 * loop itself. What else is waited for has a promise.
 */

import type { ByteStream } from '@awaitio/core';
import {
  deferred,
  readStanding,
  StandingRead,
  traceAs,
  type Deferred,
  type WaitHolder,
} from '@awaitio/core/lowlevel';
import type { Driver } from './driver.ts';

/** What the next step waits for is a standing read. */
export const STANDING: unique symbol = Symbol('standing read');

/** What the next step waits for; `undefined` is the end of the loop. */
export type Next = Promise<unknown> | typeof STANDING | undefined;

const step = (loop: StepLoop, value: unknown): void => loop.step(value);

export abstract class StepLoop extends StandingRead {
  abstract readonly stream: ByteStream;
  abstract readonly driver: Driver;
  /** What its waits belong to. */
  abstract readonly task: WaitHolder | undefined;
  #over: Deferred<void> | undefined;

  /** Resolves when the connection is over: to be asked for before the first step. */
  get over(): Promise<void> {
    this.#over ??= deferred<void>();
    return this.#over.promise;
  }

  protected settleOver(): void {
    this.#over?.resolve();
  }

  /** Does what needs no wait, from what the last step waited for. */
  protected abstract advance(value: unknown): Next;
  /** The loop has ended, with the error of a step, or of what it waited for. */
  protected abstract onLoopEnd(failure: { readonly error: unknown } | undefined): void;

  /** Does the next step. */
  step(value: unknown): void {
    let next;
    try {
      next = this.advance(value);
    } catch (error) {
      this.onLoopEnd({ error });
      return;
    }
    if (next === STANDING) return;
    if (next === undefined) this.onLoopEnd(undefined);
    else {
      next.then(
        (result) => {
          this.step(result);
        },
        (error: unknown) => {
          this.onLoopEnd({ error });
        },
      );
    }
  }

  /** Waits for bytes: `null` at their end. */
  protected readOn(): Promise<number | null> | typeof STANDING {
    return readStanding(this.stream, this) ? STANDING : this.driver.read();
  }

  take(view: Uint8Array): number {
    return this.driver.take(view);
  }

  protected onRead(result: number | null): void {
    traceAs(this.task, step, this, result);
  }

  protected onReadFailed(error: unknown): void {
    this.onLoopEnd({ error });
  }
}
