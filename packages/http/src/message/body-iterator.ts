/**
 * Iteration over a body that is being received.
 *
 * An async generator would be shorter, but its `return()` queues behind a pending `next()`: a loop that is left from
 * outside, as those of Web streams and of responses are, would wait for a piece that may never come. Here `return()` is
 * over at once, and a pending `next()` ends with it.
 */

/** What is iterated over. */
export interface Pulled {
  /** The first piece is asked for. @throws when the body cannot be read */
  begin(): void;
  /** The next piece; `null` at the end. Not called again before it has settled. */
  pull(): Promise<Uint8Array | null>;
  /** The reader left before the end; `hasBegun` tells whether it had asked for a piece. */
  leave(hasBegun: boolean): void;
  /** Fails, and pays for it from the budget. */
  fail(error: unknown): Promise<never>;
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
const ignore = (): void => {};

export class BodyIterator implements AsyncIterableIterator<Uint8Array> {
  readonly #body: Pulled;
  #state: 'new' | 'open' | 'done' = 'new';
  #pending: Promise<Uint8Array | null> | undefined;
  /** Ends the pending `next`. */
  #onReturn: ((piece: null) => void) | undefined;

  constructor(body: Pulled) {
    this.#body = body;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    while (this.#pending !== undefined) await this.#pending.catch(ignore);
    if (this.#state === 'new') {
      try {
        this.#body.begin();
        this.#state = 'open';
      } catch (error) {
        this.#state = 'done';
        await this.#body.fail(error);
      }
    }
    if (this.#state === 'done') return DONE;
    const pending = this.#orLeft(this.#body.pull());
    this.#pending = pending;
    try {
      const piece = await pending;
      if (piece !== null) return { done: false, value: piece };
      this.#state = 'done';
      return DONE;
    } catch (error) {
      this.#leave();
      throw error;
    } finally {
      this.#pending = undefined;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#leave();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #leave(): void {
    const before = this.#state;
    this.#state = 'done';
    this.#onReturn?.(null);
    if (before !== 'done') this.#body.leave(before === 'open');
  }

  #orLeft(piece: Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    return new Promise((resolve, reject) => {
      this.#onReturn = resolve;
      piece.then(resolve, reject);
    });
  }
}
