/**
 * What the two ends of a channel share: the values, the slots, and who waits.
 *
 * A slot is a value in the queue or a reservation; there are `capacity` of them. Two invariants hold between calls:
 * senders wait only while no slot is free, and a value in the queue beyond the number of waiting receivers belongs to no
 * one. So a receiver that comes later never takes a value from one that waits, and a sender never overtakes another.
 *
 * A value for a waiting receiver is put into the queue, and is handed over a microtask later. Handed over at once, it would
 * leave the queue empty, and in a conversation of a fast sender with a fast receiver the receiver would wait for every
 * single value. This way the sender is one value ahead, and after the first value neither of them waits.
 */

import { checkWaitOptions, ListedWaiter, type WaitOptions } from '../waiting/waiter.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import { Ring } from './ring.ts';
import { handleClosed, receiverClosed } from './sync-errors.ts';
import {
  END,
  ReceiveQueue,
  WaitQueue,
  waitsOf,
  type Received,
  type SyncParts,
} from './wait-queue.ts';
import type { WaitInfo } from '../waiting/waiter.ts';

/** A frozen snapshot of a channel. */
export interface ChannelStatistics {
  /** How many values it takes before senders wait. */
  readonly capacity: number;
  /** How many values were sent and not yet received. */
  readonly size: number;
  /** How many slots are reserved. */
  readonly reserved: number;
  /** How many senders are open. */
  readonly senders: number;
  /** The pending calls on it. */
  readonly waits: readonly WaitInfo[];
}

/** An end of the channel that sends: what it has to tell of itself. */
export interface SendingEnd {
  readonly isOpen: boolean;
}

/** A pending `send` with its value, or `reserve` with the permit that it will get. */
class SlotWaiter extends ListedWaiter<unknown> {
  end: SendingEnd | undefined;
  value: unknown;
  permit: object | undefined;
}

const SETTLED = Promise.resolve();
const nothing = (): void => {};

export class ChannelState<T> {
  readonly parts: SyncParts;
  readonly capacity: number;
  readonly closing: WaitQueue<void>;
  readonly #values = new Ring<T>();
  readonly #receives: ReceiveQueue<T>;
  readonly #slots: WaitQueue<unknown>;
  #senders = 1;
  #reserved = 0;
  #isClosed = false;
  #isDropped = false;
  #willServe = false;

  constructor(parts: SyncParts, capacity: number) {
    this.parts = parts;
    this.capacity = capacity;
    this.#receives = new ReceiveQueue(parts);
    this.#slots = new WaitQueue(parts);
    this.closing = new WaitQueue(parts);
  }

  /** Whether the receiver takes no more values. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether nothing more can be sent: closed, or without a sender and a reservation. */
  get isFinished(): boolean {
    return this.#isClosed || (this.#senders === 0 && this.#reserved === 0);
  }

  get size(): number {
    return this.#values.size;
  }

  /** How many more values can be sent without waiting. */
  get free(): number {
    return this.capacity - this.#values.size - this.#reserved;
  }

  statistics(): ChannelStatistics {
    return Object.freeze({
      capacity: this.capacity,
      size: this.#values.size,
      reserved: this.#reserved,
      senders: this.#senders,
      waits: waitsOf(this.parts, this.#receives, this.#slots, this.closing),
    });
  }

  // --- Sending ---------------------------------------------------------------------------------------------------

  send(end: SendingEnd, value: T, options: WaitOptions | undefined): Promise<void> {
    try {
      checkWaitOptions('send', options);
      this.checkOpen(end, 'send');
    } catch (error) {
      return this.parts.budget.fail(error);
    }
    if (this.free > 0) {
      this.#put(value);
      // As late as a `receive` that the budget holds back: a sender that gained on its receiver would end up waiting for room.
      return this.parts.budget.spend()?.then(nothing) ?? SETTLED;
    }
    const waiter = new SlotWaiter('send', this.parts.clock, options);
    waiter.end = end;
    waiter.value = value;
    this.#slots.add(waiter);
    return waiter.promise as Promise<void>;
  }

  trySend(end: SendingEnd, value: T): boolean {
    this.checkOpen(end, 'trySend');
    if (this.free <= 0) return false;
    this.#put(value);
    return true;
  }

  /** Reserves a slot; resolves to `permit`. */
  reserve<P extends object>(
    end: SendingEnd,
    permit: P,
    options: WaitOptions | undefined,
  ): Promise<P> {
    try {
      checkWaitOptions('reserve', options);
      if (this.tryReserve(end, 'reserve')) return this.parts.budget.pay(permit);
    } catch (error) {
      return this.parts.budget.fail(error);
    }
    const waiter = new SlotWaiter('reserve', this.parts.clock, options);
    waiter.end = end;
    waiter.permit = permit;
    this.#slots.add(waiter);
    return waiter.promise as Promise<P>;
  }

  tryReserve(end: SendingEnd, operation: string): boolean {
    this.checkOpen(end, operation);
    if (this.free <= 0) return false;
    this.#reserved += 1;
    return true;
  }

  /** Uses a reservation. */
  sendReserved(value: T): void {
    this.#reserved -= 1;
    if (this.#isDropped) return;
    this.#put(value);
  }

  /** Gives a reservation back. */
  releaseReserved(): void {
    this.#reserved -= 1;
    this.#grantSlots();
    this.#serve();
  }

  addSender(): void {
    this.#senders += 1;
  }

  /** One end that sends was closed: its pending calls fail. */
  removeSender(): void {
    this.#senders -= 1;
    let next: ListedWaiter<unknown> | undefined;
    for (let waiter = this.#slots.first; waiter !== undefined; waiter = next) {
      next = waiter.next;
      if ((waiter as SlotWaiter).end?.isOpen === false) {
        waiter.reject(handleClosed(waiter.operation, 'sender'));
      }
    }
    this.#serve();
  }

  checkOpen(end: SendingEnd, operation: string): void {
    if (!end.isOpen) throw handleClosed(operation, 'sender');
    if (this.#isClosed) throw receiverClosed(operation);
  }

  // --- Receiving -------------------------------------------------------------------------------------------------

  /** @param isStep - Whether it is a step of a `for await` */
  receive(isStep: boolean, options: WaitOptions | undefined): Promise<Received<T>> {
    const { budget, clock } = this.parts;
    try {
      checkWaitOptions('receive', options);
    } catch (error) {
      return this.parts.budget.fail(error);
    }
    if (this.#hasSpare) {
      const value = this.#take();
      return budget.pay<Received<T>>(isStep ? { value, done: false } : value);
    }
    if (this.#hasEnded) return budget.pay<Received<T>>(isStep ? END : null);
    return this.#receives.receive(isStep, clock, options);
  }

  tryReceive(): T | null | WouldBlock {
    if (this.#hasSpare) return this.#take();
    return this.#hasEnded ? null : WOULD_BLOCK;
  }

  /** Takes no more values; those that were sent can be received, unless they are dropped. */
  close(drop: boolean): void {
    if (drop && !this.#isDropped) {
      this.#isDropped = true;
      this.#values.clear();
    }
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#slots.failAll(receiverClosed);
      this.closing.grantAll(undefined);
    }
    this.#serve();
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  /** Whether there is a value that is not for a receiver that waits already. */
  get #hasSpare(): boolean {
    return this.#values.size > this.#receives.size;
  }

  get #hasEnded(): boolean {
    if (this.#values.size > 0) return false;
    return this.#isDropped || (this.isFinished && this.#reserved === 0);
  }

  #put(value: T): void {
    this.#values.push(value);
    if (this.#receives.size === 0 || this.#willServe) return;
    this.#willServe = true;
    void SETTLED.then(this.#serve);
  }

  #take(): T {
    const value = this.#values.shift();
    if (this.#slots.size > 0) this.#grantSlots();
    return value;
  }

  /** Hands values to receivers that wait, oldest first, and the end to those that are left. */
  readonly #serve = (): void => {
    this.#willServe = false;
    while (this.#values.size > 0 && this.#receives.size > 0) this.#receives.give(this.#take());
    if (this.#hasEnded) this.#receives.giveEnd();
  };

  /** Gives free slots to senders that wait, oldest first. */
  #grantSlots(): void {
    while (this.free > 0) {
      const waiter = this.#slots.first as SlotWaiter | undefined;
      if (waiter === undefined) return;
      if (waiter.permit === undefined) this.#put(waiter.value as T);
      else this.#reserved += 1;
      this.#slots.grant(waiter, waiter.permit);
    }
  }
}
