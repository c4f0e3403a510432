/**
 * `Poll`: many sources, one wait, and a token that tells which of them is ready.
 *
 * The polling model of mio, over the same level-triggered sources as every wait of this package. An observer is only
 * notified that a source may be ready; so the set keeps those that may be ready apart from those that are known not to
 * be, and a poll looks at the former alone: its cost depends on how many are ready, not on how many are registered.
 *
 * Invariants: a registration that is ready for its interest is among the candidates; one that was examined and is not
 * ready is not, until its source notifies it. An event is the state when it was returned; a `try*` call after it may
 * still return `WOULD_BLOCK`, and a handler calls `try*` until it does, or gets the event again.
 */

import type { Clock } from '../vocabulary/clock.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { budgetOf } from '../waiting/budget.ts';
import { BusyError, ClosedError, invalidInput } from '../vocabulary/errors.ts';
import { callContained, containResult, stderrSink } from '../vocabulary/callbacks.ts';
import { checkInterest, checkMethods, checkOptions } from '../vocabulary/check.ts';
import { ReadyBits, type Interest } from '../vocabulary/interest.ts';
import {
  POLL_OPTIONS,
  Registration,
  type PollEvent,
  type PollOptions,
  type PollStatistics,
} from './registration.ts';
import type { Source, SourceObserver } from '../vocabulary/source.ts';
import {
  checkWaitOptions,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';

/** Reported whatever the interest is. */
const ALWAYS = ReadyBits.READ_CLOSED | ReadyBits.WRITE_CLOSED | ReadyBits.ERROR;
const DEFAULT_MAX_EVENTS = 1_024;

/**
 * A set of sources that one task waits for together.
 *
 * @typeParam Token - What identifies a source in its events: a number, an object, the connection itself.
 *
 * @example
 * ```ts
 * import { Interest, memoryPair, Poll } from '@awaitio/core';
 *
 * const [client, server] = memoryPair();
 * const poll = new Poll<string>();
 * poll.register(server, 'the server', Interest.READABLE);
 * client.tryWrite('hello');
 * for (const event of await poll.poll({ timeout: 1_000 })) {
 *   console.log(event.token, event.isReadable); // the server true
 * }
 * poll.close();
 * await client.close();
 * await server.close();
 * ```
 */
export class Poll<Token> {
  readonly #clock: Clock;
  readonly #maxEvents: number;
  readonly #registrations = new Map<Source, Registration<Token>>();
  /** In the order in which they are examined. */
  readonly #candidates = new Set<Registration<Token>>();
  readonly #waiters = new WaiterList<void>();
  #isPolling = false;
  #isWoken = false;
  #isClosed = false;

  constructor(options?: PollOptions) {
    if (options !== undefined) checkOptions('Poll', options, POLL_OPTIONS);
    const { clock = systemClock, maxEvents = DEFAULT_MAX_EVENTS } = options ?? {};
    this.#clock = clock;
    this.#maxEvents = maxEvents;
  }

  /** How many sources are registered. */
  get size(): number {
    return this.#registrations.size;
  }

  /**
   * Begins to watch a source. A source that is ready already is reported by the next `poll`.
   *
   * A source that this side closes is removed from the set, as a closed descriptor is from epoll's.
   *
   * @param interest - `Interest.READABLE`, `Interest.WRITABLE` or both, joined with `|`.
   * @throws `InvalidInputError` when the source is registered already, or the interest is wrong; `ClosedError` when the
   * set or the source was closed by this side.
   */
  register(source: Source, token: Token, interest: Interest): void {
    this.#check('register');
    checkMethods('register', 'source', source, ['observe', 'unobserve']);
    checkInterest('register', interest);
    if (this.#registrations.has(source)) {
      throw invalidInput(
        'register',
        'source',
        'one that is not registered yet (reregister changes its token and interest)',
        source,
      );
    }
    if (source.isDisposed) {
      throw new ClosedError('register: this source was closed by this side', {
        code: 'ERR_SOURCE_CLOSED',
        operation: 'register',
      });
    }
    const registration = new Registration(source, token, interest, this.#onMayBeReady);
    const returned: unknown = source.observe(registration);
    if (returned !== undefined) containResult('observe', returned, stderrSink);
    this.#registrations.set(source, registration);
    this.#onMayBeReady(registration);
  }

  /**
   * Changes the token and the interest of a source.
   *
   * @throws `InvalidInputError` when the source is not registered, or the interest is wrong; `ClosedError` when the set
   * was closed.
   */
  reregister(source: Source, token: Token, interest: Interest): void {
    this.#check('reregister');
    checkInterest('reregister', interest);
    const registration = this.#registrations.get(source);
    if (registration === undefined) {
      throw invalidInput('reregister', 'source', 'one that is registered', source);
    }
    registration.token = token;
    registration.interest = interest;
    this.#onMayBeReady(registration);
  }

  /**
   * Stops watching a source and drops its token; a source that is not registered, or was closed, is not an error.
   *
   * @returns Whether it was registered.
   */
  unregister(source: Source): boolean {
    const registration = this.#registrations.get(source);
    if (registration === undefined) return false;
    this.#forget(registration);
    return true;
  }

  /**
   * Waits until at least one source is ready, and returns an event for each that is.
   *
   * An empty set does not spin: the call waits until a source is registered and ready, or until it is cancelled.
   * Cancelling leaves the set as it was.
   *
   * @param options - `timeout` in milliseconds, 0 to check without waiting (default: no limit); `signal` cancels the
   * call.
   * @returns The events, at most `maxEvents`; none when the timeout passed or {@link Poll.wake} was called.
   * @throws `BusyError` when another task polls this set; `ClosedError` when the set is closed; `signal.reason`;
   * `InvalidInputError`.
   */
  async poll(options?: WaitOptions): Promise<PollEvent<Token>[]> {
    try {
      checkWaitOptions('poll', options);
      this.#check('poll');
      this.#checkIdle();
    } catch (error) {
      return budgetOf(this.#clock).fail(error);
    }
    this.#isPolling = true;
    try {
      return await this.#poll(options);
    } finally {
      this.#isPolling = false;
    }
  }

  /** Makes the pending `poll`, or else the next one, return at once; for another task that needs the polling task. */
  wake(): void {
    this.#isWoken = true;
    this.#waiters.resolveAll();
  }

  /** Drops every source, and fails a pending `poll` with `ClosedError`; the sources stay open. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const registration of this.#registrations.values()) this.#forget(registration);
    this.#waiters.resolveAll();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A frozen snapshot. */
  statistics(): PollStatistics {
    const waits: WaitInfo[] = [];
    this.#waiters.describe(this.#clock.now(), waits);
    return Object.freeze({
      registered: this.#registrations.size,
      candidates: this.#candidates.size,
      waits: Object.freeze(waits),
    });
  }

  async #poll(options: WaitOptions | undefined): Promise<PollEvent<Token>[]> {
    let isTimedOut = options?.timeout === 0;
    const alarm =
      isTimedOut || options?.timeout === undefined || options.timeout === Infinity
        ? undefined
        : this.#clock.setTimer(() => {
            isTimedOut = true;
            this.#waiters.resolveAll();
          }, options.timeout);
    try {
      for (;;) {
        const events = this.#collect();
        if (events.length > 0 || isTimedOut || this.#isWoken) {
          this.#isWoken = false;
          // A set that is always ready must yield to the event loop, as every call that does not wait.
          return await budgetOf(this.#clock).pay(events);
        }
        await this.#waiters.wait('poll', this.#clock, { signal: options?.signal });
        this.#check('poll');
      }
    } finally {
      alarm?.cancel();
    }
  }

  #collect(): PollEvent<Token>[] {
    const events: PollEvent<Token>[] = [];
    const reported: Registration<Token>[] = [];
    for (const registration of this.#candidates) {
      const { source, token, interest } = registration;
      if (source.isDisposed) {
        this.#forget(registration);
        continue;
      }
      const bits = source.readiness & (interest | ALWAYS);
      this.#candidates.delete(registration);
      if ((bits & (interest | ReadyBits.ERROR)) === 0) continue;
      reported.push(registration);
      events.push({
        token,
        isReadable: (bits & ReadyBits.READABLE) !== 0,
        isWritable: (bits & ReadyBits.WRITABLE) !== 0,
        isReadClosed: (bits & ReadyBits.READ_CLOSED) !== 0,
        isWriteClosed: (bits & ReadyBits.WRITE_CLOSED) !== 0,
        error: source.failure,
      });
      if (events.length === this.#maxEvents) break;
    }
    // Level-triggered: what was reported is examined again, after those that were not reached.
    for (const registration of reported) this.#candidates.add(registration);
    return events;
  }

  /** Called from inside a source: only records it, and drops one that this side has closed. */
  readonly #onMayBeReady = (registration: Registration<Token>): void => {
    // A source tells that this side closes it, too: it leaves the set at once, as a closed descriptor leaves epoll's.
    if (registration.source.isDisposed) this.#forget(registration);
    else this.#candidates.add(registration);
    this.#waiters.resolveAll();
  };

  #forget(registration: Registration<Token>): void {
    this.#registrations.delete(registration.source);
    this.#candidates.delete(registration);
    callContained('unobserve', unobserve, registration.source, registration, stderrSink);
  }

  #checkIdle(): void {
    if (!this.#isPolling) return;
    throw new BusyError('poll: another task polls this set; one task at a time may poll', {
      code: 'EBUSY',
      operation: 'poll',
    });
  }

  #check(operation: string): void {
    if (!this.#isClosed) return;
    throw new ClosedError(`${operation}: this poll set was closed by this side`, {
      code: 'ERR_POLL_CLOSED',
      operation,
    });
  }
}

function unobserve(source: Source, observer: SourceObserver): unknown {
  return source.unobserve(observer);
}
