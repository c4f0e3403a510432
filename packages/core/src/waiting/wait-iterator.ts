/**
 * Iteration over a wait: what `for await` loops over chunks, frames, connections and datagrams are made of.
 *
 * An async generator would be shorter, but its `return()` queues behind a pending `next()`: a loop that is left from
 * outside, as Web streams and `Readable.from` leave theirs, would first wait for an item, and then drop it. Here
 * `return()` ends the wait, as an abort does: it takes nothing, and every later item stays where it is.
 */

import { checkOptions } from '../vocabulary/check.ts';
import { ClosedError } from '../vocabulary/errors.ts';
import { HeldWait, WAIT_OPTIONS, type WaitOptions } from './waiter.ts';

/** The reason of a wait that `return()` ended; no caller sees it. */
const LEFT: unique symbol = Symbol('awaitio.left');

const ignore = (): void => {};

/** How an iteration takes its items. */
export interface Taking<T> {
  /** The call that makes the iteration, for errors. */
  readonly operation: string;
  /** Waits for an item; passes the options on as they are. */
  readonly take: (options: WaitOptions) => Promise<T | null | undefined>;
  /** What `take` gives when no item is left. @default `undefined`, and that no item is */
  readonly end?: null | undefined;
  /** Whether the iteration ends where `take` fails because this side closed the source. @default false */
  readonly endsAtClose?: boolean;
}

export class WaitIterator<T> implements AsyncIterableIterator<T> {
  readonly #taking: Taking<T>;
  readonly #wait: HeldWait;
  /** The item that is being waited for. */
  #pending: Promise<unknown> | undefined;
  #isDone = false;

  /** @throws `InvalidInputError` for a wrong option. */
  constructor(taking: Taking<T>, options: WaitOptions | undefined) {
    if (options !== undefined) checkOptions(taking.operation, options, WAIT_OPTIONS);
    this.#taking = taking;
    this.#wait = new HeldWait(options);
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    while (this.#pending !== undefined) await this.#pending.catch(ignore);
    if (this.#isDone) return { done: true, value: undefined };
    const { take, end } = this.#taking;
    try {
      const item = take(this.#wait);
      this.#pending = item;
      const value = await item;
      if (value !== end) return { done: false, value: value as T };
    } catch (error) {
      this.#isDone = true;
      const isEnd =
        error === LEFT || (this.#taking.endsAtClose === true && error instanceof ClosedError);
      if (!isEnd) throw error;
    } finally {
      this.#pending = undefined;
      this.#wait.waiter = undefined;
    }
    this.#isDone = true;
    return { done: true, value: undefined };
  }

  /** Ends the iteration: a pending `next` ends at once and has taken nothing. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#isDone = true;
    this.#wait.waiter?.reject(LEFT);
    while (this.#pending !== undefined) await this.#pending.catch(ignore);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
