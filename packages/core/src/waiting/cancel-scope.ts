/**
 * The scopes of a program: `cancelScope`, `timeout` and `moveOnAfter`.
 *
 * A scope has three ends: its function's, its own, and that of what it is nested in. Only its own is turned into a result
 * here, a rejection or `undefined`. That of an outer scope passes through as the `CancelledError` that it is, so no caller
 * takes it for the limit of an inner call.
 */

import { checkFunction, checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { currentHolder, timedOut } from './wait-trace.ts';
import { watchAbort, type AbortRegistration } from './abort-watch.ts';
import { checkScope, currentScope, runIn } from './ambient.ts';
import { charged } from './charged.ts';
import { isConsequence, Scope, ScopeView } from './scope.ts';
import { ambientClock } from './system-clock.ts';
import { checkWaitValues } from './waiter.ts';

/** What a function that runs in a scope is given. Its functions may be taken out of it. */
export interface CancelScope {
  /** Aborts when the scope is cancelled, by itself or from outside: for what is not awaitio’s, such as `fetch`. */
  readonly signal: AbortSignal;
  /** Whether waits in the scope reject. */
  readonly isCancelled: boolean;
  /**
   * Ends the scope without a failure: its waits reject, and the call that made it resolves with `undefined`, or with what
   * its function returns in spite of it. Does nothing when the scope was cancelled before.
   *
   * @param reason - The `cause` of the `CancelledError`. @default undefined
   */
  readonly cancel: (reason?: unknown) => void;
}

/** What runs in a scope. */
export type ScopeFunction<T> = (scope: CancelScope) => T | Promise<T>;

/** Options of {@link timeout} and {@link moveOnAfter}. */
export interface TimeLimitOptions {
  /** @default that of the scope or task around the call, else the system's */
  readonly clock?: Clock | undefined;
}

/** Options of {@link cancelScope}. */
export interface CancelScopeOptions extends TimeLimitOptions {
  /** Ends the scope when it aborts; the call rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the scope ends; the call rejects with a `TimeoutError`. @default no limit */
  readonly timeout?: number | undefined;
  /** Whether the end of an outer scope does not reach it: for cleaning up. Limit it by `timeout`. @default false */
  readonly shield?: boolean | undefined;
}

const TIME_LIMIT_OPTIONS: OptionTable<TimeLimitOptions> = { clock: rules.clock };

const CANCEL_SCOPE_OPTIONS: OptionTable<CancelScopeOptions> = {
  ...TIME_LIMIT_OPTIONS,
  signal: rules.signal,
  timeout: rules.milliseconds,
  shield: rules.flag,
};

/**
 * Runs a function in a separate scope. When the scope is cancelled, every wait of awaitio in it rejects with a `CancelledError`;
 * the call settles when the function has ended.
 *
 * Scopes nest: a wait ends with each scope around it. One that is `shield`ed is not reached from outside, so that a `finally`
 * may wait. A function that has not ended 5,000 ms after the cancel is named on stderr.
 *
 * @param run - What runs in the scope.
 * @param options - `signal` and `timeout` (milliseconds, no limit) end the scope, `shield` (false) protects it, `clock` measures.
 * @returns What the function returns; `undefined` after `scope.cancel()`.
 * @throws `signal.reason`; `TimeoutError`; `CancelledError` when an outer scope ended; what the function throws, if that is not
 * the scope's own end; `InvalidInputError`.
 *
 * @example
 * ```ts
 * import { cancelScope, memoryPair, moveOnAfter } from '@awaitio/core';
 *
 * const [client, server] = memoryPair();
 * await moveOnAfter(10, async () => {
 *   try {
 *     await server.readLine();
 *   } finally {
 *     // The time is over, and a wait would reject at once; but not in here.
 *     await cancelScope(() => server.writeAll('too late\n'), { shield: true, timeout: 1_000 });
 *   }
 * });
 * console.log(await client.readLine()); // too late
 * await client.close();
 * await server.close();
 * ```
 */
export function cancelScope<T>(
  run: ScopeFunction<T>,
  options?: CancelScopeOptions,
): Promise<T | undefined> {
  return charged(options, async () => {
    checkFunction('cancelScope', 'run', run);
    if (options !== undefined) checkOptions('cancelScope', options, CANCEL_SCOPE_OPTIONS);
    checkWaitValues('cancelScope', options);
    return runScope('cancelScope', run, options);
  });
}

/**
 * Runs a function, with a limit of its time. trio: `fail_after`.
 *
 * @param milliseconds - From 0; `Infinity` is no limit.
 * @param run - What runs in the scope. It has ended when the call settles.
 * @param options - `clock` measures. @default that of the scope or task around the call, else the system's
 * @returns What the function returns, even if the time was over by then; `undefined` after `scope.cancel()`.
 * @throws `TimeoutError` of the operation `timeout`; `CancelledError` when an outer scope ended; what the function throws;
 * `InvalidInputError`.
 *
 * @example
 * ```ts
 * import { memoryPair, timeout } from '@awaitio/core';
 *
 * const [client, server] = memoryPair();
 * const answer = timeout(10, async () => {
 *   await client.writeAll('a question\n');
 *   return client.readLine();
 * });
 * console.log(await answer.catch(String)); // TimeoutError: timeout did not finish within 10 ms
 * await client.close();
 * await server.close();
 * ```
 */
export function timeout<T>(
  milliseconds: number,
  run: ScopeFunction<T>,
  options?: TimeLimitOptions,
): Promise<T> {
  // `undefined` only where the function itself has cancelled its scope.
  return limited('timeout', milliseconds, run, options) as Promise<T>;
}

/**
 * Runs a function, and goes on without its result when the time is over. trio: `move_on_after`.
 *
 * @param milliseconds - From 0; `Infinity` is no limit.
 * @param run - What runs in the scope. It has ended when the call settles.
 * @param options - `clock` measures. @default that of the scope or task around the call, else the system's
 * @returns What the function returns; `undefined` when the time was over first, or after `scope.cancel()`.
 * @throws `CancelledError` when an outer scope ended; what the function throws; `InvalidInputError`.
 *
 * @example
 * ```ts
 * import { memoryPair, moveOnAfter } from '@awaitio/core';
 *
 * const [client, server] = memoryPair();
 * const line = (await moveOnAfter(10, () => server.readLine())) ?? 'nothing yet';
 * console.log(line); // nothing yet
 * await client.close();
 * await server.close();
 * ```
 */
export function moveOnAfter<T>(
  milliseconds: number,
  run: ScopeFunction<T>,
  options?: TimeLimitOptions,
): Promise<T | undefined> {
  return limited('moveOnAfter', milliseconds, run, options);
}

function limited<T>(
  operation: 'timeout' | 'moveOnAfter',
  milliseconds: number,
  run: ScopeFunction<T>,
  options: TimeLimitOptions | undefined,
): Promise<T | undefined> {
  return charged(options, async () => {
    if (typeof milliseconds !== 'number' || !(milliseconds >= 0)) {
      const expected = 'a number of milliseconds from 0';
      throw invalidInput(operation, 'milliseconds', expected, milliseconds);
    }
    checkFunction(operation, 'run', run);
    if (options !== undefined) checkOptions(operation, options, TIME_LIMIT_OPTIONS);
    const { clock } = options ?? {};
    return runScope(operation, run, { clock, timeout: milliseconds });
  });
}

/** As `cancelScope`, for a call of another name, with options that were checked. */
export function runScope<T>(
  operation: string,
  run: ScopeFunction<T>,
  options: CancelScopeOptions | undefined,
): Promise<T | undefined> {
  return new Running(operation, options).run(run);
}

/** One scope, from its beginning to its end. */
class Running {
  readonly #scope: Scope;
  readonly #registration: AbortRegistration | undefined;
  readonly #timer: Timer | undefined;
  /** With what the call rejects when the function follows the scope's own end; `undefined`: it resolves. */
  #failure: { readonly error: unknown } | undefined;
  #hasEnded = false;

  constructor(operation: string, options: CancelScopeOptions | undefined) {
    const isShielded = options?.shield === true;
    if (!isShielded) checkScope();
    const clock = options?.clock ?? ambientClock();
    const limit = options?.timeout;
    // The timer first: a clock that throws must not leave a watcher behind.
    if (limit !== undefined && limit !== Infinity) {
      const holder = currentHolder();
      this.#timer = clock.setTimer(() => {
        const error = timedOut(operation, limit, holder);
        this.#cancel(error, operation === 'moveOnAfter' ? undefined : { error });
      }, limit);
    }
    this.#scope = new Scope(operation, clock, currentScope(), isShielded);
    if (options?.signal === undefined) return;
    const onAbort = (reason: unknown): void => {
      this.#cancel(reason, { error: reason });
    };
    this.#registration = watchAbort(options.signal, { onAbort });
  }

  async run<T>(run: ScopeFunction<T>): Promise<T | undefined> {
    const scope = this.#scope;
    try {
      return await runIn(scope, () => run(this.#handle()));
    } catch (error) {
      const { own, outer } = scope;
      if (own === undefined || !isConsequence(error, own)) throw error;
      // The outer scope has ended as well: its end is not hidden by this one.
      if (outer !== undefined) throw outer;
      if (this.#failure !== undefined) throw this.#failure.error;
      return undefined;
    } finally {
      this.#registration?.remove();
      this.#timer?.cancel();
      scope.end();
      this.#hasEnded = true;
    }
  }

  #cancel(reason: unknown, failure: { readonly error: unknown } | undefined): void {
    if (this.#scope.own !== undefined) return;
    this.#failure = failure;
    this.#scope.cancel(reason);
    if (!this.#hasEnded) this.#scope.expectEnd(() => 'its function');
  }

  #handle(): CancelScope {
    return new Handle(this.#scope, (reason?: unknown) => {
      this.#cancel(reason, undefined);
    });
  }
}

class Handle extends ScopeView implements CancelScope {
  readonly cancel: (reason?: unknown) => void;

  constructor(scope: Scope, cancel: (reason?: unknown) => void) {
    super(scope);
    this.cancel = cancel;
  }
}
