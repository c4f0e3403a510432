/**
 * The reading side of a stream: a queue of bytes, the waiters for them, and how reading ended.
 *
 * Reading is level-triggered over the queue: the current state decides, not the event that led to it, so a wait that
 * begins late misses nothing. Three facts describe the end of reading, the strongest first:
 *
 * 1. `closed`: this side closed the stream. Reads fail with `ClosedError`; what was queued is dropped.
 * 2. queued bytes: they are read before anything below is reported, also after a reset: no byte is lost.
 * 3. `ended` (peer FIN, or reading shut down here): reads return `null`; `broken`: every read fails with the error.
 *
 * One operation at a time may take bytes; while it waits it is `#pending`, and arriving bytes are offered to it first,
 * without passing through the queue. How reads wait is in `queue/read-waits.ts`.
 */

import { ByteQueue } from './queue/byte-queue.ts';
import type { IoError } from '../vocabulary/errors.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import { CollectWaiter, ConsumeWaiter, offerTo, type Consume } from './queue/read-waits.ts';
import type { StandingRead } from './queue/standing-read.ts';
import { busyError, closedError, type StreamParts } from './stream-parts.ts';
import {
  checkWaitOptions,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
  type WaiterOwner,
} from '../waiting/waiter.ts';

export class ReadSide implements WaiterOwner {
  readonly #parts: StreamParts;
  #queue: ByteQueue | undefined;
  #pending: ConsumeWaiter | CollectWaiter<unknown> | StandingRead | undefined;
  #readable: WaiterList<void> | undefined;
  #readClosed: WaiterList<void> | undefined;
  #paused = false;
  #isEnded = false;
  #broken: IoError | undefined;
  #isClosed = false;
  bytesRead = 0;

  constructor(parts: StreamParts) {
    this.#parts = parts;
  }

  /** How many bytes are queued. */
  get buffered(): number {
    return this.#queue === undefined ? 0 : this.#queue.length;
  }

  /** Whether no more bytes will arrive. */
  get isFinished(): boolean {
    return this.#isEnded || this.#broken !== undefined || this.#isClosed;
  }

  /** Whether a read would not wait. */
  get isReadable(): boolean {
    return this.buffered > 0 || this.isFinished;
  }

  // --- Called by the carrier -----------------------------------------------------------------------------------

  /**
   * Offers a borrowed view to the pending operation and queues the remainder; returns whether there is room for more.
   */
  push(view: Uint8Array): boolean {
    this.bytesRead += view.length;
    if (this.isFinished) return true;
    let remainder = view;
    const pending = this.#pending;
    if (pending !== undefined && !(pending instanceof CollectWaiter)) {
      const taken = pending.offer(view);
      if (taken === view.length) return true;
      remainder = view.subarray(taken);
    }
    this.#queue ??= new ByteQueue();
    this.#queue.push(remainder);
    if (this.#pending instanceof CollectWaiter) this.#pending.retry();
    if (this.buffered > 0) this.#readable?.resolveAll();
    if (this.buffered < this.#limit()) return true;
    this.#paused = true;
    return false;
  }

  /** The peer finished, or reading was shut down here. */
  end(): void {
    if (this.isFinished) return;
    this.#isEnded = true;
    this.#finish();
  }

  /** Shuts reading down from this side: drops what is queued; what still arrives is not kept. */
  shutdown(): void {
    this.#queue = undefined;
    this.end();
    this.#resume();
  }

  /** The connection broke. */
  fail(error: IoError): void {
    if (this.isFinished) return;
    this.#broken = error;
    this.#finish();
  }

  /** This side closed the stream. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = undefined;
    this.#pending?.reject(closedError(this.#pending.operation));
    this.#readable?.rejectAll(closedError('readable'));
    this.#readClosed?.resolveAll();
  }

  #finish(): void {
    const pending = this.#pending;
    if (pending instanceof CollectWaiter) pending.retry();
    else if (this.#broken === undefined) pending?.resolve(null);
    else pending?.reject(this.#broken);
    this.#readable?.resolveAll();
    this.#readClosed?.resolveAll();
  }

  // --- Called by tasks ------------------------------------------------------------------------------------------

  tryRead(buffer: Uint8Array): number | null | WouldBlock {
    if (this.#pending !== undefined) throw busyError('tryRead', this.#pending.operation, 'read');
    const state = this.#outcome('tryRead');
    if (state !== undefined) return state;
    const count = (this.#queue as ByteQueue).readInto(buffer);
    this.#resume();
    return count;
  }

  peek(count: number): Uint8Array | null | WouldBlock {
    const state = this.#outcome('peek');
    return state === undefined ? (this.#queue as ByteQueue).peek(count) : state;
  }

  readable(options?: WaitOptions): Promise<void> {
    return this.#guard('readable', options, () => {
      if (this.#isClosed) throw closedError('readable');
      if (this.isReadable) return this.#parts.budget.pay(undefined);
      this.#readable ??= new WaiterList();
      return this.#readable.wait('readable', this.#parts.clock, options);
    });
  }

  readClosed(options?: WaitOptions): Promise<void> {
    return this.#guard('readClosed', options, () => {
      if (this.isFinished) return this.#parts.budget.pay(undefined);
      this.#readClosed ??= new WaiterList();
      return this.#readClosed.wait('readClosed', this.#parts.clock, options);
    });
  }

  read(buffer: Uint8Array, options?: WaitOptions): Promise<number | null> {
    return this.readWith(
      (view) => {
        const piece = view.length <= buffer.length ? view : view.subarray(0, buffer.length);
        buffer.set(piece);
        return piece.length;
      },
      options,
      'read',
    );
  }

  readChunk(options?: WaitOptions): Promise<Uint8Array | null> {
    return this.collect('readChunk', options, 0, () => {
      const chunk = this.#queue?.shift();
      return chunk ?? this.#outcome('readChunk') ?? null;
    });
  }

  readWith(take: Consume, options?: WaitOptions, operation = 'readWith'): Promise<number | null> {
    try {
      checkWaitOptions(operation, options);
    } catch (error) {
      return this.refuse(error);
    }
    const other = this.#pending?.operation;
    if (other !== undefined) return this.refuse(busyError(operation, other, 'read'));
    if (this.buffered > 0 && !this.#isClosed) {
      try {
        return this.#parts.budget.pay(this.#offerFront(take));
      } catch (error) {
        return this.refuse(error);
      }
    }
    if (this.isFinished) {
      return this.#isEnded && !this.#isClosed
        ? this.#parts.budget.pay(null)
        : this.refuse(this.#isClosed ? closedError(operation) : this.#broken);
    }
    const waiter = new ConsumeWaiter(operation, this.#parts.clock, options, take);
    waiter.owner = this;
    this.#pending = waiter;
    return waiter.promise;
  }

  /** As {@link readWith} for a reader that is called; `false`, and nothing is done, where the read would not wait. */
  stand(reader: StandingRead): boolean {
    if (this.#pending !== undefined || this.isReadable || reader.isBusy) return false;
    reader.begin(this, this.#parts.clock);
    this.#pending = reader;
    return true;
  }

  /**
   * Waits until `attempt` returns something else than would-block; it is tried whenever bytes, or the end, arrive.
   *
   * @param wanted - How many bytes the attempt may need in the queue at once.
   */
  collect<T>(
    operation: string,
    options: WaitOptions | undefined,
    wanted: number,
    attempt: () => T | WouldBlock,
  ): Promise<T> {
    return this.#guard(operation, options, () => {
      if (this.#pending !== undefined) throw busyError(operation, this.#pending.operation, 'read');
      if (this.#isClosed) throw closedError(operation);
      const first = attempt();
      this.#resume();
      if (first !== WOULD_BLOCK) return this.#parts.budget.pay(first);
      const waiter = new CollectWaiter<T>(operation, this.#parts.clock, options, wanted, attempt);
      waiter.owner = this;
      this.#pending = waiter as CollectWaiter<unknown>;
      this.#resume();
      return waiter.promise;
    });
  }

  /** The result of a call that fails without waiting. */
  refuse(reason: unknown): Promise<never> {
    return this.#parts.budget.fail(reason);
  }

  /** The queue, for the attempts of {@link collect}. */
  get queue(): ByteQueue {
    this.#queue ??= new ByteQueue();
    return this.#queue;
  }

  /** What an attempt that the queued bytes do not satisfy returns: `null` at the end, or would-block. */
  ending(): null | WouldBlock {
    if (this.#broken !== undefined) throw this.#broken;
    return this.#isEnded ? null : WOULD_BLOCK;
  }

  describe(now: number, into: WaitInfo[]): void {
    if (this.#pending !== undefined) into.push(this.#pending.info(now));
    this.#readable?.describe(now, into);
    this.#readClosed?.describe(now, into);
  }

  // --- Inside --------------------------------------------------------------------------------------------------

  /** The pending operation has settled, whatever settled it: the next read does not fail with `BusyError`. */
  remove(waiter: object): void {
    if (this.#pending === waiter) this.#pending = undefined;
  }

  #guard<T>(operation: string, options: WaitOptions | undefined, body: () => Promise<T>) {
    try {
      checkWaitOptions(operation, options);
      return body();
    } catch (error) {
      return this.refuse(error);
    }
  }

  #offerFront(take: Consume): number {
    const queue = this.#queue as ByteQueue;
    const count = offerTo(take, queue.front());
    queue.consume(count);
    this.#resume();
    return count;
  }

  /** What a read returns when it does not take queued bytes; `undefined` when it can take some. */
  #outcome(operation: string): null | WouldBlock | undefined {
    if (this.#isClosed) throw closedError(operation);
    return this.buffered > 0 ? undefined : this.ending();
  }

  #limit(): number {
    const mark = this.#parts.marks.read;
    return this.#pending instanceof CollectWaiter ? Math.max(mark, this.#pending.wanted) : mark;
  }

  #resume(): void {
    if (!this.#paused || this.buffered >= this.#limit()) return;
    this.#paused = false;
    this.#parts.transport.resume();
  }
}
