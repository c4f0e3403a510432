/** How late the event loop is, measured by Node. */

import { containResult, lazy, stderrSink } from '@awaitio/core/lowlevel';
import type { IntervalHistogram } from 'node:perf_hooks';

/** Measures how late the event loop is. */
export interface DelayMonitor {
  /** Begins to measure. */
  start(): void;
  /** Ends it: nothing is left running. */
  stop(): void;
  /** The mean delay since the last call, in milliseconds. */
  read(): number;
}

/** How often Node looks, in milliseconds. A timer that is on time has a delay of this much. */
const RESOLUTION = 10;
/** Two milliseconds of modules, which most servers never need. */
const hooks = lazy(() => import('node:perf_hooks'));

/**
 * `monitorEventLoopDelay` of `node:perf_hooks`.
 *
 * The histogram is not reset between two readings: some versions of Node leave out the first delay after a reset, and a loop that is
 * very late has only one in an interval. So a reading is the difference between two sums.
 */
export class EventLoopDelay implements DelayMonitor {
  #histogram: IntervalHistogram | undefined;
  #isRunning = false;
  /** What the last reading has seen: delays, their sum in milliseconds, and their mean without the resolution. */
  #count = 0;
  #sum = 0;
  #delay = 0;

  start(): void {
    this.#isRunning = true;
    if (hooks.value === undefined) containResult('loadShedding', this.#load(), stderrSink);
    else this.#enable(hooks.value);
  }

  async #load(): Promise<void> {
    const loaded = await hooks.load();
    if (this.#isRunning) this.#enable(loaded);
  }

  #enable({ monitorEventLoopDelay }: NonNullable<typeof hooks.value>): void {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
    this.#histogram.enable();
  }

  stop(): void {
    this.#isRunning = false;
    this.#histogram?.disable();
    this.#histogram = undefined;
    this.#count = 0;
    this.#sum = 0;
    this.#delay = 0;
  }

  read(): number {
    const histogram = this.#histogram;
    const count = histogram?.count ?? 0;
    // Without a new delay the loop is as late as it was.
    if (histogram === undefined || count === this.#count) return this.#delay;
    const sum = (histogram.mean / 1_000_000) * count;
    this.#delay = Math.max(0, (sum - this.#sum) / (count - this.#count) - RESOLUTION);
    this.#count = count;
    this.#sum = sum;
    return this.#delay;
  }
}
