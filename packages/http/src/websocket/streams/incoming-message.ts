/**
 * A message that is read in parts, as they come: at most one part waits here, and what has come beyond it waits in the
 * connection, which is not read further while that is too much.
 */

import { BusyError, ClosedError, type Clock, type WaitOptions } from '@awaitio/core';
import {
  budgetOf,
  checkWaitOptions,
  Waiter,
  type Budget,
  type WaiterOwner,
} from '@awaitio/core/lowlevel';
import { StringDecoder } from 'node:string_decoder';

/** A message: text, or bytes. */
export type Message = string | Uint8Array;

/** A message that is read in parts. */
export interface MessageStream<
  Kind extends 'text' | 'bytes',
  Part extends Message,
> extends AsyncIterable<Part> {
  readonly kind: Kind;
  /**
   * Waits for the next part. A cancelled call takes nothing.
   *
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The part, which is not empty: of text whole characters; `null` at the end of the message.
   * @throws As `receive` of its WebSocket, whose end cuts the message short; `UnexpectedEofError` when the peer closed in the middle
   * of it; `ClosedError` when it was left; `BusyError` while another task reads it; `TimeoutError` of this call; `signal.reason`;
   * `InvalidInputError`.
   */
  read(options?: WaitOptions): Promise<Part | null>;
  /** Leaves the message: what is left of it is dropped as it comes. Does nothing at its end. */
  discard(): void;
}

/** A message that is read in parts: text, or bytes. */
export type IncomingMessage = MessageStream<'text', string> | MessageStream<'bytes', Uint8Array>;

/** What is asked of the connection. */
export interface PartSource {
  /** The reader has taken the part that waited, or waits for one. */
  onHungry(): void;
  /** The reader left before the end. */
  onLeft(): void;
}

export class PartReader implements WaiterOwner {
  readonly kind: 'text' | 'bytes';
  readonly #clock: Clock;
  readonly #budget: Budget;
  readonly #source: PartSource;
  readonly #decoder: StringDecoder | undefined;
  #part: Message | undefined;
  #waiter: Waiter<Message | null> | undefined;
  #state: 'open' | 'ended' | 'left' = 'open';
  #error: unknown;

  constructor(kind: 'text' | 'bytes', clock: Clock, source: PartSource) {
    this.kind = kind;
    this.#clock = clock;
    this.#budget = budgetOf(clock);
    this.#source = source;
    // The bytes were checked: a character that lies in two parts goes with the second.
    this.#decoder = kind === 'text' ? new StringDecoder('utf8') : undefined;
  }

  /** Whether the next part may be put in. */
  get isHungry(): boolean {
    return this.#state === 'open' && this.#part === undefined;
  }

  /** How many bytes, or characters, wait here. */
  get size(): number {
    return this.#part?.length ?? 0;
  }

  /** Puts a part in. */
  put(bytes: Uint8Array): void {
    this.#give(this.#decoder === undefined ? bytes : this.#decoder.write(bytes));
  }

  /** Puts the last part in. @param data - Of a whole message its text, if it is one */
  finish(data: Message): void {
    if (typeof data !== 'string') this.put(data);
    else this.#give(data);
    this.end(undefined);
  }

  /** Nothing more comes. @param error - What the reader gets in place of the end */
  end(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#error = error;
    if (error === undefined) this.#waiter?.resolve(null);
    else this.#waiter?.reject(error);
  }

  #give(part: Message): void {
    if (part.length === 0) return;
    if (this.#waiter !== undefined) this.#waiter.resolve(part);
    else if (this.#part === undefined) this.#part = part;
    else this.#part = joined(this.#part, part);
  }

  read(options?: WaitOptions): Promise<Message | null> {
    try {
      checkWaitOptions('read', options);
    } catch (error) {
      return this.#budget.fail(error);
    }
    if (this.#waiter !== undefined) return this.#budget.fail(busy());
    const part = this.#part;
    if (part !== undefined) {
      this.#part = undefined;
      this.#source.onHungry();
      return this.#budget.pay<Message | null>(part);
    }
    if (this.#state === 'left') return this.#budget.fail(messageLeft());
    if (this.#state === 'ended') {
      return this.#error === undefined
        ? this.#budget.pay<Message | null>(null)
        : this.#budget.fail(this.#error);
    }
    const waiter = new Waiter<Message | null>('read', this.#clock, options);
    waiter.owner = this;
    this.#waiter = waiter;
    this.#source.onHungry();
    return waiter.promise;
  }

  /** The reader was served, or gave up. */
  remove(waiter: object): void {
    if (this.#waiter === waiter) this.#waiter = undefined;
  }

  discard(): void {
    const isUnread = this.#part !== undefined;
    this.#part = undefined;
    if (this.#state === 'open') {
      this.#state = 'left';
      this.#waiter?.reject(messageLeft());
      this.#source.onLeft();
    } else if (isUnread) {
      this.#state = 'left';
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message, undefined> {
    try {
      for (let part = await this.read(); part !== null; part = await this.read()) yield part;
      return undefined;
    } finally {
      this.discard();
    }
  }
}

function joined(first: Message, second: Message): Message {
  if (typeof first === 'string') return first + String(second);
  return Buffer.concat([first, second as Uint8Array]);
}

function busy(): BusyError {
  return new BusyError('read: another task reads this message; one task at a time may', {
    code: 'EBUSY',
    operation: 'read',
  });
}

function messageLeft(): ClosedError {
  return new ClosedError(
    'read: this message was left, by `discard`, a loop that ended early, or the next `receive`; the rest of it is dropped',
    { code: 'ERR_WEBSOCKET_MESSAGE_LEFT', operation: 'read' },
  );
}
