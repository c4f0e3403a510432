/**
 * Connections that have arrived, and tasks that want one.
 *
 * The two meet here under two bounds. `maxConnections` limits how many streams may be open at a time: at the bound
 * nothing is handed out, and what arrives waits. `maxPending` limits how many may wait; what arrives above it is turned
 * away by the owner. Node cannot stop the kernel from accepting, so this queue is where admission is decided: until it
 * is handed out, a connection costs a descriptor and no byte of its data is read.
 */

import { budgetOf } from './budget.ts';
import type { Clock } from './clock.ts';
import { ClosedError } from './errors.ts';
import { ReadyBits } from './interest.ts';
import type { ListenerStatistics } from './listener.ts';
import { WOULD_BLOCK, type WouldBlock } from './outcome.ts';
import type { SourceObserver } from './source.ts';
import { checkWaitOptions, Wait, WaitList, type WaitInfo, type WaitOptions } from './waiters.ts';

/** What a listener gives its queue. */
export interface AcceptQueueOptions<P, S> {
  readonly clock: Clock;
  /** The most streams open at a time. */
  readonly maxConnections: number;
  /** The most connections that may wait. */
  readonly maxPending: number;
  /** Makes a stream of a waiting connection; `undefined` when it has gone away meanwhile. */
  readonly claim: (pending: P) => S | undefined;
  /** Turns a waiting connection away when the listener closes. */
  readonly refuse: (pending: P) => void;
}

export class AcceptQueue<P, S> {
  readonly #options: AcceptQueueOptions<P, S>;
  readonly #pending: P[] = [];
  readonly #accepts = new WaitList<S>();
  readonly #readable = new WaitList<void>();
  readonly #observers = new Set<SourceObserver>();
  /** An accept error that the next `accept` gives. */
  #failure: unknown;
  #isClosed = false;
  #accepted = 0;
  #open = 0;
  #refused = 0;

  constructor(options: AcceptQueueOptions<P, S>) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#pending.length >= this.#options.maxPending;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get failure(): unknown {
    return this.#failure;
  }

  get readiness(): number {
    if (this.#isClosed) return ReadyBits.READABLE | ReadyBits.READ_CLOSED;
    if (this.#failure !== undefined) return ReadyBits.READABLE | ReadyBits.ERROR;
    return this.#canHandOut ? ReadyBits.READABLE : 0;
  }

  /** A connection arrived: it goes to the oldest task that waits, or waits itself. */
  push(pending: P): void {
    this.#pending.push(pending);
    this.#serve();
  }

  /** A connection was turned away. */
  countRefusal(): void {
    this.#refused += 1;
  }

  /** Accepting failed; the next `accept` says so. */
  fail(error: unknown): void {
    const wait = this.#accepts.first;
    if (wait === undefined) this.#failure = error;
    else wait.reject(error);
    this.#announce();
  }

  /** A stream that was handed out is gone. */
  release(): void {
    this.#open -= 1;
    this.#serve();
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
    const wait = new Wait<S>('accept', clock, options);
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
    const wait = new Wait<void>('readable', clock, options);
    this.#readable.add(wait);
    return wait.promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#accepts.rejectAll(closedError('accept'));
    this.#readable.rejectAll(closedError('readable'));
    for (const pending of this.#pending) this.#options.refuse(pending);
    this.#pending.length = 0;
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
      pending: this.#pending.length,
      refused: this.#refused,
      waits: Object.freeze(waits),
    });
  }

  get #canHandOut(): boolean {
    return this.#pending.length > 0 && this.#open < this.#options.maxConnections;
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
      const stream = this.#options.claim(this.#pending.shift() as P);
      if (stream === undefined) continue;
      this.#accepted += 1;
      this.#open += 1;
      return stream;
    }
    return undefined;
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

function closedError(operation: string): ClosedError {
  return new ClosedError(`${operation}: this listener was closed by this side`, {
    code: 'ERR_LISTENER_CLOSED',
    operation,
  });
}
