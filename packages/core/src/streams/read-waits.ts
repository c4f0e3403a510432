/** The two ways in which a read waits: to be lent the next bytes, or to look at the queue until there is enough. */

import type { Clock } from '../vocabulary/clock.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import { Waiter, type WaitOptions } from '../waiting/waiter.ts';

/** Takes bytes from a lent view. */
export interface ByteConsumer {
  /**
   * @param view - Bytes, valid only during the call.
   * @returns How many of them were taken, from the first. To throw is to have taken none.
   */
  take(view: Uint8Array): number;
}

/** A {@link ByteConsumer}, or its function alone. An object needs no closure, which counts where ten thousand streams wait. */
export type Consume = ((view: Uint8Array) => number) | ByteConsumer;

/** Lends a view; an answer that no taker can mean is refused before anything is dropped for it. */
export function lendTo(take: Consume, view: Uint8Array): number {
  const count = typeof take === 'function' ? take(view) : take.take(view);
  if (count <= view.length && count >>> 0 === count) return count;
  throw invalidInput('readWith', 'take(view)', `a whole number from 0 to ${view.length}`, count);
}

/** A read that waits to be lent bytes: what comes passes through its hands before the queue. */
export class LendWait extends Waiter<number | null> {
  readonly #take: Consume;

  constructor(operation: string, clock: Clock, options: WaitOptions | undefined, take: Consume) {
    super(operation, clock, options);
    this.#take = take;
  }

  /** Returns how many bytes were taken; a taker that throws took none, and its error is the read's. */
  lend(view: Uint8Array): number {
    try {
      const count = lendTo(this.#take, view);
      this.resolve(count);
      return count;
    } catch (error) {
      this.reject(error);
      return 0;
    }
  }
}

/** A read that needs more than one arrival: it looks at the queue each time bytes, or the end, come. */
export class CollectWait<T> extends Waiter<T> {
  readonly #attempt: () => T | WouldBlock;
  /** How many bytes the attempt may need in the queue at once. */
  readonly wanted: number;

  constructor(
    operation: string,
    clock: Clock,
    options: WaitOptions | undefined,
    wanted: number,
    attempt: () => T | WouldBlock,
  ) {
    super(operation, clock, options);
    this.wanted = wanted;
    this.#attempt = attempt;
  }

  retry(): void {
    try {
      const result = this.#attempt();
      if (result !== WOULD_BLOCK) this.resolve(result);
    } catch (error) {
      this.reject(error);
    }
  }
}
