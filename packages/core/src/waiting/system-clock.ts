/** The platform's clock, and helpers that other clocks share. Its functions are those of `vocabulary/platform.ts`. */

import { callContained, stderrSink } from '../vocabulary/callbacks.ts';
import { platform } from '../vocabulary/platform.ts';
import { checkFunction, checkIsObject } from '../vocabulary/check.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { budgetOf } from './budget.ts';
import { beginTrace } from './wait-trace.ts';
import { watchAbort } from './abort-watch.ts';
import { checkScope, currentScope, watchScope } from './ambient.ts';
import { checkNode } from '../vocabulary/node-version.ts';

// Here, since every program loads this file.
checkNode(process.versions.node);

/** The longest delay a platform timer takes, 24.8 days; a longer one would fire at once, so it is split. */
const MAX_DELAY = 0x7fffffff;

/** Calls back: an error would end the process. */
function fire(callback: () => unknown): void {
  callContained('timer', callback, undefined, undefined, stderrSink);
}

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout;
  #isRef = true;

  constructor(callback: () => void, delay: number) {
    this.#handle = this.#arm(callback, delay);
  }

  cancel(): void {
    platform.clearTimeout(this.#handle);
  }

  unref(): void {
    this.#isRef = false;
    this.#handle.unref();
  }

  #arm(callback: () => void, delay: number): NodeJS.Timeout {
    // Newer versions of Node warn of a negative delay.
    if (!(delay > MAX_DELAY)) return platform.setTimeout(fire, Math.max(0, delay), callback);
    return platform.setTimeout(
      () => {
        this.#handle = this.#arm(callback, delay - MAX_DELAY);
        if (!this.#isRef) this.#handle.unref();
      },
      MAX_DELAY,
      undefined,
    );
  }
}

/** Checks the arguments of `setTimer`. @throws {@link InvalidInputError} */
export function checkTimer(callback: () => void, delay: number): void {
  checkFunction('setTimer', 'callback', callback);
  if (typeof delay !== 'number' || Number.isNaN(delay)) {
    throw invalidInput('setTimer', 'delay', 'a number of milliseconds', delay);
  }
}

/** As {@link sleepOn}, for the arguments of a program. */
export function checkedSleep(
  clock: Clock,
  delay: number,
  options: { readonly signal?: AbortSignal | undefined } | undefined,
): Promise<void> {
  try {
    if (typeof delay !== 'number' || Number.isNaN(delay)) {
      throw invalidInput('sleep', 'delay', 'a number of milliseconds', delay);
    }
    if (options !== undefined) checkIsObject('sleep', options);
    const signal = options?.signal;
    if (signal === undefined || signal instanceof AbortSignal) return sleepOn(clock, delay, signal);
    throw invalidInput('sleep', 'signal', 'an AbortSignal', signal);
  } catch (error) {
    return budgetOf(clock).fail(error);
  }
}

/** Implements `sleep` for any clock with timers; a signal has one listener, however many sleeps it can cancel. */
export function sleepOn(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  try {
    checkScope();
  } catch (error) {
    return budgetOf(clock).fail(error);
  }
  if (signal?.aborted === true) return budgetOf(clock).fail(signal.reason);
  const trace = beginTrace('sleep', clock.now());
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(() => {
      registration?.remove();
      scope?.unwatch(watcher);
      trace?.end();
      resolve();
    }, delay);
    const onAbort = (reason: unknown): void => {
      timer.cancel();
      registration?.remove();
      scope?.unwatch(watcher);
      trace?.end();
      reject(reason);
    };
    const watcher = { onAbort };
    const scope = watchScope(watcher);
    const registration = signal === undefined ? undefined : watchAbort(signal, watcher);
  });
}

/**
 * The clock of this machine: monotonic `process.hrtime()`, `Date.now()` and the platform's timers. `performance.now()`
 * is no faster, and Node has to load two milliseconds of modules for it.
 */
export const systemClock: Clock = Object.freeze({
  now: () => {
    const [seconds, nanoseconds] = platform.hrtime();
    return seconds * 1000 + nanoseconds / 1_000_000;
  },
  wallTime: () => platform.wallTime(),
  setTimer: (callback: () => void, delay: number) => {
    checkTimer(callback, delay);
    return new SystemTimer(callback, delay);
  },
  defer: (callback: () => void) => {
    checkFunction('defer', 'callback', callback);
    platform.setImmediate(fire, callback);
  },
  sleep: (delay: number, options?: { readonly signal?: AbortSignal | undefined }) =>
    checkedSleep(systemClock, delay, options),
});

/** The clock of what is given none: that of the scope or task around it, of the simulation, or the system's. */
export function ambientClock(): Clock {
  return currentScope()?.clock ?? platform.clockOf?.() ?? systemClock;
}

/**
 * The clock of an object that outlives the scope that it is made in: that which it is given, that of the simulation, or the
 * system's.
 */
export function clockOf(given: Clock | undefined): Clock {
  return given ?? platform.clockOf?.() ?? systemClock;
}

/** The time read in the current run of promise reactions; `undefined` when none was read. */
let cached: number | undefined;
const settled = Promise.resolve();
const forget = (): void => {
  cached = undefined;
};

/**
 * `clock.now()`, read at most once per run of promise reactions: libuv's `uv_now` for this package.
 *
 * Reading the platform's clock takes some fifty nanoseconds, and a server that answers sixty requests in one iteration
 * of the event loop would read it three times for each (`pnpm bench --only echo`). The cached time is dropped after the
 * reactions that were queued when it was read; until then it is as old as they take. Node's timers count from a time
 * that is cached longer, the loop's.
 */
export function cachedNow(clock: Clock): number {
  if (clock !== systemClock) return clock.now();
  if (cached === undefined) {
    cached = systemClock.now();
    void settled.then(forget);
  }
  return cached;
}
