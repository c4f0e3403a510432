/**
 * What has arrived, for one reader at a time: whole messages, and the one that is being read in parts. Reading the connection
 * stops while enough of it waits.
 *
 * The message that a reader has in parts is always the oldest: those behind it are not parsed before its end has come. One
 * that is left is skipped: its parts are dropped as they come.
 */

import { BusyError, UnexpectedEofError, type Clock, type WaitOptions } from '@awaitio/core';
import { budgetOf, Waiter, type Budget, type WaiterOwner } from '@awaitio/core/lowlevel';
import {
  PartReader,
  type IncomingMessage,
  type Message,
  type PartSource,
} from './streams/incoming-message.ts';

/** How much may wait. */
export interface InboxLimits {
  readonly readAheadMessages: number;
  readonly readAheadBytes: number;
}

export class Inbox implements WaiterOwner, PartSource {
  readonly #clock: Clock;
  readonly #budget: Budget;
  readonly #limits: InboxLimits;
  readonly #onWanted: () => void;
  readonly #messages: Message[] = [];
  #bytes = 0;
  #waiter: Waiter<Message | null> | Waiter<IncomingMessage | null> | undefined;
  /** Whether the waiter takes a message in parts. */
  #wantsParts = false;
  #parts: PartReader | undefined;
  /** The last message that was given in parts: it may have come whole. */
  #given: PartReader | undefined;
  #isEnded = false;
  #error: unknown;
  /** Whether the rest of the message that is coming is dropped. */
  isSkipping = false;
  /** Whether a message was ever asked for. */
  hasReader = false;
  /** Called when a receiver waits for the next message: with all messages before, its reader is done. */
  onAwaited: (() => void) | undefined;

  /** @param onWanted - Called when there is room again, or a receiver waits. */
  constructor(clock: Clock, limits: InboxLimits, onWanted: () => void) {
    this.#clock = clock;
    this.#budget = budgetOf(clock);
    this.#limits = limits;
    this.#onWanted = onWanted;
  }

  /** How many messages wait to be taken. */
  get size(): number {
    return this.#messages.length;
  }

  /** Whether nothing more should be read for now. */
  get isFull(): boolean {
    const { readAheadMessages, readAheadBytes } = this.#limits;
    return this.#messages.length >= readAheadMessages || this.#bytes >= readAheadBytes;
  }

  /** Whether a receiver waits for the next message, and for nothing else. */
  get isAwaited(): boolean {
    return this.#waiter !== undefined;
  }

  /** Whether a whole message is waited for, however long it becomes. */
  get collects(): boolean {
    return this.#waiter !== undefined && !this.#wantsParts;
  }

  /** Whether a part of the message that is coming has a taker, or is to be dropped. */
  get takesPart(): boolean {
    if (this.isSkipping || (this.#waiter !== undefined && this.#wantsParts)) return true;
    return this.#parts !== undefined && this.#parts.isHungry;
  }

  /** Puts a message in, or passes it to the reader that waits. */
  put(message: Message): void {
    if (this.#waiter === undefined) {
      this.#messages.push(message);
      this.#bytes += message.length;
    } else if (this.#wantsParts) {
      (this.#waiter as Waiter<IncomingMessage | null>).resolve(this.#whole(message));
    } else {
      (this.#waiter as Waiter<Message | null>).resolve(message);
    }
  }

  /** Puts a part of the message that is coming in. Only when {@link Inbox.takesPart}. */
  putPart(isText: boolean, bytes: Uint8Array): void {
    if (this.isSkipping) return;
    if (this.#parts === undefined) {
      const parts = new PartReader(isText ? 'text' : 'bytes', this.#clock, this);
      this.#parts = parts;
      this.#given = parts;
      (this.#waiter as Waiter<IncomingMessage | null>).resolve(parts as IncomingMessage);
    }
    this.#parts.put(bytes);
  }

  /** Puts the last part of the message in, of which parts were taken. */
  putTail(bytes: Uint8Array): void {
    this.isSkipping = false;
    const parts = this.#parts;
    this.#parts = undefined;
    parts?.finish(bytes);
  }

  /** No more messages come. @param error - What the reader gets after the last one, in place of the end */
  end(error: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    if (error === undefined) this.#waiter?.resolve(null);
    else this.#waiter?.reject(error);
  }

  /** The rest of the message that is read in parts does not come. @param error - Why, if it is not that the peer closed */
  cut(error: unknown): void {
    this.#parts?.end(error ?? cutShort());
    this.#parts = undefined;
  }

  /** The next message; `null` at the end. The caller has checked the options. */
  take(options: WaitOptions | undefined): Promise<Message | null> {
    if (!this.#begin()) return this.#budget.fail(busy('receive'));
    const message = this.#shift();
    if (message !== undefined) return this.#budget.pay<Message | null>(message);
    return this.#end() ?? this.#wait<Message>('receive', options);
  }

  /** The next message, in parts; `null` at the end. The caller has checked the options. */
  takeStream(options: WaitOptions | undefined): Promise<IncomingMessage | null> {
    if (!this.#begin()) return this.#budget.fail(busy('receiveStream'));
    const message = this.#shift();
    if (message !== undefined)
      return this.#budget.pay<IncomingMessage | null>(this.#whole(message));
    const end = this.#end();
    if (end !== undefined) return end;
    this.#wantsParts = true;
    return this.#wait<IncomingMessage>('receiveStream', options);
  }

  /** The reader was served, or gave up. */
  remove(waiter: object): void {
    if (this.#waiter !== waiter) return;
    this.#waiter = undefined;
    this.#wantsParts = false;
  }

  onHungry(): void {
    this.#onWanted();
  }

  onLeft(): void {
    this.#parts = undefined;
    this.isSkipping = true;
    this.#onWanted();
  }

  /** Leaves the message that was given in parts. @returns Whether the caller may have the next message */
  #begin(): boolean {
    this.hasReader = true;
    if (this.#waiter !== undefined) return false;
    this.#given?.discard();
    this.#given = undefined;
    return true;
  }

  #shift(): Message | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.#bytes -= message.length;
    this.#onWanted();
    return message;
  }

  #end(): Promise<null> | undefined {
    if (!this.#isEnded) return undefined;
    return this.#error === undefined
      ? this.#budget.pay<null>(null)
      : this.#budget.fail(this.#error);
  }

  #wait<T>(operation: string, options: WaitOptions | undefined): Promise<T | null> {
    const waiter = new Waiter<T | null>(operation, this.#clock, options);
    waiter.owner = this;
    // What settles it depends on the kind of read that waits, and there is one at a time.
    this.#waiter = waiter as unknown as Waiter<Message | null>;
    this.#onWanted();
    this.onAwaited?.();
    return waiter.promise;
  }

  #whole(message: Message): IncomingMessage {
    const kind = typeof message === 'string' ? 'text' : 'bytes';
    const parts = new PartReader(kind, this.#clock, NOTHING_MORE);
    parts.finish(message);
    this.#given = parts;
    return parts as IncomingMessage;
  }
}

/** Of a message that has come whole. */
const NOTHING_MORE: PartSource = { onHungry: () => {}, onLeft: () => {} };

function busy(operation: string): BusyError {
  return new BusyError(
    `${operation}: another task receives from this WebSocket; one task at a time may`,
    { code: 'EBUSY', operation },
  );
}

function cutShort(): UnexpectedEofError {
  return new UnexpectedEofError(
    'read: the peer closed in the middle of this message; the rest of it does not come',
    { code: 'ERR_UNEXPECTED_EOF', operation: 'read' },
  );
}
