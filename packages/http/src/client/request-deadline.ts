/** The deadline of a whole request, redirects and body included: a timer, the caller's signal and scope, as one signal. */

import type { Clock, Timer } from '@awaitio/core';
import {
  currentHolder,
  timedOut,
  watchAbort,
  watchScope,
  type AbortRegistration,
  type AbortWatcher,
  type AmbientScope,
} from '@awaitio/core/lowlevel';

export class RequestDeadline implements AbortWatcher {
  readonly #controller = new AbortController();
  readonly #timer: Timer;
  readonly #registration: AbortRegistration | undefined;
  readonly #scope: AmbientScope | undefined;

  /** @throws The reason of the caller's signal, when it has already aborted. */
  constructor(clock: Clock, milliseconds: number, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    this.#registration = signal === undefined ? undefined : watchAbort(signal, this);
    this.#scope = watchScope(this);
    const task = currentHolder();
    this.#timer = clock.setTimer(() => {
      this.onAbort(timedOut('request', milliseconds, task));
    }, milliseconds);
    this.#timer.unref();
  }

  /** Aborts when the time has passed, the caller's signal aborts or the scope of the call ends. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  onAbort(reason: unknown): void {
    this.end();
    this.#controller.abort(reason);
  }

  /** Cancels the timer and leaves the caller's signal. */
  end(): void {
    this.#timer.cancel();
    this.#registration?.remove();
    this.#scope?.unwatch(this);
  }
}

/** The end of one response of several: only that of the last one ends the deadline of the request. */
export class Settling {
  #hasEnded = false;
  #deadline: RequestDeadline | undefined;

  end(): void {
    this.#hasEnded = true;
    this.#deadline?.end();
  }

  /** It is the last one. */
  passTo(deadline: RequestDeadline): void {
    this.#deadline = deadline;
    if (this.#hasEnded) deadline.end();
  }
}
