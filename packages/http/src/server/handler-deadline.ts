/** The deadline of one handler's promise. */

import { deferred, timedOut, type WaitHolder } from '@awaitio/core/lowlevel';

/** Races a handler's promise against {@link HandlerDeadline.expire}. */
export class HandlerDeadline {
  readonly #expired = deferred<never>();
  readonly #task: WaitHolder | undefined;

  /** @param task - The task of the connection: waits of its handler are its waits. */
  constructor(task: WaitHolder | undefined) {
    this.#task = task;
  }

  /** The result, or the error of {@link HandlerDeadline.expire}, whichever comes first. */
  race<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#expired.promise]);
  }

  /**
   * The time has passed: the race rejects with a `TimeoutError`, which names the limit, and while waits are traced what the handler waits
   * for.
   */
  expire(milliseconds: number): void {
    this.#expired.reject(timedOut('handler', milliseconds, this.#task));
  }
}
