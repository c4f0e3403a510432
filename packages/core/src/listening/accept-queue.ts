/**
 * Matches incoming connections with the tasks that accept them.
 *
 * Under the limits of `admission.ts`, an admitted connection goes to the oldest pending `accept`, or is queued unread;
 * one above a limit is reset, or passed to the `onOverflow` callback. Every connection is counted from here until it
 * closes, whichever way it went.
 */

import { Admission, peerOf, type AdmissionOptions } from './admission.ts';
import { OverflowAnswers, type Claim } from './overflow-answers.ts';
import { closedError } from './closed-error.ts';
import { budgetOf } from '../waiting/budget.ts';
import { deferred, type Deferred } from '../waiting/deferred.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { ReadyBits } from '../vocabulary/interest.ts';
import type { ListenerStatistics } from './listener.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import { StandingAccept, type Accepts, type Taker } from './standing-accept.ts';
import { Observers, type SourceObserver } from '../vocabulary/source.ts';
import {
  checkWaitOptions,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';

/** What a listener passes to its queue. */
export interface AcceptQueueOptions<P, S extends ByteStream> {
  readonly clock: Clock;
  readonly admission: AdmissionOptions<S>;
  /** The IP address that a connection comes from; `undefined` on carriers without one. */
  readonly hostOf?: (pending: P) => string | undefined;
  readonly claim: Claim<P, S>;
  /** Refuses a connection: resets it. */
  readonly refuse: (pending: P) => void;
}

/** A connection that waits to be accepted, and the key under which its address is counted. */
interface QueuedConnection<P> {
  readonly pending: P;
  readonly peer: string | undefined;
}

export class AcceptQueue<P, S extends ByteStream> {
  readonly #options: AcceptQueueOptions<P, S>;
  readonly #admission: Admission;
  readonly #queue: QueuedConnection<P>[] = [];
  readonly #accepts: Accepts<S> = new WaiterList();
  readonly #readable = new WaiterList<void>();
  readonly #observers = new Observers();
  readonly #answers: OverflowAnswers<P, S>;
  /** An accept error that the next `accept` fails with. */
  #failure: Error | undefined;
  #isClosed = false;
  #accepted = 0;
  #open = 0;
  #refused = 0;
  /** Set when nothing more is admitted: resolves when the queue is closed. */
  #drained: Deferred<void> | undefined;

  constructor(options: AcceptQueueOptions<P, S>) {
    this.#options = options;
    this.#admission = new Admission(options.admission);
    const { maxPending } = this.#admission;
    this.#answers = new OverflowAnswers(options.claim, options.admission.onOverflow, maxPending);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether nothing more is admitted. */
  get isShut(): boolean {
    return this.#isClosed || this.#drained !== undefined;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get readiness(): number {
    if (this.#isClosed) return ReadyBits.READABLE | ReadyBits.READ_CLOSED;
    if (this.#failure !== undefined) return ReadyBits.READABLE | ReadyBits.ERROR;
    return this.#hasNext ? ReadyBits.READABLE : 0;
  }

  /** How many connections wait to be accepted. */
  get pending(): number {
    return this.#queue.length;
  }

  /** How many more connections may wait to be accepted. */
  get room(): number {
    return this.#admission.maxPending - this.#queue.length;
  }

  /** A connection arrived: it goes to the oldest pending `accept`, is queued, or is above a limit. */
  admit(pending: P): void {
    if (this.isShut) {
      this.#options.refuse(pending);
      return;
    }
    const peer = this.#peerOf(pending);
    const overflow = this.#admission.overflow(this.#open, this.#queue.length, peer);
    if (overflow !== undefined) {
      this.#refused += 1;
      if (!this.#answers.take(pending, overflow)) this.#options.refuse(pending);
      return;
    }
    this.#admission.acquire(peer);
    this.#queue.push({ pending, peer });
    this.#serve();
  }

  /** A connection was refused before it reached the queue. */
  countRefusal(): void {
    this.#refused += 1;
  }

  /** Accepting failed: the oldest pending `accept`, or else the next one, fails with the error. */
  fail(error: Error): void {
    const waiter = this.#accepts.first;
    if (waiter === undefined) this.#failure = error;
    else waiter.reject(error);
    this.#announce();
  }

  tryAccept(): S | WouldBlock {
    if (this.#isClosed) throw closedError('tryAccept');
    this.#throwFailure();
    const stream = this.#next();
    this.#closeIfDrained();
    return stream ?? WOULD_BLOCK;
  }

  accept(options: WaitOptions | undefined): Promise<S> {
    const { clock } = this.#options;
    try {
      checkWaitOptions('accept', options);
      if (this.#isClosed) throw closedError('accept');
      this.#throwFailure();
      // Pending calls go first.
      const stream = this.#accepts.size === 0 ? this.#next() : undefined;
      this.#closeIfDrained();
      if (stream !== undefined) return budgetOf(clock).pay(stream);
      // Of what was admitted before a drain, the rest had ended.
      if (this.#isClosed) throw closedError('accept');
    } catch (error) {
      return budgetOf(clock).fail(error);
    }
    return this.#accepts.wait('accept', clock, options) as Promise<S>;
  }

  /**
   * Hands each connection over when it arrives, without a promise of it, until one arrives and there is no room for it: that one stays.
   * Calls of `accept` take turns with it.
   */
  acceptEach(taker: Taker<S>, options: WaitOptions | undefined): Promise<void> {
    const { clock } = this.#options;
    try {
      checkWaitOptions('accept', options);
      if (this.#isClosed) throw closedError('accept');
      this.#throwFailure();
    } catch (error) {
      return budgetOf(clock).fail(error);
    }
    const waiter = new StandingAccept<S>('accept', clock, options);
    waiter.taker = taker;
    this.#accepts.add(waiter);
    this.#serve();
    return waiter.promise as Promise<unknown> as Promise<void>;
  }

  readable(options: WaitOptions | undefined): Promise<void> {
    const { clock } = this.#options;
    try {
      checkWaitOptions('readable', options);
      if (this.#isClosed) throw closedError('readable');
      if (this.readiness !== 0) return budgetOf(clock).pay(undefined);
    } catch (error) {
      return budgetOf(clock).fail(error);
    }
    return this.#readable.wait('readable', clock, options);
  }

  /** The promise of a call with nothing left to wait for. */
  settled(): Promise<void> {
    return budgetOf(this.#options.clock).pay(undefined);
  }

  /** Admits nothing more; closes when all that was admitted is handed out, which the promise tells. */
  drain(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#drained ??= deferred<void>();
    this.#closeIfDrained();
    return this.#drained.promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#drained?.resolve();
    this.#accepts.rejectAll(closedError('accept'));
    this.#readable.rejectAll(closedError('readable'));
    for (const { pending, peer } of this.#queue) {
      this.#admission.release(peer);
      this.#options.refuse(pending);
    }
    this.#queue.length = 0;
    this.#announce();
  }

  observe(observer: SourceObserver): void {
    this.#observers.add(observer);
  }

  unobserve(observer: SourceObserver): void {
    this.#observers.delete(observer);
  }

  statistics(): ListenerStatistics {
    const waits: WaitInfo[] = [];
    const now = this.#options.clock.now();
    this.#accepts.describe(now, waits);
    this.#readable.describe(now, waits);
    return Object.freeze({
      accepted: this.#accepted,
      open: this.#open,
      pending: this.#queue.length,
      refused: this.#refused,
      answering: this.#answers.count,
      waits: Object.freeze(waits),
    });
  }

  get #hasNext(): boolean {
    return this.#queue.length > 0 && this.#open < this.#admission.maxConnections;
  }

  #serve(): void {
    for (let waiter = this.#accepts.first; waiter !== undefined; waiter = this.#accepts.first) {
      if (!this.#hasNext) break;
      if (waiter instanceof StandingAccept) waiter.serve(this.#accepts, this.#take);
      else {
        const stream = this.#next();
        if (stream === undefined) break;
        waiter.resolve(stream);
      }
    }
    this.#closeIfDrained();
    if (this.#hasNext) this.#announce();
  }

  #next(): S | undefined {
    while (this.#hasNext) {
      const { pending, peer } = this.#queue.shift() as QueuedConnection<P>;
      this.#open += 1;
      // Most listeners count no addresses: then all of their connections share one function.
      const closed = peer === undefined ? this.#onClosed : (): void => this.#onClosed(peer);
      const stream = this.#options.claim(pending, closed);
      if (stream === undefined) {
        this.#release(peer);
        continue;
      }
      this.#accepted += 1;
      return stream;
    }
    return undefined;
  }

  readonly #take = (): S | undefined => this.#next();

  readonly #onClosed = (peer?: string): void => {
    this.#release(peer);
    this.#serve();
  };

  #release(peer: string | undefined): void {
    this.#open -= 1;
    this.#admission.release(peer);
  }

  #peerOf(pending: P): string | undefined {
    if (!this.#admission.countsAddresses) return undefined;
    const host = this.#options.hostOf?.(pending);
    return host === undefined ? undefined : peerOf(host);
  }

  #closeIfDrained(): void {
    if (this.#drained !== undefined && this.#queue.length === 0) this.close();
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const failure = this.#failure;
    this.#failure = undefined;
    throw failure;
  }

  #announce(): void {
    if (!this.#isClosed) this.#readable.resolveAll();
    this.#observers.notify();
  }
}
