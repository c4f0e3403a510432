/** The limit on a whole request, redirects and body included: a timer and the caller's signal, joined to one signal. */

import { TimeoutError, type Clock, type Timer } from '@awaitio/core';
import { watchAbort, type AbortRegistration, type AbortWatcher } from '@awaitio/core/lowlevel';

export class RequestDeadline implements AbortWatcher {
  readonly #controller = new AbortController();
  readonly #timer: Timer;
  readonly #registration: AbortRegistration | undefined;

  /** @throws the caller's reason when its signal has aborted already. */
  constructor(clock: Clock, milliseconds: number, signal: AbortSignal | undefined) {
    signal?.throwIfAborted();
    this.#registration = signal === undefined ? undefined : watchAbort(signal, this);
    this.#timer = clock.setTimer(() => {
      this.onAbort(new TimeoutError('request', milliseconds));
    }, milliseconds);
    this.#timer.unref();
  }

  /** Aborts when the time is over, or the caller's signal does. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  onAbort(reason: unknown): void {
    this.end();
    this.#controller.abort(reason);
  }

  /** The request is over: nothing of it is left with the clock or the caller's signal. */
  end(): void {
    this.#timer.cancel();
    this.#registration?.remove();
  }
}
