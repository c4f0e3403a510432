/** Messages that have arrived, for one reader at a time; reading the connection stops while enough of them wait. */

import { BusyError, type Clock, type WaitOptions } from '@awaitio/core';
import { Waiter, type Budget, type WaiterOwner } from '@awaitio/core/lowlevel';

/** A message: text, or bytes. */
export type Message = string | Uint8Array;

export class Inbox implements WaiterOwner {
  readonly #clock: Clock;
  readonly #budget: Budget;
  readonly #capacity: number;
  readonly #onTaken: () => void;
  readonly #messages: Message[] = [];
  #waiter: Waiter<Message | null> | undefined;
  #isEnded = false;
  #error: unknown;

  /** @param onTaken - Called when a message was taken, and there is room again. */
  constructor(clock: Clock, budget: Budget, capacity: number, onTaken: () => void) {
    this.#clock = clock;
    this.#budget = budget;
    this.#capacity = capacity;
    this.#onTaken = onTaken;
  }

  /** How many messages wait to be taken. */
  get size(): number {
    return this.#messages.length;
  }

  /** Whether nothing more should be read for now. */
  get isFull(): boolean {
    return this.#messages.length >= this.#capacity;
  }

  /** Puts a message in, or passes it to the reader that waits. */
  put(message: Message): void {
    if (this.#waiter === undefined) this.#messages.push(message);
    else this.#waiter.resolve(message);
  }

  /** No more messages come. @param error - What the reader gets after the last one, in place of the end */
  end(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    if (error === undefined) this.#waiter?.resolve(null);
    else this.#waiter?.reject(error);
  }

  /** The next message; `null` at the end. The caller has checked the options. */
  take(options: WaitOptions | undefined): Promise<Message | null> {
    if (this.#waiter !== undefined) {
      return this.#budget.fail(
        new BusyError(
          'receive: another task receives from this WebSocket; one task at a time may',
          {
            code: 'EBUSY',
            operation: 'receive',
          },
        ),
      );
    }
    const message = this.#messages.shift();
    if (message !== undefined) {
      this.#onTaken();
      return this.#budget.pay<Message | null>(message);
    }
    if (this.#isEnded) {
      return this.#error === undefined
        ? this.#budget.pay<Message | null>(null)
        : this.#budget.fail(this.#error);
    }
    const waiter = new Waiter<Message | null>('receive', this.#clock, options);
    waiter.owner = this;
    this.#waiter = waiter;
    return waiter.promise;
  }

  /** The reader was served, or gave up. */
  remove(waiter: object): void {
    if (this.#waiter === waiter) this.#waiter = undefined;
  }
}
