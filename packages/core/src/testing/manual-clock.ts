/**
 * A clock that a test moves by hand: for code that depends on time, but not on a network.
 *
 * Time stands still until {@link ManualClock.advance}. So a test of a ten-minute deadline takes no time, and can check to the
 * millisecond what happened before it and what after. For programs with a network, see `simulate`, whose clock is
 * automatic.
 */

import { platform } from '../vocabulary/platform.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { loadsInProgress } from '../vocabulary/lazy.ts';
import { AsyncScope } from '../waiting/async-scope.ts';
import { checkedSleep, checkTimer } from '../waiting/system-clock.ts';
import { callContained, stderrSink, type FailureSink } from '../vocabulary/callbacks.ts';
import { checkFunction } from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { SimClock } from './sim/wire/clock.ts';

/**
 * How many iterations of the platform's loop follow each event. Each one empties the queue of microtasks, so this limits only
 * chains that go through the platform's loop.
 */
const LOOP_ITERATIONS = 2;

/**
 * A {@link Clock} that stands still until the test advances it.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 * import { ManualClock } from '@awaitio/core/testing';
 *
 * const clock = new ManualClock();
 * const [client, server] = memoryPair({ clock });
 * const failure = client.readChunk({ timeout: 60_000 }).catch((error: Error) => error.name);
 * await clock.advance(60_000);
 * console.log(await failure); // TimeoutError
 * await client.close();
 * await server.close();
 * ```
 */
export class ManualClock implements Clock {
  readonly #clock = new SimClock();
  /** The current time; the inner clock stands at its last event. */
  #target = 0;
  #deferred: (() => void)[] = [];
  /** What timers have failed with since the call of `advance` that goes on; `undefined` when none does. */
  #failures: unknown[] | undefined;
  readonly #sink: FailureSink = {
    onCallbackFailure: (failure, callback) => {
      if (this.#failures === undefined) stderrSink.onCallbackFailure(failure, callback);
      else this.#failures.push(failure);
    },
  };

  /** Milliseconds since the clock was made. */
  now(): number {
    return Math.max(this.#clock.now(), this.#target);
  }

  /** The date and time: 2020-01-01T00:00:00Z when the clock was made. */
  wallTime(): number {
    return this.#clock.wallTime() + Math.floor(this.now() - this.#clock.now());
  }

  setTimer(callback: () => void, delay: number): Timer {
    checkTimer(callback, delay);
    const fire = (): void => {
      callContained('timer', callback, undefined, undefined, this.#sink);
    };
    // The inner clock stands at its last event, which may be long ago.
    return this.#clock.setTimer(fire, Math.max(0, delay) + (this.now() - this.#clock.now()));
  }

  /** Calls back in the next iteration of the platform's loop: deferring takes no time, so it does not wait for `advance`. */
  defer(callback: () => void): void {
    checkFunction('defer', 'callback', callback);
    const scope = new AsyncScope();
    this.#deferred.push(() => scope.run(callback));
    if (this.#deferred.length > 1) return;
    platform.setImmediate(() => {
      const callbacks = this.#deferred;
      this.#deferred = [];
      for (const each of callbacks) {
        callContained('timer', each, undefined, undefined, stderrSink);
      }
    }, undefined);
  }

  sleep(delay: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    return checkedSleep(this, delay, options);
  }

  /** The number of pending timers. */
  get pending(): number {
    return this.#clock.size;
  }

  /** When the next timer is due, in milliseconds on this clock; `undefined` when none is pending. */
  get next(): number | undefined {
    return this.#clock.next;
  }

  /**
   * Advances time. Timers on the way fire in order, each with the clock at its own time, and everything that follows from one
   * has happened before the next. Modules that awaitio loads on first use are waited for.
   *
   * @param delay - Milliseconds from 0; with 0 everything settles that can.
   * @throws what the callback of a timer fails with, after all of them; an `AggregateError` of several; `InvalidInputError`.
   */
  async advance(delay: number): Promise<void> {
    if (typeof delay !== 'number' || !(delay >= 0)) {
      throw invalidInput('advance', 'delay', 'a number of milliseconds from 0', delay);
    }
    const failures: unknown[] = [];
    this.#failures = failures;
    try {
      await this.#advance(delay);
    } finally {
      this.#failures = undefined;
    }
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} timers failed`);
    if (failures.length > 0) throw failures[0];
  }

  async #advance(delay: number): Promise<void> {
    const end = this.now() + delay;
    await settle();
    for (;;) {
      const { next } = this.#clock;
      if (next === undefined || next > end) break;
      this.#target = Math.max(this.#target, next);
      this.#clock.step();
      await settle();
    }
    this.#target = end;
    await settle();
  }
}

/** What is loaded on first use takes real time: it is waited for, and so is what follows from it. */
async function settle(): Promise<void> {
  do {
    await loadsInProgress();
    for (let iteration = 0; iteration < LOOP_ITERATIONS; iteration += 1) {
      await new Promise((resolve) => {
        platform.setImmediate(() => {
          resolve(undefined);
        }, undefined);
      });
    }
  } while (loadsInProgress() !== undefined);
}
