/**
 * Calls a function again until it succeeds, with growing pauses.
 *
 * The pause doubles from one failure to the next, up to a limit, and a random part of it is left out, so that clients that
 * failed together do not come back together. Not everything is tried again: an abort is a decision of the caller, and an
 * `InvalidInputError` will be the same the next time.
 */

import { containResult, stderrSink } from '../vocabulary/callbacks.ts';
import { checkNoPromise, checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import { CancelledError, InvalidInputError, invalidInput, IoError } from '../vocabulary/errors.ts';
import { systemRandom, type Random } from '../vocabulary/random.ts';
import { checkScope } from '../waiting/ambient.ts';
import { isError } from '../vocabulary/realms.ts';
import { charged } from '../waiting/charged.ts';
import { ListedWaiter } from '../waiting/waiter.ts';
import {
  partsOf,
  SYNC_OPTIONS,
  WaitQueue,
  type SyncOptions,
  type SyncParts,
} from './wait-queue.ts';

/** One call of a function that is tried again. */
export interface Attempt {
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborts when the attempt is given up: the caller's signal, the deadline or `attemptTimeout`. */
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
  /** Milliseconds for one attempt, which then counts as failed with a `TimeoutError`. @default no limit */
  readonly attemptTimeout?: number | undefined;
  /** Whether a failure is worth another attempt; not asked about aborts and `InvalidInputError`. @default always */
  readonly retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** Called before each pause. */
  readonly onRetry?: ((error: unknown, pause: RetryPause) => void) | undefined;
  /** Where the random part comes from. @default the platform's generator */
  readonly random?: Random | undefined;
  /** Gives up: the call throws `signal.reason` at once. */
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
 * The call settles as soon as it is given up, also when the function ignores its signal: what the function does then is its
 * own affair, and an attempt after `attemptTimeout` may begin while such a function still runs.
 *
 * @param run - Gets the number of the attempt and its signal.
 * @returns What the function returned.
 * @throws the failure itself when there was only one attempt, or it is not tried again; {@link RetryError} when several
 * attempts have failed; `TimeoutError` when the `deadline` passed in the first attempt; `signal.reason`;
 * `InvalidInputError`.
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

class Retry<T> {
  readonly #run: (attempt: Attempt) => T | Promise<T>;
  readonly #options: RetryOptions;
  readonly #parts: SyncParts;
  readonly #waits: WaitQueue<T | undefined>;
  readonly #start: number;
  readonly #failures: unknown[] = [];

  constructor(run: (attempt: Attempt) => T | Promise<T>, options: RetryOptions) {
    this.#run = run;
    this.#options = options;
    this.#parts = partsOf('retry', options);
    this.#waits = new WaitQueue(this.#parts);
    this.#start = this.#parts.clock.now();
  }

  async run(): Promise<T> {
    const { attempts = 3, signal, onRetry } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(attempt);
      } catch (error) {
        signal?.throwIfAborted();
        this.#failures.push(error);
        if (this.#failures.length > KEPT_FAILURES) this.#failures.shift();
        if (!this.#isWorthIt(error, attempt)) throw error;
        const delay = this.#delayAfter(attempt);
        if (attempt >= attempts || delay >= this.#timeLeft) {
          throw attempt === 1 ? error : new RetryError(attempt, this.#failures);
        }
        const told: unknown = onRetry?.(error, { attempt, delay });
        if (told !== undefined) containResult('onRetry', told, stderrSink);
        await this.#pause(delay);
      }
    }
  }

  /** Calls the function; whichever comes first decides: its result, the signal, or a limit. */
  #attempt(attempt: number): Promise<T> {
    const { attemptTimeout = Infinity, deadline = Infinity, signal } = this.#options;
    const left = Math.max(0, this.#timeLeft);
    const isLast = left < attemptTimeout;
    const controller = new AbortController();
    // The error names the limit that passed: the one of the attempt, or the one of the whole call.
    const waiter = new ListedWaiter<T | undefined>(
      isLast ? 'retry' : 'attempt',
      this.#parts.clock,
      isLast
        ? { signal, timeout: left, totalTimeout: deadline }
        : { signal, timeout: attemptTimeout },
    );
    this.#waits.add(waiter);
    void this.#call({ attempt, signal: controller.signal }).then(
      (value) => {
        waiter.resolve(value);
      },
      (error: unknown) => {
        waiter.reject(error);
      },
    );
    return waiter.promise.catch((error: unknown) => {
      controller.abort(error);
      throw error;
    }) as Promise<T>;
  }

  async #call(attempt: Attempt): Promise<T> {
    return this.#run(attempt);
  }

  async #pause(delay: number): Promise<void> {
    const { clock } = this.#parts;
    const waiter = new ListedWaiter<undefined>('retry', clock, { signal: this.#options.signal });
    this.#waits.add(waiter as ListedWaiter<T | undefined>);
    const timer = clock.setTimer(() => {
      waiter.resolve(undefined);
    }, delay);
    try {
      await waiter.promise;
    } finally {
      timer.cancel();
    }
  }

  get #timeLeft(): number {
    const { deadline = Infinity } = this.#options;
    return deadline - (this.#parts.clock.now() - this.#start);
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
    return error instanceof CancelledError || (isError(error) && error.name === 'AbortError');
  } catch {
    // A getter of the error has thrown.
    return false;
  }
}
