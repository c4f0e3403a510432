/**
 * The life of a stream: connects both directions to the carrier, and records how the connection ended.
 *
 * The carrier calls this file only (it is the `TransportSink`), tasks call `ByteStream` only. One invariant holds
 * between them: whichever side ends the connection, and in whatever order, both directions are ended before `closed`
 * settles, so that no wait outlives the connection.
 */

import { budgetOf, type Budget } from '../waiting/budget.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { deferred, type Deferred } from '../waiting/deferred.ts';
import { checkInterest } from '../vocabulary/check.ts';
import { BrokenError, type IoError } from '../vocabulary/errors.ts';
import { ReadyBits, type Interest } from '../vocabulary/interest.ts';
import { ReadSide } from './read-side.ts';
import type { StreamEnd, StreamStatistics } from './duplex-stream.ts';
import { Observers, type SourceObserver } from '../vocabulary/source.ts';
import {
  closedError,
  finishSoon,
  type HighWaterMarks,
  type StreamFinisher,
  type StreamParts,
} from './stream-parts.ts';
import type { Transport, TransportSink } from './transport.ts';
import {
  checkWaitOptions,
  ListedWaiter,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';
import { beginTrace } from '../waiting/wait-trace.ts';
import { WriteSide } from './write-side.ts';

/** A waiter for any of several interests. */
class ReadyWaiter extends ListedWaiter<number> {
  readonly interest: Interest;

  constructor(interest: Interest, clock: Clock, options: WaitOptions | undefined) {
    super('ready', clock, options);
    this.interest = interest;
  }
}

/** The least time that a FIN with no bytes before it is given, in milliseconds. */
const MIN_FIN_TIMEOUT = 1_000;

export class StreamCore implements TransportSink, StreamParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly marks: HighWaterMarks;
  readonly reading: ReadSide;
  readonly writing: WriteSide;
  #end: StreamEnd | undefined;
  #closed: Deferred<StreamEnd> | undefined;
  #observers: Observers | undefined;
  #ready: WaiterList<number> | undefined;
  /** Which side ended the connection first, and how, as far as this side knows before the carrier closes. */
  #endedBy: 'local' | 'peer' | undefined;
  #localEnd:
    | { readonly how: 'reset' | 'timeout' | 'aborted'; readonly error?: unknown }
    | undefined;
  /** Whether this side closed or reset the stream. */
  isDisposed = false;
  finisher: StreamFinisher | undefined;
  /** Unsent bytes that the carrier held when this side reset it. */
  #dropped = 0;

  constructor(transport: Transport, clock: Clock, marks: HighWaterMarks) {
    this.transport = transport;
    this.clock = clock;
    this.budget = budgetOf(clock);
    this.marks = marks;
    this.reading = new ReadSide(this);
    this.writing = new WriteSide(this);
    transport.start(this);
  }

  // --- Called by the carrier -----------------------------------------------------------------------------------

  onData(view: Uint8Array): boolean {
    const hasRoom = this.reading.push(view);
    this.notify();
    return hasRoom;
  }

  onEnd(): void {
    this.#endedBy ??= 'peer';
    this.reading.end();
    this.notify();
  }

  onDrain(): void {
    this.writing.drain();
    this.notify();
  }

  onClosed(error?: IoError): void {
    if (this.#end !== undefined) return;
    this.#end = this.#describeEnd(error);
    this.#endSides(error);
    this.notify();
    this.#closed?.resolve(this.#end);
    if (this.finisher !== undefined) finishSoon(this, this.finisher);
  }

  // --- Called by the stream ------------------------------------------------------------------------------------

  get isClosed(): boolean {
    return this.#end !== undefined;
  }

  get failure(): unknown {
    return this.#end?.error;
  }

  get closed(): Promise<StreamEnd> {
    if (this.#closed === undefined) {
      this.#closed = deferred<StreamEnd>();
      if (this.#end !== undefined) this.#closed.resolve(this.#end);
    }
    return this.#closed.promise;
  }

  get readiness(): number {
    let bits = 0;
    if (this.reading.isReadable) bits |= ReadyBits.READABLE;
    if (this.writing.isWritable) bits |= ReadyBits.WRITABLE;
    if (this.reading.isFinished) bits |= ReadyBits.READ_CLOSED;
    if (this.writing.isShut) bits |= ReadyBits.WRITE_CLOSED;
    if (this.failure !== undefined) bits |= ReadyBits.ERROR;
    return bits;
  }

  shutdownRead(): void {
    this.reading.shutdown();
    this.notify();
  }

  /** Sends FIN after what was accepted. */
  shut(): void {
    this.#endedBy ??= 'local';
    this.writing.shut();
    this.notify();
  }

  shutdownWrite(options: WaitOptions | undefined): Promise<void> {
    this.#endedBy ??= 'local';
    const finished = this.writing.shutdown(options);
    this.notify();
    return finished;
  }

  /** Resets the connection; `how` and `error` are what `closed` reports. */
  abort(how: 'reset' | 'timeout' | 'aborted', error: unknown): void {
    if (this.#end !== undefined || this.#localEnd !== undefined) return;
    this.#localEnd = error === undefined ? { how } : { how, error };
    this.closeSides();
    this.#dropped = this.transport.unsent;
    this.transport.reset();
  }

  /** Something else carries the connection on: from now on reading and writing fail as after `close`; what is left is the end. */
  giveAway(): void {
    this.closeSides();
    this.isDisposed = false;
  }

  /** Sends what was accepted, for at most `linger` milliseconds, and closes the connection. */
  async close(linger: number): Promise<void> {
    if (this.#end === undefined && !this.isDisposed) {
      this.#endedBy ??= 'local';
      this.closeSides();
      this.transport.close();
      // `onClosed` may have come from inside that call.
      if (!this.isClosed) return this.#closeWithin(linger);
    } else if (this.#end !== undefined) this.closeSides();
    else await this.closed;
    const refill = this.budget.spend();
    if (refill !== undefined) await refill;
  }

  async #closeWithin(linger: number): Promise<void> {
    // With nothing unsent a FIN or `close_notify` may still have to wait: give it MIN_FIN_TIMEOUT, even with `linger: 0`.
    const limit = this.transport.unsent === 0 ? Math.max(linger, MIN_FIN_TIMEOUT) : linger;
    const timer = this.clock.setTimer(() => {
      this.abort('timeout', undefined);
    }, limit);
    const trace = beginTrace('close', this.clock.now());
    await this.closed;
    trace?.end();
    timer.cancel();
  }

  observe(observer: SourceObserver): void {
    this.#observers ??= new Observers();
    this.#observers.add(observer);
  }

  unobserve(observer: SourceObserver): void {
    this.#observers?.delete(observer);
  }

  /** Waits until one of the interests is met, and returns {@link readiness}. */
  ready(interest: Interest, options: WaitOptions | undefined): Promise<number> {
    try {
      checkInterest('ready', interest);
      checkWaitOptions('ready', options);
      if (this.isDisposed) throw closedError('ready');
    } catch (error) {
      return this.budget.fail(error);
    }
    const { readiness } = this;
    if ((readiness & interest) !== 0) return this.budget.pay(readiness);
    this.#ready ??= new WaiterList();
    const waiter = new ReadyWaiter(interest, this.clock, options);
    this.#ready.add(waiter);
    return waiter.promise;
  }

  notify(): void {
    if (this.#ready !== undefined && this.#ready.size > 0) this.#settleReady(this.#ready);
    if (this.#observers === undefined) return;
    this.#observers.notify();
  }

  statistics(): StreamStatistics {
    const waits: WaitInfo[] = [];
    const now = this.clock.now();
    this.reading.describe(now, waits);
    this.writing.describe(now, waits);
    this.#ready?.describe(now, waits);
    return Object.freeze({
      bytesRead: this.reading.bytesRead,
      bytesWritten: this.writing.bytesWritten,
      buffered: this.reading.buffered,
      unsent: this.#end === undefined ? this.transport.unsent : this.#end.unsent,
      waits: Object.freeze(waits),
    });
  }

  #settleReady(waiters: WaiterList<number>): void {
    const { readiness } = this;
    let next: ListedWaiter<number> | undefined;
    for (let waiter = waiters.first; waiter !== undefined; waiter = next) {
      next = waiter.next;
      if ((readiness & (waiter as ReadyWaiter).interest) !== 0) waiter.resolve(readiness);
    }
  }

  /** The connection is closed: ends both directions, with the error that broke it. */
  #endSides(error: IoError | undefined): void {
    const isWritten = error === undefined && this.writing.finish();
    // Skip building an error no one can observe (≈ 10 µs with its stack): most of the cost of a connection's end.
    if (isWritten && this.reading.isFinished) return;
    const broken =
      error ??
      new BrokenError('stream: the connection was closed', {
        code: 'ERR_CONNECTION_GONE',
        operation: 'stream',
      });
    this.reading.fail(broken);
    if (!isWritten) this.writing.fail(broken);
  }

  /** No call of a task succeeds from now on. */
  closeSides(): void {
    this.isDisposed = true;
    this.reading.close();
    this.writing.close();
    this.#ready?.rejectAll(closedError('ready'));
    this.notify();
  }

  #describeEnd(error: IoError | undefined): StreamEnd {
    const counts = {
      bytesRead: this.reading.bytesRead,
      bytesWritten: this.writing.bytesWritten,
      unsent: this.transport.dropped ?? Math.max(this.#dropped, this.transport.unsent),
    };
    if (this.#localEnd !== undefined) return { ...this.#localEnd, by: 'local', ...counts };
    if (error === undefined) {
      const by = this.#endedBy ?? 'local';
      return { how: by === 'peer' ? 'eof' : 'shutdown', by, ...counts };
    }
    return { how: HOW_BY_CODE.get(error.code) ?? 'error', by: 'peer', ...counts, error };
  }
}

const HOW_BY_CODE: ReadonlyMap<string, StreamEnd['how']> = new Map([
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  ['ECONNABORTED', 'reset'],
  ['ETIMEDOUT', 'timeout'],
]);
