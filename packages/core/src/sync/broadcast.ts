/**
 * A channel that gives every value to every receiver, after tokio's `broadcast`.
 *
 * Sending never waits: the channel keeps the newest `capacity` values, and a receiver that is slower misses the older ones.
 * It is not cut off and does not slow the others down; its next call fails with a {@link LagError} that says how many values
 * it missed, and the one after that gives the oldest that is still there. A value is dropped when the last receiver has it.
 */

import { checkOptions } from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import { checkWaitOptions, type WaitOptions } from '../waiting/waiter.ts';
import { CHANNEL_OPTIONS, type ChannelOptions } from './channel.ts';
import { handleClosed, LagError } from './sync-errors.ts';
import {
  END,
  partsOf,
  ReceiveQueue,
  stepsOf,
  WaitQueue,
  type Received,
  type SyncParts,
} from './wait-queue.ts';

/** A value, and how many receivers have not taken it. */
interface Slot<T> {
  value: T;
  due: number;
}

/** What the ends share. Positions count all values that were ever sent. */
export class BroadcastState<T> {
  readonly parts: SyncParts;
  readonly capacity: number;
  readonly receivers: Set<BroadcastReceiver<T>> = new Set();
  readonly closing: WaitQueue<void>;
  readonly #slots: (Slot<T> | undefined)[] = [];
  senders = 1;
  /** The position of the next value. */
  tail = 0;

  constructor(parts: SyncParts, capacity: number) {
    this.parts = parts;
    this.capacity = capacity;
    this.closing = new WaitQueue(parts);
  }

  /** The position of the oldest value that was not overwritten. */
  get oldest(): number {
    return Math.max(0, this.tail - this.capacity);
  }

  /** @returns How many receivers have not taken the value at a position. */
  dueAt(position: number): number {
    return this.#slots[position % this.capacity]?.due ?? 0;
  }

  send(value: T): number {
    const { size } = this.receivers;
    if (size === 0) return 0;
    const slot: Slot<T> = { value, due: size };
    this.#slots[this.tail % this.capacity] = slot;
    this.tail += 1;
    for (const receiver of this.receivers) receiver.onSent();
    return size;
  }

  /** Takes the value at a position for one receiver. */
  take(position: number): T {
    const at = position % this.capacity;
    const slot = this.#slots[at] as Slot<T>;
    slot.due -= 1;
    if (slot.due === 0) this.#slots[at] = undefined;
    return slot.value;
  }

  close(): void {
    this.senders -= 1;
    if (this.senders === 0) for (const receiver of this.receivers) receiver.onEnded();
  }
}

/** The end of a {@link broadcast} that sends. */
export class BroadcastSender<T> {
  readonly #state: BroadcastState<T>;
  #isOpen = true;

  constructor(state: BroadcastState<T>) {
    this.#state = state;
  }

  /** How many receivers there are. */
  get receivers(): number {
    return this.#state.receivers.size;
  }

  /** How many values some receiver has not taken yet, at most `capacity`. */
  get size(): number {
    const { oldest, tail } = this.#state;
    for (let at = oldest; at < tail; at += 1) if (this.#state.dueAt(at) > 0) return tail - at;
    return 0;
  }

  /**
   * Sends a value to every receiver that there is now; never waits.
   * @returns How many receivers will get it, if they are fast enough; with 0 it was dropped.
   * @throws `ClosedError` when this sender is closed.
   */
  send(value: T): number {
    if (!this.#isOpen) throw handleClosed('send', 'sender');
    return this.#state.send(value);
  }

  /** Makes a receiver of the values that are sent from now on. @throws `ClosedError` when this sender is closed */
  subscribe(): BroadcastReceiver<T> {
    if (!this.#isOpen) throw handleClosed('subscribe', 'sender');
    return new BroadcastReceiver(this.#state);
  }

  /** Makes another sender of the same channel; it has to be closed as well. @throws `ClosedError` when this one is closed */
  clone(): BroadcastSender<T> {
    if (!this.#isOpen) throw handleClosed('clone', 'sender');
    this.#state.senders += 1;
    return new BroadcastSender(this.#state);
  }

  /**
   * Waits until there is no receiver. A cancelled call changes nothing.
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  closed(options?: WaitOptions): Promise<void> {
    const { closing, receivers } = this.#state;
    return closing.until('closed', receivers.size === 0, undefined, options);
  }

  /** Closes this sender. After the last one, receivers take what is left and get the end. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#state.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * One receiver of a {@link broadcast}: it gets every value sent after it was made. Close it when it is no longer read, or the
 * channel keeps values for it.
 */
export class BroadcastReceiver<T> implements AsyncIterable<T> {
  readonly #state: BroadcastState<T>;
  readonly #receives: ReceiveQueue<T>;
  #next: number;
  #isOpen = true;

  constructor(state: BroadcastState<T>) {
    this.#state = state;
    this.#receives = new ReceiveQueue(state.parts);
    this.#next = state.tail;
    state.receivers.add(this);
  }

  /** How many values it has not taken, those that it missed included. */
  get size(): number {
    return this.#isOpen ? this.#state.tail - this.#next : 0;
  }

  /** Whether no sender is open; values may still be there. */
  get isClosed(): boolean {
    return this.#state.senders === 0;
  }

  /**
   * Waits for the next value; several calls get one value each, in the order of the calls. A cancelled call takes nothing.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The value; `null` at the end, when every sender is closed and every value was taken. Where `null` may be a value,
   * use `for await`.
   * @throws `LagError` when values were overwritten before this receiver took them: the next call gets the oldest that is
   * left; `ClosedError` when this receiver is closed, before or meanwhile; `TimeoutError`; `signal.reason`;
   * `InvalidInputError`.
   */
  receive(options?: WaitOptions): Promise<T | null> {
    return this.#receive(false, options) as Promise<T | null>;
  }

  /**
   * Takes the next value if there is one.
   * @returns The value; `null` at the end; `WOULD_BLOCK` when there is none yet.
   * @throws `LagError`, `ClosedError` as {@link BroadcastReceiver.receive}.
   */
  tryReceive(): T | null | WouldBlock {
    this.#check('tryReceive');
    if (this.#next < this.#state.tail) return this.#take();
    return this.isClosed ? null : WOULD_BLOCK;
  }

  /** Makes a receiver of the values that are sent from now on, as `BroadcastSender.subscribe`. */
  resubscribe(): BroadcastReceiver<T> {
    return new BroadcastReceiver(this.#state);
  }

  /** Iterates over the values; a lag ends the loop with a `LagError`, and another loop goes on. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return stepsOf((wait) => this.#receive(true, wait) as Promise<IteratorResult<T>>, END);
  }

  /** Takes no more values; pending calls fail with `ClosedError`. Idempotent. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { receivers, closing, oldest, tail } = this.#state;
    receivers.delete(this);
    for (let at = Math.max(this.#next, oldest); at < tail; at += 1) this.#state.take(at);
    this.#receives.failAll((operation) => handleClosed(operation, 'receiver'));
    if (receivers.size === 0) closing.grantAll(undefined);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** There is a new value. */
  onSent(): void {
    if (this.#receives.size > 0) this.#receives.give(this.#take());
  }

  /** No more values come. */
  onEnded(): void {
    this.#receives.giveEnd();
  }

  #receive(isStep: boolean, options: WaitOptions | undefined): Promise<Received<T>> {
    const { budget, clock } = this.#state.parts;
    try {
      checkWaitOptions('receive', options);
      this.#check('receive');
    } catch (error) {
      return budget.fail(error);
    }
    if (this.#next < this.#state.tail) {
      const value = this.#take();
      return budget.pay<Received<T>>(isStep ? { value, done: false } : value);
    }
    if (this.isClosed) return budget.pay<Received<T>>(isStep ? END : null);
    return this.#receives.receive(isStep, clock, options);
  }

  #take(): T {
    const value = this.#state.take(this.#next);
    this.#next += 1;
    return value;
  }

  /** Reports a lag, once. */
  #check(operation: string): void {
    if (!this.#isOpen) throw handleClosed(operation, 'receiver');
    const { oldest, capacity } = this.#state;
    const missed = oldest - this.#next;
    if (missed <= 0) return;
    this.#next = oldest;
    throw new LagError(operation, missed, capacity);
  }
}

/**
 * Makes a channel whose receivers each get every value (tokio's `broadcast::channel`).
 *
 * @param options - `capacity`: how many values are kept for slow receivers, a whole number from 1.
 * @returns A sender, and the first receiver; `sender.subscribe()` makes more.
 * @throws `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts
 * import { broadcast, LagError } from '@awaitio/core/sync';
 *
 * const [sender, first] = broadcast<string>({ capacity: 2 });
 * using second = sender.subscribe();
 * for (const news of ['one', 'two', 'three']) sender.send(news);
 * sender.close();
 * try {
 *   await first.receive();
 * } catch (error) {
 *   if (error instanceof LagError) console.log('missed', error.missed); // missed 1
 * }
 * for await (const news of first) console.log(news); // two, three
 * ```
 */
export function broadcast<T>(
  options: ChannelOptions,
): [sender: BroadcastSender<T>, receiver: BroadcastReceiver<T>] {
  checkOptions('broadcast', options, CHANNEL_OPTIONS);
  if (options.capacity === undefined) {
    throw invalidInput('broadcast', 'capacity', CHANNEL_OPTIONS.capacity.expected, undefined);
  }
  const state = new BroadcastState<T>(partsOf('broadcast', options), options.capacity);
  return [new BroadcastSender(state), new BroadcastReceiver(state)];
}
