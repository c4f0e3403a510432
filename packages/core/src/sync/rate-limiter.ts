/**
 * A token bucket, after Go's `x/time/rate`: limits how often something is done, and how much at once.
 *
 * The bucket is full at first and holds `burst` tokens; `rate` tokens a second flow in. What does not fit is lost: idle time
 * is not saved up beyond the burst. Nothing flows on a timer: how many tokens there are follows from the clock, and a timer
 * exists only for the oldest call that waits.
 */

import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import type { Timer } from '../vocabulary/clock.ts';
import { invalidInput, LimitError } from '../vocabulary/errors.ts';
import {
  checkWaitOptions,
  ListedWaiter,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';
import {
  partsOf,
  SYNC_OPTIONS,
  waitsOf,
  WaitQueue,
  type SyncOptions,
  type SyncParts,
} from './wait-queue.ts';

/** Options of a {@link RateLimiter}. */
export interface RateLimiterOptions extends SyncOptions {
  /** How many tokens flow in per second: a number above 0. */
  readonly rate: number;
  /** How many tokens the bucket holds, a whole number from 1. @default those of one second, at least 1 */
  readonly burst?: number | undefined;
  /** How many calls may wait: one more fails with a `LimitError`. @default no limit */
  readonly maxWaiting?: number | undefined;
}

const RATE_LIMITER_OPTIONS: OptionTable<RateLimiterOptions> = {
  ...SYNC_OPTIONS,
  rate: {
    expected: 'a number of tokens per second, above 0',
    accepts: (value) => Number.isFinite(value) && (value as number) > 0,
  },
  burst: rules.whole(1),
  maxWaiting: {
    expected: 'a whole number from 0',
    accepts: (value) => value === Infinity || rules.whole(0).accepts(value),
  },
};

/** A frozen snapshot of a {@link RateLimiter}. */
export interface RateLimiterStatistics {
  /** How many tokens are in the bucket, fractions included. */
  readonly tokens: number;
  /** The pending calls on it. */
  readonly waits: readonly WaitInfo[];
}

const COUNT = rules.whole(1);
/** What rounding may cost: without it a call could wait for the last billionth of a token. */
const ROUNDING = 1e-9;

class TokenWaiter extends ListedWaiter<void> {
  count = 1;
}

/**
 * A limit of `rate` per second, with bursts.
 *
 * @example
 * ```ts
 * import { RateLimiter } from '@awaitio/core/sync';
 *
 * const limiter = new RateLimiter({ rate: 200, burst: 2 });
 * const start = performance.now();
 * for (let n = 0; n < 6; n += 1) await limiter.acquire(); // two at once, then one every 5 ms
 * console.log(performance.now() - start >= 15); // true
 * console.log(limiter.tryAcquire(2)); // false
 * ```
 */
export class RateLimiter {
  readonly #parts: SyncParts;
  readonly #rate: number;
  readonly #burst: number;
  readonly #maxWaiting: number;
  readonly #waits: WaitQueue<void>;
  #tokens: number;
  /** When `#tokens` was right. */
  #at: number;
  #timer: Timer | undefined;
  #isServing = false;

  /** @throws `InvalidInputError` for a wrong option. */
  constructor(options: RateLimiterOptions) {
    checkOptions('RateLimiter', options, RATE_LIMITER_OPTIONS);
    const { rate, burst = Math.max(1, Math.ceil(rate)), maxWaiting = Infinity } = options;
    if (rate === undefined) {
      throw invalidInput('RateLimiter', 'rate', RATE_LIMITER_OPTIONS.rate.expected, rate);
    }
    this.#parts = partsOf('rate limiter', options);
    this.#rate = rate;
    this.#burst = burst;
    this.#maxWaiting = maxWaiting;
    this.#waits = new WaitQueue(this.#parts, () => {
      if (!this.#isServing) this.#serve();
    });
    this.#tokens = burst;
    this.#at = this.#parts.clock.now();
  }

  /**
   * Takes tokens, and waits until they have flown in; first come, first served.
   *
   * A cancelled call takes none, and makes way for the next.
   *
   * @param count - How many: a whole number from 1. @default 1
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `LimitError` for more than `burst`, which would wait forever, and when `maxWaiting` calls wait already;
   * `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  acquire(count: number = 1, options?: WaitOptions): Promise<void> {
    try {
      this.#check('acquire', count);
      checkWaitOptions('acquire', options);
      if (this.#tryTake(count)) return this.#parts.budget.pay(undefined);
      if (this.#waits.size >= this.#maxWaiting) {
        throw limitError(
          'acquire',
          `${this.#maxWaiting} calls wait already; raise \`maxWaiting\`, or do less`,
          'maxWaiting',
          this.#maxWaiting,
        );
      }
    } catch (error) {
      return this.#parts.budget.fail(error);
    }
    const waiter = new TokenWaiter('acquire', this.#parts.clock, options);
    waiter.count = count;
    this.#waits.add(waiter);
    if (this.#waits.size === 1) this.#serve();
    return waiter.promise;
  }

  /**
   * Takes tokens if there are enough and no call waits.
   *
   * @param count - How many: a whole number from 1. @default 1
   * @returns Whether it took them.
   * @throws `LimitError` for more than `burst`; `InvalidInputError`.
   */
  tryAcquire(count: number = 1): boolean {
    this.#check('tryAcquire', count);
    return this.#tryTake(count);
  }

  /** A frozen snapshot. */
  statistics(): RateLimiterStatistics {
    this.#refill();
    return Object.freeze({
      tokens: this.#tokens,
      waits: waitsOf(this.#parts, this.#waits),
    });
  }

  #check(operation: string, count: number): void {
    if (!COUNT.accepts(count)) throw invalidInput(operation, 'count', COUNT.expected, count);
    if (count <= this.#burst) return;
    throw limitError(
      operation,
      `${count} tokens never fit into a bucket of ${this.#burst}; raise \`burst\`, or take fewer`,
      'burst',
      this.#burst,
    );
  }

  #tryTake(count: number): boolean {
    if (this.#waits.size > 0) return false;
    this.#refill();
    return this.#take(count);
  }

  #take(count: number): boolean {
    if (this.#tokens + ROUNDING < count) return false;
    this.#tokens = Math.max(0, this.#tokens - count);
    return true;
  }

  #refill(): void {
    const now = this.#parts.clock.now();
    const flown = ((now - this.#at) * this.#rate) / 1_000;
    this.#tokens = Math.min(this.#burst, this.#tokens + flown);
    this.#at = now;
  }

  /** Serves the calls that can be, and sets the timer for the one that is first then. */
  #serve(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#refill();
    this.#isServing = true;
    let first = this.#waits.first as TokenWaiter | undefined;
    while (first !== undefined && this.#take(first.count)) {
      this.#waits.grant(first, undefined);
      first = this.#waits.first as TokenWaiter | undefined;
    }
    this.#isServing = false;
    if (first === undefined) return;
    const missing = first.count - this.#tokens;
    this.#timer = this.#parts.clock.setTimer(
      () => {
        this.#serve();
      },
      (missing / this.#rate) * 1_000,
    );
  }
}

function limitError(operation: string, what: string, limitName: string, limit: number): LimitError {
  return new LimitError(`${operation}: ${what}`, {
    code: 'ERR_LIMIT',
    operation,
    limitName,
    limit,
  });
}
