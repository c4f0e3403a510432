/**
 * Refuses a share of the requests while the event loop is late, so that the others are answered in time.
 *
 * A fixed bound of concurrent requests (`maxConcurrentRequests` of `serve`) does not know what a request costs; the delay of the loop
 * does. The share follows it: it rises while the delay is above the target, by how far it is above, and falls slowly when it is not, as TCP
 * halves fast and grows slowly. What is refused is decided by chance: a client that comes again is not refused for ever.
 */

import { systemClock, type Clock, type Random, type Timer } from '@awaitio/core';
import {
  checkFunction,
  checkOptions,
  rules,
  systemRandom,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { Handler } from '../../message/handler.ts';
import { HttpProblem } from '../../message/problem.ts';
import { EventLoopDelay, type DelayMonitor } from './event-loop-delay.ts';

/** Options of {@link loadShedding}. */
export interface LoadSheddingOptions {
  /** How late the event loop may be in the mean, in milliseconds, before requests are refused. @default 100 */
  readonly maxDelay?: number | undefined;
  /** How often the delay is read, in milliseconds. @default 500 */
  readonly interval?: number | undefined;
  /** The `Retry-After` of refusals, in whole seconds. @default 1 */
  readonly retryAfter?: number | undefined;
  /**
   * Measures the delay. @default `monitorEventLoopDelay` of `node:perf_hooks`; beside another clock than the system's none: its loop is
   * never late
   */
  readonly monitor?: DelayMonitor | undefined;
  /** Decides which requests are refused. @default the platform's generator */
  readonly random?: Random | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}

const LOAD_SHEDDING_OPTIONS: OptionTable<LoadSheddingOptions> = {
  maxDelay: rules.milliseconds,
  interval: rules.milliseconds,
  retryAfter: rules.whole(0),
  monitor: {
    expected: 'an object with the methods start, stop and read',
    accepts: (value) =>
      ['start', 'stop', 'read'].every((name) => rules.method(name).accepts(value)),
  },
  random: rules.method('next'),
  clock: rules.clock,
};

/** The loop of a simulation, or of a test's clock. */
const NEVER_LATE: DelayMonitor = { start: () => {}, stop: () => {}, read: () => 0 };
/** How long the delay is measured behind the last request, in intervals. */
const IDLE_INTERVALS = 10;
/** By how much the share falls when the loop is in time. */
const RECOVERY = 0.1;
/** A share is let through at all times: it shows that the load has gone. */
const MOST = 0.95;

/**
 * Answers a share of the requests with 503 and `Retry-After` while the event loop is late; they do not reach the handler.
 *
 * The delay is measured from the first request on, and no longer when none has come for ten intervals: no timer is left behind.
 *
 * @param handler - Answers the requests that are not refused.
 * @param options - See {@link LoadSheddingOptions}.
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { loadShedding } from '@awaitio/http/batteries';
 *
 * const handler = loadShedding(() => HttpResponse.text('hi'), { maxDelay: 70 });
 * const server = await serve(handler, { port: 0 });
 * console.log((await fetch(server.url)).status); // 200
 * await server.shutdown();
 * ```
 */
export function loadShedding(handler: Handler, options?: LoadSheddingOptions): Handler {
  checkFunction('loadShedding', 'handler', handler);
  if (options !== undefined) checkOptions('loadShedding', options, LOAD_SHEDDING_OPTIONS);
  const shedder = new Shedder(options ?? {});
  const { retryAfter = 1 } = options ?? {};
  return (request, context) => {
    if (!shedder.refuses()) return handler(request, context);
    throw new HttpProblem(503, {
      detail: 'there is more to do than can be done in time',
      headers: { 'Retry-After': retryAfter },
    });
  };
}

class Shedder {
  readonly #maxDelay: number;
  readonly #interval: number;
  readonly #monitor: DelayMonitor;
  readonly #random: Random;
  readonly #clock: Clock;
  /** The share of requests that is refused, from 0. */
  #share = 0;
  #readAt = 0;
  #lastAt = 0;
  /** While it runs, the delay is measured. */
  #timer: Timer | undefined;

  constructor(options: LoadSheddingOptions) {
    this.#maxDelay = options.maxDelay ?? 100;
    this.#interval = options.interval ?? 500;
    this.#random = options.random ?? systemRandom;
    this.#clock = options.clock ?? systemClock;
    const measured = this.#clock === systemClock ? new EventLoopDelay() : NEVER_LATE;
    this.#monitor = options.monitor ?? measured;
  }

  /** Whether this request is refused. */
  refuses(): boolean {
    const now = this.#clock.now();
    this.#lastAt = now;
    if (this.#timer === undefined) this.#start(now);
    else if (now - this.#readAt >= this.#interval) this.#adapt(now);
    return this.#share > 0 && this.#random.next() < this.#share;
  }

  #start(now: number): void {
    this.#share = 0;
    this.#readAt = now;
    this.#monitor.start();
    this.#stopLater(this.#interval * IDLE_INTERVALS);
  }

  #adapt(now: number): void {
    this.#readAt = now;
    const delay = this.#monitor.read();
    if (delay > this.#maxDelay) {
      // Half of what would bring the delay back to its target, if it followed the share at once.
      const excess = (delay - this.#maxDelay) / delay;
      this.#share = Math.min(MOST, this.#share + (1 - this.#share) * excess * 0.5);
    } else this.#share = Math.max(0, this.#share - RECOVERY);
  }

  #stopLater(after: number): void {
    this.#timer = this.#clock.setTimer(() => {
      const left = this.#lastAt + this.#interval * IDLE_INTERVALS - this.#clock.now();
      if (left > 0) {
        this.#stopLater(left);
        return;
      }
      this.#timer = undefined;
      this.#monitor.stop();
    }, after);
    this.#timer.unref();
  }
}
