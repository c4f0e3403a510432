/** The two ways in which a read waits: for the next bytes, whatever they are, or until the queue holds enough. */

import { containResult, stderrSink } from '../../vocabulary/callbacks.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import { invalidInput } from '../../vocabulary/errors.ts';
import { isBytes } from '../../vocabulary/realms.ts';
import { WOULD_BLOCK, type WouldBlock } from '../../vocabulary/would-block.ts';
import { Waiter, type WaitOptions } from '../../waiting/waiter.ts';

/** Takes bytes from a borrowed view. */
export interface ByteConsumer {
  /**
   * @param view - Bytes, valid only during the call.
   * @returns How many of them were taken, from the first on. A consumer that throws has taken none.
   */
  take(view: Uint8Array): number;
}

/**
 * A {@link ByteConsumer}, or its function alone. An object needs no closure: less memory where ten thousand streams
 * wait.
 */
export type Consume = ((view: Uint8Array) => number) | ByteConsumer;

/** The buffer of a read. @throws {@link InvalidInputError} */
export function checkBuffer(operation: string, buffer: Uint8Array): Uint8Array {
  if (isBytes(buffer)) return buffer;
  throw invalidInput(operation, 'buffer', 'a Uint8Array', buffer);
}

/** Checks the argument of `readWith`. @throws {@link InvalidInputError} */
export function checkConsumer(take: Consume): void {
  if (typeof take === 'function' || typeof (take as ByteConsumer | null)?.take === 'function')
    return;
  throw invalidInput('readWith', 'take', 'a function, or an object with a method take', take);
}

/** Offers a view to a consumer; an impossible count is rejected before any byte is dropped for it. */
export function offerTo(take: Consume, view: Uint8Array): number {
  const count = typeof take === 'function' ? take(view) : take.take(view);
  if (count <= view.length && count >>> 0 === count) return count;
  // An async function takes nothing in time; its failure must not end the process.
  containResult('take', count, stderrSink);
  throw invalidInput('readWith', 'take(view)', `a whole number from 0 to ${view.length}`, count);
}

/** A read that waits for the next bytes: they are offered to its consumer before they are queued. */
export class ConsumeWaiter extends Waiter<number | null> {
  readonly #take: Consume;

  constructor(operation: string, clock: Clock, options: WaitOptions | undefined, take: Consume) {
    super(operation, clock, options);
    this.#take = take;
  }

  /** Returns how many bytes were taken; a consumer that throws took none, and the read fails with its error. */
  offer(view: Uint8Array): number {
    try {
      const count = offerTo(this.#take, view);
      this.resolve(count);
      return count;
    } catch (error) {
      this.reject(error);
      return 0;
    }
  }
}

/** A read that may need several pieces: it examines the queue each time bytes, or the end, arrive. */
export class CollectWaiter<T> extends Waiter<T> {
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
