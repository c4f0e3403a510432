/**
 * An event stream as the pieces of a body: its source's events, and heartbeats while the source is silent.
 *
 * An event is asked for only when the client has taken the one before. Timer and signals only wake `next`, which decides
 * from the state: so the source is called, and closed, in the context of the response, and never by two at once.
 *
 * Not a generator: `return` on one would wait for an event that may never come.
 */

import type { Clock, Timer } from '@awaitio/core';
import {
  AsyncScope,
  containResult,
  invalidInput,
  isThenable,
  stderrSink,
  watchAbort,
  type AbortRegistration,
} from '@awaitio/core/lowlevel';
import { OutgoingBody } from '../../message/outgoing-body.ts';
import { HEARTBEAT, writeEvent, writeRetry, type ServerSentEvent } from './write-event.ts';

type Events = AsyncIterable<ServerSentEvent | string> | Iterable<ServerSentEvent | string>;

/** Where events come from: an iterable, or a function that begins one where the client left off. */
export type EventsSource =
  | Events
  | ((lastEventId: string | undefined, options: { readonly signal: AbortSignal }) => Events);

/** What an event stream is made of. */
export interface EventPiecesInit {
  readonly source: EventsSource;
  /** What the client says that it has seen last. */
  readonly lastEventId: string | undefined;
  readonly clock: Clock;
  /** Silence after which a comment is sent, in milliseconds. */
  readonly heartbeat: number;
  /** The `retry` sent at the beginning; `undefined` for none. */
  readonly retry: number | undefined;
  /** The `retry` sent before the server's shutdown ends the stream. */
  readonly retryAtDrain: number;
  readonly clientSignal: AbortSignal | undefined;
  readonly drainSignal: AbortSignal | undefined;
}

type Result = Awaited<ReturnType<OutgoingBody['next']>>;

type Arrived = { readonly result: Result } | { readonly error: unknown };

/** The pieces of an event stream. One reader at a time. */
export class EventPieces implements AsyncIterableIterator<string> {
  readonly #init: EventPiecesInit;
  /** Of a source that is a function. */
  #controller: AbortController | undefined;
  readonly #registrations: AbortRegistration[] = [];
  #events: OutgoingBody | undefined;
  #hasBegun = false;
  #isWaiting = false;
  #arrived: Arrived | undefined;
  #isExhausted = false;
  #isClosed = false;
  #isClientGone = false;
  #isDraining = false;
  #isSilent = false;
  #timer: Timer | undefined;
  #wakeUp: (() => void) | undefined;

  constructor(init: EventPiecesInit) {
    this.#init = init;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    if (!this.#hasBegun && !this.#isClosed) {
      this.#begin();
      const { retry } = this.#init;
      if (retry !== undefined) return piece(`${writeRetry(retry)}\n`);
    }
    for (;;) {
      if (this.#isClosed) return DONE;
      if (this.#isClientGone) {
        this.#close();
        return DONE;
      }
      if (this.#isDraining) {
        this.#close();
        return piece(`${writeRetry(this.#init.retryAtDrain)}\n`);
      }
      if (this.#arrived !== undefined) return this.#deliver(this.#arrived);
      if (this.#isSilent) {
        this.#isSilent = false;
        return piece(HEARTBEAT);
      }
      if (!this.#isWaiting) this.#ask();
      if (this.#arrived === undefined) await this.#wait();
    }
  }

  /** Ends the stream, at once, whatever is under way: a `next` that waits is done, and the source is closed. */
  return(): Promise<IteratorResult<string, undefined>> {
    this.#close();
    return Promise.resolve(DONE);
  }

  #begin(): void {
    this.#hasBegun = true;
    const { clientSignal, drainSignal } = this.#init;
    this.#watch(clientSignal, () => {
      this.#isClientGone = true;
    });
    this.#watch(drainSignal, () => {
      this.#isDraining = true;
    });
  }

  #watch(signal: AbortSignal | undefined, note: () => void): void {
    if (signal === undefined) return;
    if (signal.aborted) {
      note();
      return;
    }
    const onAbort = (): void => {
      note();
      this.#wake();
    };
    this.#registrations.push(watchAbort(signal, { onAbort }));
  }

  /** Asks the source for its next event. */
  #ask(): void {
    this.#isWaiting = true;
    let next;
    try {
      next = (this.#events ??= this.#open()).next();
    } catch (error) {
      this.#arrived = { error };
      return;
    }
    const arrive = (result: Result): void => {
      this.#arrived = { result };
      this.#wake();
    };
    const fail = (error: unknown): void => {
      this.#arrived = { error };
      this.#wake();
    };
    if (!isThenable(next)) arrive(next as Result);
    // Not `next.then`: it may be a thenable of any kind.
    else new Promise<Result>((resolve) => resolve(next)).then(arrive, fail);
  }

  #open(): OutgoingBody {
    const { source, lastEventId } = this.#init;
    if (typeof source !== 'function') return bodyOf(source);
    this.#controller = new AbortController();
    const events = source(lastEventId, { signal: this.#controller.signal });
    if (isThenable(events)) {
      containResult('source', events, stderrSink);
      throw invalidInput('events', 'source()', 'an iterable of events, and no promise', events);
    }
    return bodyOf(events);
  }

  #deliver(arrived: Arrived): IteratorResult<string, undefined> {
    this.#arrived = undefined;
    this.#isWaiting = false;
    this.#isSilent = false;
    try {
      if ('error' in arrived) {
        this.#isExhausted = true;
        throw arrived.error;
      }
      const { done, value } = (this.#events as OutgoingBody).check(arrived.result);
      if (done !== true) return piece(writeEvent(value));
    } catch (error) {
      this.#close();
      throw error;
    }
    this.#close();
    return DONE;
  }

  async #wait(): Promise<void> {
    const { clock, heartbeat } = this.#init;
    if (heartbeat !== Infinity) {
      this.#timer = clock.setTimer(() => {
        this.#isSilent = true;
        this.#wake();
      }, heartbeat);
    }
    await new Promise<void>((resolve) => (this.#wakeUp = resolve));
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #wake = (): void => {
    this.#wakeUp?.();
  };

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const registration of this.#registrations) registration.remove();
    this.#timer?.cancel();
    this.#wake();
    this.#controller?.abort();
    if (!this.#isExhausted) this.#closeSource();
  }

  #closeSource(): void {
    // A function that was not called has begun nothing.
    if (this.#events === undefined && typeof this.#init.source === 'function') return;
    try {
      (this.#events ??= this.#open()).end(undefined);
    } catch {
      // What cannot be begun has nothing to end.
    }
  }
}

/** Its events are no pieces; only {@link OutgoingBody.take} would mind. */
function bodyOf(events: Events): OutgoingBody {
  return new OutgoingBody(events as AsyncIterable<string>, new AsyncScope());
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

function piece(value: string): IteratorYieldResult<string> {
  return { done: false, value };
}
