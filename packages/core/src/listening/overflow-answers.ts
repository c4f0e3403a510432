/**
 * Connections above a limit that the `onOverflow` callback answers: how many there are, and how each of them ends.
 *
 * They are limited too, so that a flood of connections is reset rather than answered.
 */

import type { Overflow, OverflowHandler } from './admission.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import { failureOf } from '../vocabulary/callbacks.ts';
import { outsideScopes } from '../waiting/ambient.ts';
import { AsyncScope } from '../waiting/async-scope.ts';

/** Makes a stream of a connection, and calls `closed` once when it closes; `undefined` when it is closed already. */
export type Claim<P, S> = (pending: P, closed: () => void) => S | undefined;

export class OverflowAnswers<P, S extends ByteStream> {
  readonly #claim: Claim<P, S>;
  readonly #handler: OverflowHandler<S> | undefined;
  readonly #limit: number;
  /** Connections that the callback is handling. */
  count = 0;

  /**
   * @param handler - What a program gave as `onOverflow`; anything but a function answers nothing.
   * @param limit - The most connections to answer at a time.
   */
  constructor(claim: Claim<P, S>, handler: unknown, limit: number) {
    this.#claim = claim;
    this.#handler = typeof handler === 'function' ? (handler as OverflowHandler<S>) : undefined;
    this.#limit = limit;
  }

  /** Passes a connection to the callback; `false` when the connection has to be refused. */
  take(pending: P, overflow: Overflow): boolean {
    if (this.#handler === undefined || this.count >= this.#limit) return false;
    this.count += 1;
    const closed = (): void => {
      this.count -= 1;
    };
    const stream = this.#claim(pending, closed);
    if (stream === undefined) closed();
    else this.#run(stream, overflow, this.#handler);
    return true;
  }

  /** A listener outlives the scope that it was made in. */
  #run(stream: S, overflow: Overflow, handler: OverflowHandler<S>): void {
    void outsideScopes(() => new AsyncScope().run(answer<S>, stream, overflow, handler));
  }
}

/** Runs the callback and closes the stream; an error of the callback is reported by the stream's `closed`. */
async function answer<S extends ByteStream>(
  stream: S,
  overflow: Overflow,
  onOverflow: OverflowHandler<S>,
): Promise<void> {
  try {
    await onOverflow(stream, overflow);
    await stream.close();
  } catch (error) {
    stream.reset(failureOf(error, 'onOverflow'));
  }
}
