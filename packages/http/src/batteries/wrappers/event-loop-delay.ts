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

/** `monitorEventLoopDelay` of `node:perf_hooks`. */
export class EventLoopDelay implements DelayMonitor {
  #histogram: IntervalHistogram | undefined;
  #isRunning = false;

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
    this.#histogram ??= monitorEventLoopDelay({ resolution: RESOLUTION });
    this.#histogram.enable();
  }

  stop(): void {
    this.#isRunning = false;
    this.#histogram?.disable();
    this.#histogram?.reset();
  }

  read(): number {
    const histogram = this.#histogram;
    if (histogram === undefined) return 0;
    const mean = histogram.mean / 1_000_000 - RESOLUTION;
    histogram.reset();
    // Without a sample it is not a number.
    return mean > 0 ? mean : 0;
  }
}
