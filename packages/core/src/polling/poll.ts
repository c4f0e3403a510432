/**
 * `Poll`: many sources, one wait, and a token that says which of them is ready.
 *
 * The polling model of mio, over the same level-triggered sources as every future of this package. A source's observer
 * only says "look again"; so the set keeps those that may be ready apart from those that are known not to be, and a turn
 * looks at the former alone: what a turn costs depends on how many are ready, not on how many are registered.
 *
 * Invariants: a registration that is ready for what it asks is among the candidates; one that was looked at and found
 * wanting is not, until its source speaks. An event says how things stand when it is given; a `try*` call after it may
 * still would-block, and whoever handles an event calls `try*` until it does, or gets the event again.
 */

import type { Clock } from '../vocabulary/clock.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { budgetOf } from '../waiting/budget.ts';
import { BusyError, ClosedError, invalidInput } from '../vocabulary/errors.ts';
import { Interest, ReadyBits } from '../vocabulary/interest.ts';
import {
  Registration,
  type PollEvent,
  type PollOptions,
  type PollStatistics,
} from './registration.ts';
import type { Source } from '../vocabulary/source.ts';
import {
  checkWaitOptions,
  ListedWaiter,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
} from '../waiting/waiter.ts';

/** Told whatever the interest is. */
const ALWAYS = ReadyBits.READ_CLOSED | ReadyBits.WRITE_CLOSED | ReadyBits.ERROR;
const DEFAULT_MAX_EVENTS = 1_024;

/**
 * A set of sources that one task waits for together.
 *
 * @typeParam Token - What names a source in its events: a number, an object, the connection itself.
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
  /** In the order in which they are looked at. */
  readonly #candidates = new Set<Registration<Token>>();
  readonly #waits = new WaiterList<void>();
  #isPolling = false;
  #isWoken = false;
  #isClosed = false;

  constructor(options?: PollOptions) {
    const { clock = systemClock, maxEvents = DEFAULT_MAX_EVENTS } = options ?? {};
    if (!Number.isInteger(maxEvents) || maxEvents < 1) {
      throw invalidInput('Poll', 'maxEvents', 'a whole number from 1', maxEvents);
    }
    this.#clock = clock;
    this.#maxEvents = maxEvents;
  }

  /** How many sources are registered. */
  get size(): number {
    return this.#registrations.size;
  }

  /**
   * Begins to watch a source. Also a source that is ready already is told in the next turn.
   *
   * A source that this side closes leaves the set by itself, as a closed descriptor leaves epoll's.
   *
   * @param interest - `Interest.READABLE`, `Interest.WRITABLE` or both, joined with `|`.
   * @throws `InvalidInputError` when the source is registered already, or the interest is none; `ClosedError` when the
   * set or the source was closed by this side.
   */
  register(source: Source, token: Token, interest: Interest): void {
    this.#check('register');
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
    this.#registrations.set(source, registration);
    source.observe(registration);
    this.#onMayBeReady(registration);
  }

  /**
   * Changes the token and the interest of a source.
   *
   * @throws `InvalidInputError` when the source is not registered, or the interest is none; `ClosedError` when the set
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
   * Stops watching a source and forgets its token; a source that is not there, or closed long ago, is no error.
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
   * Waits until at least one source is ready, and tells all that are.
   *
   * An empty set does not spin: the call waits until something is registered and ready, or until it is given up.
   *
   * @param options - `timeout` in milliseconds, 0 to look without waiting; `signal`.
   * @returns The events, at most `maxEvents`; none when the timeout passed or {@link Poll.wake} was called.
   * @throws `BusyError` when another task polls this set; `ClosedError` when the set is closed; `signal.reason`. A call
   * given up leaves the set as it was.
   */
  async poll(options?: WaitOptions): Promise<PollEvent<Token>[]> {
    checkWaitOptions('poll', options);
    this.#check('poll');
    if (this.#isPolling) {
      throw new BusyError('poll: another task polls this set; one task at a time may', {
        code: 'EBUSY',
        operation: 'poll',
      });
    }
    this.#isPolling = true;
    try {
      return await this.#poll(options);
    } finally {
      this.#isPolling = false;
    }
  }

  /** Lets the `poll` that waits, or else the next one, return at once; for another task that wants its attention. */
  wake(): void {
    this.#isWoken = true;
    this.#waits.resolveAll();
  }

  /** Forgets every source, and ends a `poll` that waits with `ClosedError`; the sources stay open. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const registration of this.#registrations.values()) this.#forget(registration);
    this.#waits.resolveAll();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A frozen snapshot. */
  statistics(): PollStatistics {
    const waits: WaitInfo[] = [];
    this.#waits.describe(this.#clock.now(), waits);
    return Object.freeze({
      registered: this.#registrations.size,
      candidates: this.#candidates.size,
      waits: Object.freeze(waits),
    });
  }

  async #poll(options: WaitOptions | undefined): Promise<PollEvent<Token>[]> {
    let isLate = options?.timeout === 0;
    const alarm =
      isLate || options?.timeout === undefined || options.timeout === Infinity
        ? undefined
        : this.#clock.setTimer(() => {
            isLate = true;
            this.#waits.resolveAll();
          }, options.timeout);
    try {
      for (;;) {
        const events = this.#collect();
        if (events.length > 0 || isLate || this.#isWoken) {
          this.#isWoken = false;
          // A set that is always ready must let the loop turn as every other ready call does.
          return await budgetOf(this.#clock).pay(events);
        }
        const wait = new ListedWaiter<void>('poll', this.#clock, { signal: options?.signal });
        this.#waits.add(wait);
        await wait.promise;
        this.#check('poll');
      }
    } finally {
      alarm?.cancel();
    }
  }

  #collect(): PollEvent<Token>[] {
    const events: PollEvent<Token>[] = [];
    const told: Registration<Token>[] = [];
    for (const registration of this.#candidates) {
      const { source, token, interest } = registration;
      if (source.isDisposed) {
        this.#forget(registration);
        continue;
      }
      const bits = source.readiness & (interest | ALWAYS);
      this.#candidates.delete(registration);
      if ((bits & (interest | ReadyBits.ERROR)) === 0) continue;
      told.push(registration);
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
    // Level-triggered: what was told is looked at again, after those that were not reached.
    for (const registration of told) this.#candidates.add(registration);
    return events;
  }

  /** Called from inside a source: only takes note. */
  readonly #onMayBeReady = (registration: Registration<Token>): void => {
    this.#candidates.add(registration);
    this.#waits.resolveAll();
  };

  #forget(registration: Registration<Token>): void {
    registration.source.unobserve(registration);
    this.#registrations.delete(registration.source);
    this.#candidates.delete(registration);
  }

  #check(operation: string): void {
    if (!this.#isClosed) return;
    throw new ClosedError(`${operation}: this poll set was closed by this side`, {
      code: 'ERR_POLL_CLOSED',
      operation,
    });
  }
}

function checkInterest(operation: string, interest: Interest): void {
  if (Number.isInteger(interest) && interest >= 1 && interest <= 3) return;
  throw invalidInput(
    operation,
    'interest',
    `Interest.READABLE (${Interest.READABLE}), Interest.WRITABLE (${Interest.WRITABLE}) or both`,
    interest,
  );
}
