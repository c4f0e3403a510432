/**
 * A bounded queue between tasks, after tokio's `mpsc`: many senders, one receiver.
 *
 * - **Bounded.** At most `capacity` values are in the channel; a sender waits until there is room.
 * - **In order.** Values arrive in the order in which they were sent. Senders get room, and receiving tasks get values, in
 *   the order in which they began to wait.
 * - **Cancelling loses nothing.** A cancelled `send` has sent nothing, a cancelled `receive` has taken nothing.
 * - **The end is a value.** When every sender is closed and every value was taken, `receive` gives `null`.
 */

import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import { ChannelState, type ChannelStatistics, type SendingEnd } from './channel-state.ts';
import { handleClosed } from './sync-errors.ts';
import { END, partsOf, stepsOf, SYNC_OPTIONS, type SyncOptions } from './wait-queue.ts';

/** Options of a {@link channel}. */
export interface ChannelOptions extends SyncOptions {
  /** How many values may be on their way: a whole number from 1. Reserved slots count. */
  readonly capacity: number;
}

/** What {@link ChannelOptions} may be. */
export const CHANNEL_OPTIONS: OptionTable<ChannelOptions> = {
  ...SYNC_OPTIONS,
  capacity: rules.whole(1),
};

/** A reserved slot of a channel: a value sent with it never waits. Give it back with `release` or `using`. */
export class ChannelPermit<T> {
  readonly #state: ChannelState<T>;
  #isUsed = false;

  constructor(state: ChannelState<T>) {
    this.#state = state;
  }

  /**
   * Sends a value into the reserved slot, also when the receiver or the sender was closed after the reservation.
   *
   * @throws `ClosedError` when the permit was used or released.
   */
  send(value: T): void {
    if (this.#isUsed) throw handleClosed('send', 'permit');
    this.#isUsed = true;
    this.#state.sendReserved(value);
  }

  /** Gives the slot back; does nothing when the permit was used or released. */
  release(): void {
    if (this.#isUsed) return;
    this.#isUsed = true;
    this.#state.releaseReserved();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** The end of a channel that sends. Any number of tasks may send on one; {@link ChannelSender.clone} makes another. */
export class ChannelSender<T> implements SendingEnd {
  readonly #state: ChannelState<T>;
  #isOpen = true;

  constructor(state: ChannelState<T>) {
    this.#state = state;
  }

  /** Whether this sender was not closed; the receiver may have been. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether nothing can be sent: this sender or the receiver was closed. */
  get isClosed(): boolean {
    return !this.#isOpen || this.#state.isClosed;
  }

  /** How many values the channel takes before senders wait. */
  get capacity(): number {
    return this.#state.capacity;
  }

  /** How many more values can be sent without waiting; reserved slots are not free. */
  get free(): number {
    return this.#state.free;
  }

  /**
   * Sends a value, and waits for room before that when the channel is full; first come, first served.
   *
   * A cancelled call sends nothing.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `ClosedError` when the receiver or this sender is closed, before or meanwhile; `TimeoutError`;
   * `signal.reason`; `InvalidInputError`.
   */
  send(value: T, options?: WaitOptions): Promise<void> {
    return this.#state.send(this, value, options);
  }

  /**
   * Sends a value if there is room.
   *
   * @returns Whether it was sent.
   * @throws `ClosedError` when the receiver or this sender is closed.
   */
  trySend(value: T): boolean {
    return this.#state.trySend(this, value);
  }

  /**
   * Waits for room and reserves it: what is sent with the permit does not wait. For values that must not be taken from
   * elsewhere before they can be passed on.
   *
   * A cancelled call reserves nothing.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @throws as {@link ChannelSender.send}.
   *
   * @example
   * ```ts
   * import { channel } from '@awaitio/core/sync';
   *
   * const [sender, receiver] = channel<string>({ capacity: 1 });
   * const permit = await sender.reserve();
   * console.log(sender.trySend('another')); // false
   * permit.send('mine');
   * console.log(await receiver.receive()); // mine
   * sender.close();
   * ```
   */
  reserve(options?: WaitOptions): Promise<ChannelPermit<T>> {
    return this.#state.reserve(this, new ChannelPermit(this.#state), options);
  }

  /** Reserves room if there is any. @throws `ClosedError` when the receiver or this sender is closed */
  tryReserve(): ChannelPermit<T> | WouldBlock {
    if (!this.#state.tryReserve(this, 'tryReserve')) return WOULD_BLOCK;
    return new ChannelPermit(this.#state);
  }

  /**
   * Waits until the receiver is closed: for a sender that should stop preparing values.
   *
   * A cancelled call changes nothing.
   *
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  closed(options?: WaitOptions): Promise<void> {
    const { closing, isClosed } = this.#state;
    return closing.until('closed', isClosed, undefined, options);
  }

  /** Makes another sender of the same channel; it has to be closed as well. @throws `ClosedError` when this one is closed */
  clone(): ChannelSender<T> {
    if (!this.#isOpen) throw handleClosed('clone', 'sender');
    this.#state.addSender();
    return new ChannelSender(this.#state);
  }

  /** Whether both send on the same channel. */
  isSameChannel(other: ChannelSender<T>): boolean {
    if (!(other instanceof ChannelSender)) {
      throw invalidInput('isSameChannel', 'other', 'a sender of a channel', other);
    }
    return this.#state === other.#state;
  }

  /**
   * Closes this sender: its pending calls fail with `ClosedError`. Values that were sent will arrive. After the last sender,
   * the receiver gets the end. Idempotent.
   */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#state.removeSender();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A frozen snapshot of the channel. */
  statistics(): ChannelStatistics {
    return this.#state.statistics();
  }
}

/**
 * The end of a channel that receives. Several tasks may call `receive`: each value goes to one of them.
 *
 * `for await` ends with the channel; leaving the loop leaves the channel open, with every later value in it.
 */
export class ChannelReceiver<T> implements AsyncIterable<T> {
  readonly #state: ChannelState<T>;

  constructor(state: ChannelState<T>) {
    this.#state = state;
  }

  /** How many values wait to be received. */
  get size(): number {
    return this.#state.size;
  }

  /** Whether nothing more can be sent: closed, or without a sender and a permit. Values may still be there. */
  get isClosed(): boolean {
    return this.#state.isFinished;
  }

  /**
   * Waits for the next value; first come, first served.
   *
   * A cancelled call takes nothing.
   *
   * @param options - `signal` cancels the call; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The value; `null` at the end, when every sender is closed, or this receiver is, and every value was taken. Where
   * `null` may be a value, use `for await`.
   * @throws `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  receive(options?: WaitOptions): Promise<T | null> {
    return this.#state.receive(false, options) as Promise<T | null>;
  }

  /** Takes the next value if there is one. @returns The value; `null` at the end; `WOULD_BLOCK` when there is none yet */
  tryReceive(): T | null | WouldBlock {
    return this.#state.tryReceive();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return stepsOf(
      (wait) => this.#state.receive(true, wait) as Promise<IteratorResult<T, undefined>>,
      END,
    );
  }

  /**
   * Takes no more values: pending and later sends fail with `ClosedError`. Values that were sent, and those of permits, can
   * still be received; the end comes after them. Idempotent.
   */
  close(): void {
    this.#state.close(false);
  }

  /** Closes the channel and drops the values in it. */
  [Symbol.dispose](): void {
    this.#state.close(true);
  }

  /** A frozen snapshot of the channel. */
  statistics(): ChannelStatistics {
    return this.#state.statistics();
  }
}

/**
 * Makes a bounded channel (tokio's `mpsc::channel`).
 *
 * @param options - `capacity`: how many values may be on their way.
 * @returns Its two ends.
 * @throws `InvalidInputError` for a capacity that is not a whole number from 1, or another wrong option.
 *
 * @example
 * ```ts
 * import { defaultExecutor } from '@awaitio/core';
 * import { channel } from '@awaitio/core/sync';
 *
 * const [sender, receiver] = channel<number>({ capacity: 8 });
 * await defaultExecutor.group(async (group) => {
 *   group.spawn(async () => {
 *     using _ = sender; // the receiver's loop ends when it is closed
 *     for (let n = 1; n <= 3; n += 1) await sender.send(n);
 *   });
 *   for await (const n of receiver) console.log(n); // 1, 2, 3
 * });
 * ```
 */
export function channel<T>(
  options: ChannelOptions,
): [sender: ChannelSender<T>, receiver: ChannelReceiver<T>] {
  checkOptions('channel', options, CHANNEL_OPTIONS);
  if (options.capacity === undefined) {
    throw invalidInput('channel', 'capacity', CHANNEL_OPTIONS.capacity.expected, undefined);
  }
  const state = new ChannelState<T>(partsOf('channel', options), options.capacity);
  return [new ChannelSender(state), new ChannelReceiver(state)];
}
