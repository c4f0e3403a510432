/**
 * Ticks at equal distances, after tokio's `Interval`.
 *
 * A tick that comes late, because the task was busy or the machine was, does not shift the ones after it: they keep to the
 * grid of the first. What happens to ticks that were missed altogether is the choice of the caller.
 */

import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import type { Timer } from '../vocabulary/clock.ts';
import { BusyError, invalidInput } from '../vocabulary/errors.ts';
import { watchAbort } from '../waiting/abort-watch.ts';
import { checkWaitOptions, ListedWaiter, type WaitOptions } from '../waiting/waiter.ts';
import {
  END,
  partsOf,
  stepsOf,
  SYNC_OPTIONS,
  WaitQueue,
  type SyncOptions,
  type SyncParts,
} from './wait-queue.ts';

/**
 * What follows a tick that was taken more than 5 ms late.
 *
 * - `burst`: the missed ticks follow at once, until the grid is caught up with.
 * - `skip`: they are left out; the next tick is the next one of the grid.
 * - `delay`: the grid begins anew, one period after the late tick was taken.
 */
export type MissedTicks = 'burst' | 'skip' | 'delay';

/** Options of an {@link interval}. */
export interface IntervalOptions extends SyncOptions {
  /** What follows a late tick. @default 'burst' */
  readonly missed?: MissedTicks | undefined;
  /** When the first tick is, as the clock's `now()`. @default at once */
  readonly start?: number | undefined;
  /** Ends the interval: ticks fail with `signal.reason`, and so does a loop over them. */
  readonly signal?: AbortSignal | undefined;
}

const INTERVAL_OPTIONS: OptionTable<IntervalOptions> = {
  ...SYNC_OPTIONS,
  missed: rules.oneOf('burst', 'skip', 'delay'),
  start: { expected: 'a time of the clock', accepts: Number.isFinite },
  signal: rules.signal,
};

const PERIOD = {
  expected: 'a number of milliseconds above 0',
  accepts: (value: unknown): boolean => Number.isFinite(value) && (value as number) > 0,
};

/** A tick that is less late than this was not missed: timers are not more exact (tokio: the same). */
const TOLERANCE = 5;

/** Ticks, one after another: made by {@link interval}. Iterating gives the times of the ticks. */
export class Interval implements AsyncIterable<number> {
  /** The distance of two ticks, in milliseconds. */
  readonly period: number;
  readonly #parts: SyncParts;
  readonly #missed: MissedTicks;
  readonly #signal: AbortSignal | undefined;
  /** They settle with whether the loop was left. */
  readonly #waits: WaitQueue<boolean>;
  /** When the next tick is due. */
  #next: number;
  #timer: Timer | undefined;

  constructor(period: number, parts: SyncParts, options: IntervalOptions | undefined) {
    this.period = period;
    this.#parts = parts;
    this.#missed = options?.missed ?? 'burst';
    this.#signal = options?.signal;
    this.#waits = new WaitQueue(parts, () => {
      this.#timer?.cancel();
    });
    this.#next = options?.start ?? parts.clock.now();
  }

  /**
   * Waits for the next tick; one that is due settles at once.
   *
   * A cancelled call takes no tick: the next call gets it.
   *
   * @param options - `signal` cancels the call, besides the signal of the interval; `timeout` limits it, in milliseconds
   * (default: no limit).
   * @returns When the tick was due, as the clock's `now()`; it may have come later.
   * @throws `BusyError` while another call waits; `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  async tick(options?: WaitOptions): Promise<number> {
    return (await this.#tick(options)) as number;
  }

  /** @returns The tick; `undefined` when the loop over the ticks was left. */
  async #tick(options: WaitOptions | undefined): Promise<number | undefined> {
    const { clock, budget } = this.#parts;
    try {
      this.#check(options);
    } catch (error) {
      return budget.fail(error);
    }
    if (this.#next <= clock.now()) return budget.pay(this.#advance());
    const waiter = new ListedWaiter<boolean>('tick', clock, options);
    this.#waits.add(waiter);
    this.#arm();
    const own = this.#signal === undefined ? undefined : watchAbort(this.#signal, waiter);
    try {
      return (await waiter.promise) ? undefined : this.#advance();
    } finally {
      own?.remove();
    }
  }

  #check(options: WaitOptions | undefined): void {
    checkWaitOptions('tick', options);
    this.#signal?.throwIfAborted();
    if (this.#waits.size > 0) {
      throw new BusyError('tick: another task waits for this interval; one task at a time may', {
        code: 'EBUSY',
        operation: 'tick',
      });
    }
  }

  /** Begins the grid anew: the next tick is one period from now, also for a call that waits. */
  reset(): void {
    this.#next = this.#parts.clock.now() + this.period;
    if (this.#waits.size > 0) this.#arm();
  }

  /** Iterates over the times of the ticks, until the loop is left or the signal of the interval aborts. */
  [Symbol.asyncIterator](): AsyncIterator<number, undefined> {
    return stepsOf(async (wait) => {
      const time = await this.#tick(wait);
      return time === undefined ? END : { value: time, done: false };
    }, true);
  }

  /** Sets the timer of the call that waits. */
  #arm(): void {
    const { clock } = this.#parts;
    this.#timer?.cancel();
    this.#timer = clock.setTimer(
      () => {
        this.#waits.resolveAll(false);
      },
      Math.max(0, this.#next - clock.now()),
    );
  }

  /** Takes the tick that is due, and sets the next one. */
  #advance(): number {
    const due = this.#next;
    const late = this.#parts.clock.now() - due;
    if (late <= TOLERANCE || this.#missed === 'burst') this.#next = due + this.period;
    else if (this.#missed === 'delay') this.#next = due + late + this.period;
    else this.#next = due + late + this.period - (late % this.period);
    return due;
  }
}

/**
 * Makes an interval (tokio's `interval` and `interval_at`): the first tick comes at once.
 *
 * It has a timer only while a call waits for a tick, so that one that is not used any more costs nothing.
 *
 * @param period - The distance of two ticks, in milliseconds: a number above 0.
 * @throws `InvalidInputError` for a wrong period or option.
 *
 * @example
 * ```ts
 * import { interval } from '@awaitio/core/sync';
 *
 * const stop = new AbortController();
 * let ticks = 0;
 * try {
 *   for await (const _time of interval(5, { missed: 'skip', signal: stop.signal })) {
 *     ticks += 1;
 *     if (ticks === 3) stop.abort('enough');
 *   }
 * } catch (reason) {
 *   console.log(ticks, reason); // 3 enough
 * }
 * ```
 */
export function interval(period: number, options?: IntervalOptions): Interval {
  if (!PERIOD.accepts(period)) throw invalidInput('interval', 'period', PERIOD.expected, period);
  if (options !== undefined) checkOptions('interval', options, INTERVAL_OPTIONS);
  return new Interval(period, partsOf('interval', options), options);
}
