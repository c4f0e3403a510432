/** How late the event loop is: the distribution since the last reading, measured by Node. */

import { containResult, lazy, stderrSink } from '@awaitio/core/lowlevel';
import type { IntervalHistogram } from 'node:perf_hooks';

/** How often Node looks, in milliseconds. A timer that is on time has a delay of this much. */
const RESOLUTION = 10;
/** Two milliseconds of modules, which most servers never need. */
const hooks = lazy(() => import('node:perf_hooks'));

/** In seconds. */
export interface LoopDelay {
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

/** Measures from the first reading on: before it, nothing runs. */
export class LoopDelayMonitor {
  #histogram: IntervalHistogram | undefined;
  #hasBegun = false;

  /** Since the last reading; `undefined` the first time, and when nothing was measured. */
  read(): LoopDelay | undefined {
    const histogram = this.#histogram;
    if (histogram === undefined) {
      if (!this.#hasBegun) containResult('metrics', this.#begin(), stderrSink);
      this.#hasBegun = true;
      return undefined;
    }
    if (histogram.count === 0) return undefined;
    const delay = {
      mean: seconds(histogram.mean),
      p99: seconds(histogram.percentile(99)),
      max: seconds(histogram.max),
    };
    histogram.reset();
    return delay;
  }

  async #begin(): Promise<void> {
    const { monitorEventLoopDelay } = hooks.value ?? (await hooks.load());
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
    this.#histogram.enable();
  }
}

/** From nanoseconds; what is later than the resolution. */
function seconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1e3);
}
