/** The deadline of one handler's promise. */

import { TimeoutError } from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';

/** Races a handler's promise against {@link HandlerDeadline.expire}. */
export class HandlerDeadline {
  readonly #expired = deferred<never>();

  /** The result, or the error of {@link HandlerDeadline.expire}, whichever comes first. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#expired.promise]);
  }

  /** The time has passed: the race rejects with a `TimeoutError`, which names the limit. */
  expire(milliseconds: number): void {
    this.#expired.reject(new TimeoutError('handler', milliseconds));
  }
}
