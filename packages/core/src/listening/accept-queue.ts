/**
 * Connections that have arrived, and tasks that want one.
 *
 * The two meet here, under the bounds of `admission.ts`: a connection that is let in goes to the oldest task that waits,
 * or waits itself, untouched; one that is not let in is reset, or answered by the callback of the listener. Whoever
 * arrived is counted from here until it is gone, whichever way it went.
 */

import {
  Admission,
  peerOf,
  type AdmissionOptions,
  type Overflow,
  type OverflowHandler,
} from './admission.ts';
import { budgetOf } from '../waiting/budget.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { ClosedError } from '../vocabulary/errors.ts';
import { ReadyBits } from '../vocabulary/interest.ts';
import type { ListenerStatistics } from './listener.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import type { SourceObserver } from '../vocabulary/source.ts';
import {
  checkWaitOptions,
  ListedWaiter,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';

/** What a listener gives its queue. */
export interface AcceptQueueOptions<P, S extends ByteStream> {
  readonly clock: Clock;
  readonly admission: AdmissionOptions<S>;
  /** The IP address that a connection comes from; `undefined` where there is none. */
  readonly hostOf?: (pending: P) => string | undefined;
  /** Makes a stream of a connection, and calls `gone` once when it is gone; `undefined` when it has gone already. */
  readonly claim: (pending: P, gone: () => void) => S | undefined;
  /** Turns a connection away. */
  readonly refuse: (pending: P) => void;
}

/** A connection that waits, and the name under which its address is counted. */
interface Arrival<P> {
  readonly pending: P;
  readonly peer: string | undefined;
}

export class AcceptQueue<P, S extends ByteStream> {
  readonly #options: AcceptQueueOptions<P, S>;
  readonly #admission: Admission;
  readonly #arrivals: Arrival<P>[] = [];
  readonly #accepts = new WaiterList<S>();
  readonly #readable = new WaiterList<void>();
  readonly #observers = new Set<SourceObserver>();
  /** An accept error that the next `accept` gives. */
  #failure: Error | undefined;
  #isClosed = false;
  #accepted = 0;
  #open = 0;
  #refused = 0;
  /** Connections that `onOverflow` is answering. */
  #answering = 0;

  constructor(options: AcceptQueueOptions<P, S>) {
    this.#options = options;
    this.#admission = new Admission(options.admission);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  get readiness(): number {
    if (this.#isClosed) return ReadyBits.READABLE | ReadyBits.READ_CLOSED;
    if (this.#failure !== undefined) return ReadyBits.READABLE | ReadyBits.ERROR;
    return this.#canHandOut ? ReadyBits.READABLE : 0;
  }

  /** How many connections wait. */
  get pending(): number {
    return this.#arrivals.length;
  }

  /** How many connections more may arrive and wait. */
  get room(): number {
    return this.#admission.maxPending - this.#arrivals.length;
  }

  /** A connection arrived: it goes to the oldest task that waits, or waits itself, or is one too many. */
  admit(pending: P): void {
    if (this.#isClosed) {
      this.#options.refuse(pending);
      return;
    }
    const peer = this.#peerOf(pending);
    const overflow = this.#admission.overflow(this.#open, this.#arrivals.length, peer);
    if (overflow !== undefined) {
      this.#turnAway(pending, overflow);
      return;
    }
    this.#admission.enter(peer);
    this.#arrivals.push({ pending, peer });
    this.#serve();
  }

  /** A connection was turned away before it came here. */
  countRefusal(): void {
    this.#refused += 1;
  }

  /** Accepting failed; the next `accept` says so. */
  fail(error: Error): void {
    const wait = this.#accepts.first;
    if (wait === undefined) this.#failure = error;
    else wait.reject(error);
    this.#announce();
  }

  tryAccept(): S | WouldBlock {
    if (this.#isClosed) throw closedError('tryAccept');
    this.#throwFailure();
    return this.#next() ?? WOULD_BLOCK;
  }

  accept(options: WaitOptions | undefined): Promise<S> {
    const { clock } = this.#options;
    try {
      checkWaitOptions('accept', options);
      if (this.#isClosed) throw closedError('accept');
      this.#throwFailure();
      // Tasks that waited longer go first.
      const stream = this.#accepts.size === 0 ? this.#next() : undefined;
      if (stream !== undefined) return budgetOf(clock).pay(stream);
    } catch (error) {
      return Promise.reject(error);
    }
    const wait = new ListedWaiter<S>('accept', clock, options);
    this.#accepts.add(wait);
    return wait.promise;
  }

  readable(options: WaitOptions | undefined): Promise<void> {
    const { clock } = this.#options;
    try {
      checkWaitOptions('readable', options);
      if (this.#isClosed) throw closedError('readable');
      if (this.readiness !== 0) return budgetOf(clock).pay(undefined);
    } catch (error) {
      return Promise.reject(error);
    }
    const wait = new ListedWaiter<void>('readable', clock, options);
    this.#readable.add(wait);
    return wait.promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#accepts.rejectAll(closedError('accept'));
    this.#readable.rejectAll(closedError('readable'));
    for (const { pending, peer } of this.#arrivals) {
      this.#admission.leave(peer);
      this.#options.refuse(pending);
    }
    this.#arrivals.length = 0;
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
      pending: this.#arrivals.length,
      refused: this.#refused,
      answering: this.#answering,
      waits: Object.freeze(waits),
    });
  }

  get #canHandOut(): boolean {
    return this.#arrivals.length > 0 && this.#open < this.#admission.maxConnections;
  }

  #serve(): void {
    for (let wait = this.#accepts.first; wait !== undefined; wait = this.#accepts.first) {
      const stream = this.#next();
      if (stream === undefined) break;
      wait.resolve(stream);
    }
    if (this.#canHandOut) this.#announce();
  }

  #next(): S | undefined {
    while (this.#canHandOut) {
      const { pending, peer } = this.#arrivals.shift() as Arrival<P>;
      this.#open += 1;
      // Most listeners count no addresses, and then one function serves all of their connections.
      const gone = peer === undefined ? this.#onGone : (): void => this.#onGone(peer);
      const stream = this.#options.claim(pending, gone);
      if (stream === undefined) {
        this.#leave(peer);
        continue;
      }
      this.#accepted += 1;
      return stream;
    }
    return undefined;
  }

  readonly #onGone = (peer?: string): void => {
    this.#leave(peer);
    this.#serve();
  };

  #leave(peer: string | undefined): void {
    this.#open -= 1;
    this.#admission.leave(peer);
  }

  #peerOf(pending: P): string | undefined {
    if (!this.#admission.countsAddresses) return undefined;
    const host = this.#options.hostOf?.(pending);
    return host === undefined ? undefined : peerOf(host);
  }

  /** A connection is one too many: it is reset, or the callback gets it while that has not too many itself. */
  #turnAway(pending: P, overflow: Overflow): void {
    this.#refused += 1;
    const { onOverflow } = this.#options.admission;
    if (typeof onOverflow !== 'function' || this.#answering >= this.#admission.maxPending) {
      this.#options.refuse(pending);
      return;
    }
    this.#answering += 1;
    const gone = (): void => {
      this.#answering -= 1;
    };
    const stream = this.#options.claim(pending, gone);
    if (stream === undefined) gone();
    else void answer(stream, overflow, onOverflow);
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const failure = this.#failure;
    this.#failure = undefined;
    throw failure;
  }

  #announce(): void {
    if (!this.#isClosed) this.#readable.resolveAll();
    for (const observer of this.#observers) observer.onReadiness();
  }
}

/** Lets the callback answer, and closes; whatever it throws ends in the stream's `closed`, not in the process. */
async function answer<S extends ByteStream>(
  stream: S,
  overflow: Overflow,
  onOverflow: OverflowHandler<S>,
): Promise<void> {
  try {
    await onOverflow(stream, overflow);
    await stream.close();
  } catch (error) {
    stream.reset(error ?? new Error('onOverflow failed without a reason'));
  }
}

function closedError(operation: string): ClosedError {
  return new ClosedError(`${operation}: this listener was closed by this side`, {
    code: 'ERR_LISTENER_CLOSED',
    operation,
  });
}
