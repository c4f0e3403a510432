/**
 * A cancel scope: what ends the waits of one piece of a program together (trio's `CancelScope`).
 *
 * Tasks, groups, timeouts and `select` are made of it. It is cancelled once, by what made it; then every wait in it, and in the
 * scopes nested in it, rejects with one `CancelledError`, and so does every later one. A shielded scope is reached
 * by its own end only. The error that counts is that of the outermost scope that was cancelled: an inner scope that was
 * cancelled too does not hide it.
 *
 * A scope does not end what it cancels. It waits for its function, and says which one does not end.
 */

import { failureOf, printLine, stderrSink } from '../vocabulary/callbacks.ts';
import { checkNoPromise } from '../vocabulary/check.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { CancelledError } from '../vocabulary/errors.ts';
import { platform } from '../vocabulary/platform.ts';
import { isCancelled, isError } from '../vocabulary/realms.ts';
import { watchAbort, type AbortWatcher } from './abort-watch.ts';
import { runIn, type AmbientScope } from './ambient.ts';

/** How long after its cancel a scope that has not ended is reported, in milliseconds. */
export const STUCK_AFTER = 5_000;

/** How many causes of an error are looked at. */
const MAX_CAUSES = 8;

export class Scope implements AmbientScope, AbortWatcher {
  readonly name: string;
  readonly clock: Clock;
  readonly parent: AmbientScope | undefined;
  readonly isShielded: boolean;
  #watchers: Set<AbortWatcher> | undefined;
  #own: CancelledError | undefined;
  #controller: AbortController | undefined;
  #stuck: Timer | undefined;

  constructor(name: string, clock: Clock, parent: AmbientScope | undefined, isShielded = false) {
    this.name = name;
    this.clock = clock;
    this.parent = parent;
    this.isShielded = isShielded;
    if (!isShielded && parent?.cancelled === undefined) parent?.watch(this);
  }

  get cancelled(): CancelledError | undefined {
    return outermostCancel(this);
  }

  get own(): CancelledError | undefined {
    return this.#own;
  }

  /** Why a scope around it was cancelled, the outermost first; `undefined` behind a shield. */
  get outer(): CancelledError | undefined {
    return this.isShielded ? undefined : outermostCancel(this.parent);
  }

  /** Aborts with the scope. Created on first use. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const { cancelled } = this;
      if (cancelled !== undefined) this.#controller.abort(cancelled);
    }
    return this.#controller.signal;
  }

  watch(watcher: AbortWatcher): void {
    (this.#watchers ??= new Set()).add(watcher);
  }

  unwatch(watcher: AbortWatcher): void {
    this.#watchers?.delete(watcher);
  }

  /**
   * Cancels everything in it. The second call does nothing.
   *
   * @returns The error with which its waits reject; one that is passed as the reason is used itself.
   */
  cancel(reason: unknown): CancelledError {
    if (this.#own !== undefined) return this.#own;
    this.#own = isCancelled(reason) ? reason : new CancelledError(this.name, reason);
    this.#notify(this.#own);
    return this.#own;
  }

  /** What it is nested in was cancelled. */
  onAbort(reason: unknown): void {
    this.#notify(reason);
  }

  /**
   * Reports, once, that it has not ended some time after it was cancelled.
   *
   * @param who - What has not ended; nothing for the empty string.
   * @param subject - What the report calls it.
   */
  expectEnd(who: () => string, subject: string = this.name): void {
    // The report of a simulation names what waits.
    if (this.#stuck !== undefined || platform.clockOf !== undefined) return;
    this.#stuck = this.clock.setTimer(() => {
      const running = who();
      if (running === '') return;
      printLine(
        `${subject}: it was cancelled ${STUCK_AFTER} ms ago and has not ended: still running: ${running}`,
      );
    }, STUCK_AFTER);
    this.#stuck.unref();
  }

  /** What ran in it has ended. */
  end(): void {
    this.#stuck?.cancel();
    this.parent?.unwatch(this);
  }

  #notify(reason: unknown): void {
    this.#controller?.abort(reason);
    if (this.#watchers === undefined) return;
    for (const watcher of this.#watchers) {
      this.#watchers.delete(watcher);
      // One bad watcher must not leave the others waiting.
      try {
        watcher.onAbort(reason);
      } catch (error) {
        stderrSink.onCallbackFailure(failureOf(error, 'onAbort'), 'onAbort');
      }
    }
  }
}

/** What ends a scope of {@link runUntil}. */
export interface ScopeEnd {
  /** What the `CancelledError` calls the scope; its `cause` is the reason of the signal. */
  readonly name: string;
  /** The clock of the scopes that begin in it. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asked when the signal aborts: with `false` the scope goes on. @default it ends */
  readonly applies?: (() => boolean) | undefined;
}

/**
 * Runs `body` in a scope that ends with a signal, and returns what it returns: at once, also a promise.
 *
 * For what goes on after its function has returned, such as a handler of requests and the body that it streams. The scope is
 * nested in nothing, and waits for nothing.
 *
 * @param end - The signal, and the name and the clock of the scope.
 * @param body - What runs in the scope.
 * @returns What `body` returns. Its waits reject with a `CancelledError` when the signal aborts, at once when it has.
 * @throws what `body` throws; what `applies` throws goes to stderr, and the scope ends then.
 *
 * @example
 * ```ts
 * import { memoryPair, systemClock } from '@awaitio/core';
 * import { runUntil } from '@awaitio/core/lowlevel';
 *
 * const stop = new AbortController();
 * const [client, server] = memoryPair();
 * const end = { name: 'handler', clock: systemClock, signal: stop.signal };
 * const reading = runUntil(end, () => server.readLine());
 * stop.abort('enough');
 * console.log(await reading.catch((error: Error) => [error.name, error.cause])); // [ 'CancelledError', 'enough' ]
 * await client.close();
 * await server.close();
 * ```
 */
export function runUntil<T>({ name, clock, signal, applies }: ScopeEnd, body: () => T): T {
  const scope = new Scope(name, clock, undefined);
  const onAbort = (reason: unknown): void => {
    let isEnd: unknown = true;
    try {
      if (applies !== undefined) isEnd = applies();
      checkNoPromise('runUntil', 'applies', isEnd);
    } finally {
      if (isEnd !== false) scope.cancel(reason);
    }
  };
  if (signal.aborted) onAbort(signal.reason);
  else watchAbort(signal, { onAbort });
  return runIn(scope, body);
}

function outermostCancel(scope: AmbientScope | undefined): CancelledError | undefined {
  let found: CancelledError | undefined;
  let at = scope;
  while (at !== undefined) {
    found = at.own ?? found;
    at = at.isShielded ? undefined : at.parent;
  }
  return found;
}

/**
 * Whether an error that was thrown after a cancel only passes it on: the error of the cancel, its reason, one that has either
 * as a cause, an `AbortError` of the platform, or several of these. Any other error is a failure of cleaning up.
 */
export function isConsequence(error: unknown, cancelled: CancelledError): boolean {
  try {
    // Several failures, of which the first may be that of the cancel.
    const several = failuresOf(error);
    if (several.length > 0) return several.every((each) => isConsequence(each, cancelled));
    const { cause } = cancelled;
    let at: unknown = error;
    for (let depth = 0; depth < MAX_CAUSES && at !== undefined; depth += 1) {
      if (at === cancelled || at === cause) return true;
      if (!isError(at)) return false;
      if (at === error && at.name === 'AbortError') return true;
      at = at.cause;
    }
  } catch {
    // A getter of the error has thrown.
  }
  return false;
}

/** Those in an `AggregateError`, or in the `SuppressedError` of a `using` block; of an error that is one, none. */
function failuresOf(error: unknown): readonly unknown[] {
  if (!isError(error)) return [];
  const { errors } = error as Partial<AggregateError>;
  if (Array.isArray(errors)) return errors;
  if (error.name !== 'SuppressedError' || !('suppressed' in error)) return [];
  return [(error as { readonly error?: unknown }).error, error.suppressed];
}

/** Whether an error only passes on the cancel of a scope, or of one around it that it is not shielded from. */
export function followsCancel(error: unknown, scope: AmbientScope): boolean {
  let at: AmbientScope | undefined = scope;
  while (at !== undefined) {
    if (at.own !== undefined && isConsequence(error, at.own)) return true;
    at = at.isShielded ? undefined : at.parent;
  }
  return false;
}

/** What a program sees of a scope. A class, since V8 keeps what getters of object literals close over until a full collection. */
export class ScopeView {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  get isCancelled(): boolean {
    return this.#scope.cancelled !== undefined;
  }
}
