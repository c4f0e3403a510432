/**
 * Calls a function again until it succeeds, with growing pauses.
 *
 * The pause doubles from one failure to the next, up to a limit, and a random part of it is left out, so that clients that
 * failed together do not come back together. Not everything is tried again: an abort is a decision of the caller, and an
 * `InvalidInputError` will be the same the next time.
 *
 * The call is a scope, and so is each attempt in it. An attempt that takes too long is cancelled and waited for, so two attempts
 * never run at the same time, and nothing of one runs on when the call has settled.
 */

import { containResult, stderrSink } from '../vocabulary/callbacks.ts';
import { checkNoPromise, checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { InvalidInputError, invalidInput, IoError, TimeoutError } from '../vocabulary/errors.ts';
import { systemRandom, type Random } from '../vocabulary/random.ts';
import { isCancelled, isError } from '../vocabulary/realms.ts';
import { checkScope } from '../waiting/ambient.ts';
import { runScope, type CancelScope } from '../waiting/cancel-scope.ts';
import { charged } from '../waiting/charged.ts';
import { ambientClock, checkedSleep } from '../waiting/system-clock.ts';
import { boardOf, type WaitSource } from '../waiting/wait-board.ts';
import { beginTrace, callSite } from '../waiting/wait-trace.ts';
import type { WaitInfo } from '../waiting/waiter.ts';
import { partsOf, SYNC_OPTIONS, type SyncOptions } from './wait-queue.ts';

/** One call of a function that is tried again. */
export interface Attempt {
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborts when the attempt is given up, with the `CancelledError` of its scope: for what is not awaitio’s, such as `fetch`. */
  readonly signal: AbortSignal;
}

/** What follows a failure. */
export interface RetryPause {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Milliseconds until the next one. */
  readonly delay: number;
}

/** Options of {@link retry}. */
export interface RetryOptions extends SyncOptions {
  /** How often the function is called at most: a whole number from 1, or Infinity. @default 3 */
  readonly attempts?: number | undefined;
  /** The pause after the first failure, in milliseconds; it doubles with each one. @default 100 */
  readonly backoff?: number | undefined;
  /** The longest pause, in milliseconds. @default 10000 */
  readonly maxBackoff?: number | undefined;
  /** The part of a pause that is random: with 0 all pauses are whole, with 1 they are between 0 and whole. @default 0.5 */
  readonly jitter?: number | undefined;
  /** Milliseconds for all attempts and pauses together. @default no limit */
  readonly deadline?: number | undefined;
  /** Milliseconds for one attempt, which is then cancelled and counts as failed with a `TimeoutError`. @default no limit */
  readonly attemptTimeout?: number | undefined;
  /** Whether a failure is worth another attempt; not asked about aborts and `InvalidInputError`. @default always */
  readonly retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** Called before each pause. */
  readonly onRetry?: ((error: unknown, pause: RetryPause) => void) | undefined;
  /** Where the random part comes from. @default the platform's generator */
  readonly random?: Random | undefined;
  /** Gives up: the attempt is cancelled, and the call throws `signal.reason` when it has ended. */
  readonly signal?: AbortSignal | undefined;
}

const RETRY_OPTIONS: OptionTable<RetryOptions> = {
  ...SYNC_OPTIONS,
  attempts: rules.count,
  backoff: rules.milliseconds,
  maxBackoff: rules.milliseconds,
  jitter: {
    expected: 'a number from 0 to 1',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  },
  deadline: rules.milliseconds,
  attemptTimeout: rules.milliseconds,
  retryIf: rules.function,
  onRetry: rules.function,
  random: rules.method('next'),
  signal: rules.signal,
};

/** How many failures an error keeps: an endless retry must not collect them all. */
const KEPT_FAILURES = 16;
/** Beyond this many doublings every pause is longer than any limit. */
const MOST_DOUBLINGS = 60;

/** Several attempts have failed: `cause` is the last failure. */
export class RetryError extends IoError {
  override name = 'RetryError';
  /** How many attempts were made. */
  readonly attempts: number;
  /** Their failures, oldest first; of many, the last 16. */
  readonly errors: readonly unknown[];

  constructor(attempts: number, errors: readonly unknown[]) {
    const last = errors.at(-1);
    const text = isError(last) ? last.message : String(last);
    super(`retry: ${attempts} attempts failed, the last one with: ${text}`, {
      code: 'ERR_RETRY_FAILED',
      operation: 'retry',
      cause: last,
    });
    this.attempts = attempts;
    this.errors = Object.freeze([...errors]);
  }
}

/**
 * Calls a function until it succeeds, at most `attempts` times.
 *
 * Each attempt runs in a scope, which `attemptTimeout`, the `deadline`, `signal` and a scope around the call cancel: what it waits
 * for in awaitio rejects with a `CancelledError`. The call goes on, or settles, when the attempt has ended. One that has not ended
 * 5,000 ms after that is named on stderr.
 *
 * @param run - Gets the number of the attempt and its signal.
 * @returns What the function returned, also when its time was over by then.
 * @throws the failure itself when there was only one attempt, or it is not tried again; {@link RetryError} when several
 * attempts have failed; `TimeoutError` when the `deadline` passed in the first attempt; `signal.reason`; `CancelledError` when
 * a scope around the call ended; a failure of cleaning up after any of them; `InvalidInputError`.
 *
 * @example
 * ```ts
 * import { retry } from '@awaitio/core/sync';
 *
 * const answer = await retry(
 *   ({ attempt }) => {
 *     if (attempt < 3) throw new Error('not yet');
 *     return `attempt ${attempt}`;
 *   },
 *   { attempts: 5, backoff: 1, onRetry: (error) => console.log(String(error)) }, // Error: not yet, Error: not yet
 * );
 * console.log(answer); // attempt 3
 * ```
 */
export function retry<T>(
  run: (attempt: Attempt) => T | Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  return charged(options, () => {
    if (typeof run !== 'function') throw invalidInput('retry', 'run', 'a function', run);
    checkOptions('retry', options, RETRY_OPTIONS);
    options.signal?.throwIfAborted();
    checkScope();
    return new Retry(run, options).run();
  });
}

class Retry<T> implements WaitSource {
  readonly subject: string;
  readonly #run: (attempt: Attempt) => T | Promise<T>;
  readonly #options: RetryOptions;
  readonly #clock: Clock;
  readonly #site = callSite('retry');
  readonly #start: number;
  readonly #failures: unknown[] = [];
  #attempts = 0;
  /** Whether an attempt or a pause ended because the whole call did. */
  #isGivenUp = false;

  constructor(run: (attempt: Attempt) => T | Promise<T>, options: RetryOptions) {
    this.subject = partsOf('retry', options).subject;
    this.#run = run;
    this.#options = options;
    this.#clock = options.clock ?? ambientClock();
    this.#start = this.#clock.now();
  }

  async run(): Promise<T> {
    const { signal, deadline } = this.#options;
    const board = boardOf(this.#clock);
    const trace = beginTrace(this.subject, this.#start, this.#site);
    board?.add(this);
    try {
      const limits = { signal, timeout: deadline, clock: this.#clock };
      // `undefined` only for a function that returns it: nothing else gets the scope.
      return (await runScope('retry', (scope) => this.#attemptAll(scope), limits)) as T;
    } catch (error) {
      const isLate = error instanceof TimeoutError && error !== signal?.reason;
      if (!this.#isGivenUp || !isLate || this.#failures.length === 0) throw error;
      this.#note(error);
      throw new RetryError(this.#attempts, this.#failures);
    } finally {
      board?.delete(this);
      trace?.end();
    }
  }

  /** What it waits for, for a report of who waits. */
  describe(now: number, into: WaitInfo[]): void {
    const operation = `attempt ${this.#attempts}`;
    into.push({ operation, age: now - this.#start, site: this.#site });
  }

  async #attemptAll(whole: CancelScope): Promise<T> {
    const { attempts = 3, onRetry } = this.#options;
    for (;;) {
      this.#attempts += 1;
      const attempt = this.#attempts;
      try {
        return await this.#attempt(attempt);
      } catch (error) {
        this.#isGivenUp = whole.isCancelled;
        // The error of the end, or of cleaning up after it.
        if (this.#isGivenUp) throw error;
        this.#note(error);
        if (!this.#isWorthIt(error, attempt)) throw error;
        const delay = this.#delayAfter(attempt);
        if (attempt >= attempts || delay >= this.#timeLeft) {
          throw attempt === 1 ? error : new RetryError(attempt, this.#failures);
        }
        const told: unknown = onRetry?.(error, { attempt, delay });
        if (told !== undefined) containResult('onRetry', told, stderrSink);
        await checkedSleep(this.#clock, delay, undefined);
      }
    }
  }

  #attempt(attempt: number): Promise<T> {
    const run = (scope: CancelScope): T | Promise<T> =>
      this.#run({ attempt, signal: scope.signal });
    const limits = { timeout: this.#options.attemptTimeout, clock: this.#clock };
    return runScope('attempt', run, limits) as Promise<T>;
  }

  #note(error: unknown): void {
    this.#failures.push(error);
    if (this.#failures.length > KEPT_FAILURES) this.#failures.shift();
  }

  get #timeLeft(): number {
    const { deadline = Infinity } = this.#options;
    return deadline - (this.#clock.now() - this.#start);
  }

  #isWorthIt(error: unknown, attempt: number): boolean {
    if (error instanceof InvalidInputError || isAbort(error)) return false;
    const isWorthIt = this.#options.retryIf?.(error, attempt) ?? true;
    checkNoPromise('retry', 'retryIf', isWorthIt);
    return isWorthIt;
  }

  #delayAfter(attempt: number): number {
    const {
      backoff = 100,
      maxBackoff = 10_000,
      jitter = 0.5,
      random = systemRandom,
    } = this.#options;
    const whole = Math.min(maxBackoff, backoff * 2 ** Math.min(attempt - 1, MOST_DOUBLINGS));
    return whole * (1 - jitter * random.next());
  }
}

function isAbort(error: unknown): boolean {
  try {
    return isCancelled(error) || (isError(error) && error.name === 'AbortError');
  } catch {
    // A getter of the error has thrown.
    return false;
  }
}
