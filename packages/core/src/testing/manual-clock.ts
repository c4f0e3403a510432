/**
 * A clock that a test moves by hand: for code whose time matters and whose network does not.
 *
 * Time stands still until {@link ManualClock.advance}; so a test of a ten-minute deadline takes no time, and says to the
 * millisecond what has happened before it and what after. For programs with a network, see `simulate`, whose clock moves
 * by itself.
 */

import type { Clock, Timer } from '../vocabulary/clock.ts';
import { sleepOn } from '../waiting/system-clock.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { SimClock } from './sim/clock.ts';

/**
 * How many turns of the platform's loop one event is given for everything that follows from it. Each turn empties the
 * queue of microtasks, so this bounds only chains that go through the platform's own loop.
 */
const TURNS = 2;

/**
 * A {@link Clock} that stands still until it is told to go on.
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
  /** How far time has come; the inner clock only knows its events. */
  #target = 0;
  #deferred: (() => void)[] = [];

  /** Milliseconds since the clock was made. */
  now(): number {
    return Math.max(this.#clock.now(), this.#target);
  }

  /** The calendar: 2020-01-01T00:00:00Z when the clock was made. */
  wallTime(): number {
    return this.#clock.wallTime() + Math.floor(this.now() - this.#clock.now());
  }

  setTimer(callback: () => void, delay: number): Timer {
    // The inner clock stands at its last event, which may be long ago.
    return this.#clock.setTimer(callback, Math.max(0, delay) + (this.now() - this.#clock.now()));
  }

  /** Calls back after the next turn of the platform's loop: deferring takes no time, so it does not wait for `advance`. */
  defer(callback: () => void): void {
    this.#deferred.push(callback);
    if (this.#deferred.length > 1) return;
    setImmediate(() => {
      const callbacks = this.#deferred;
      this.#deferred = [];
      for (const each of callbacks) each();
    });
  }

  sleep(delay: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    return sleepOn(this, delay, options?.signal);
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#clock.size;
  }

  /** When the next timer is due, in milliseconds on this clock; `undefined` when none waits. */
  get next(): number | undefined {
    return this.#clock.next;
  }

  /**
   * Moves time on. Timers on the way fire in order, each with the clock at its own moment, and everything that follows
   * from one has happened before the next.
   *
   * @param delay - Milliseconds from 0; 0 only lets everything settle that can.
   */
  async advance(delay: number): Promise<void> {
    if (typeof delay !== 'number' || !(delay >= 0)) {
      throw invalidInput('advance', 'delay', 'a number of milliseconds from 0', delay);
    }
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

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
