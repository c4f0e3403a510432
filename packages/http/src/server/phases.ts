/**
 * The phase of a connection: what it waits for, and the deadline of that wait.
 *
 * One deadline runs at a time. When it passes, the stream's reading or the stream is ended, which ends the wait; the
 * connection's loop then finds the reason in `expired`. A phase that another one interrupts (reading a body within a
 * handler's time, a write within either) continues with the time it had left.
 *
 * A client that takes its response slowly, but takes it, gets more time (`StallWatch`).
 */

import { TimeoutError, type Clock } from '@awaitio/core';
import {
  Deadline,
  timedOutOn,
  type DeadlineOwner,
  type DeadlineWheel,
  type WaitHolder,
} from '@awaitio/core/lowlevel';
import { StallWatch } from '../driver/stall-watch.ts';
import type { ServerDeadlines } from '../driver/deadlines.ts';
import type { Driver } from '../driver/driver.ts';
import { HandlerDeadline } from './handler-deadline.ts';
import type { ServerLimits } from './options.ts';
import { RateAllowance } from '../driver/rate-allowance.ts';

/** The times of a server. */
export interface PhaseSettings {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly deadlines: ServerDeadlines;
  readonly limits: Pick<ServerLimits, 'bodyMinRate' | 'writeMinRate'>;
  /** How long a connection may idle now, in milliseconds; less during a shutdown. */
  readonly idleTimeout: number;
}

/** What the connection waits for. */
export type Phase =
  | 'first-byte'
  | 'idle'
  | 'headers'
  | 'handler'
  | 'body'
  | 'write'
  /** The response is complete, and the client has not received all of it. */
  | 'flush'
  | 'linger';

/** The option behind each phase, as events name it; none where the deadline does not end the connection. */
const DEADLINE_OF: Readonly<Record<Phase, string | undefined>> = {
  'first-byte': 'firstByte',
  idle: 'idle',
  headers: 'headers',
  handler: undefined,
  body: 'bodyMinRate',
  write: 'writeStall',
  flush: 'writeStall',
  linger: undefined,
};

export class Phases implements DeadlineOwner {
  readonly #driver: Driver;
  readonly #settings: PhaseSettings;
  readonly #deadline: Deadline;
  #now: Phase = 'first-byte';
  #expired: Phase | undefined;
  #stallWatch: StallWatch | undefined;
  #handlerDeadline: HandlerDeadline | undefined;
  /** The deadline that the current request's handler set in place of the server's. */
  #handlerLimit: number | undefined;
  #bodyRate: RateAllowance | undefined;

  constructor(driver: Driver, settings: PhaseSettings) {
    this.#driver = driver;
    this.#settings = settings;
    this.#deadline = new Deadline(settings.wheel, this);
  }

  get now(): Phase {
    return this.#now;
  }

  /** The phase whose deadline passed, if one did. */
  get expired(): Phase | undefined {
    return this.#expired;
  }

  /** The option whose limit ended the connection. */
  get expiredDeadline(): string | undefined {
    return this.#expired === undefined ? undefined : DEADLINE_OF[this.#expired];
  }

  /** When its deadline passes, on the server's clock; `Infinity` for never. */
  get deadlineAt(): number {
    return this.#deadline.at;
  }

  /** Whether the connection is between requests; the client may still be receiving its last response. */
  get isBetween(): boolean {
    return this.#now === 'first-byte' || this.#now === 'idle' || this.#now === 'flush';
  }

  /** Whether no request has come yet: at most a part of its head. */
  get isBeforeRequest(): boolean {
    return this.isBetween || this.#now === 'headers';
  }

  /** Begins a phase. */
  wait(phase: Phase, milliseconds: number): void {
    if (this.#now === 'flush') this.#stallWatch?.end();
    this.#now = phase;
    this.#deadline.set(milliseconds);
  }

  /** Stops the deadline until the next phase. */
  clearDeadline(): void {
    this.#deadline.clear();
  }

  /** Ends the deadline for good. */
  end(): void {
    this.#deadline.remove();
  }

  // --- Handlers ------------------------------------------------------------------------------------------------

  /** A handler begins. */
  beginHandler(): void {
    this.#handlerLimit = undefined;
    this.wait('handler', this.#settings.deadlines.handler);
  }

  /** Sets the current handler's deadline, from now. */
  setHandlerDeadline(milliseconds: number): void {
    this.#handlerLimit = milliseconds;
    if (this.#now === 'handler') this.#deadline.set(milliseconds);
  }

  /** The handler's result, or the error of its deadline, whichever comes first. */
  withHandlerDeadline<T>(result: Promise<T> | T, task: WaitHolder | undefined): Promise<T> | T {
    if (this.#settings.deadlines.handler === Infinity && this.#handlerLimit === undefined) {
      return result;
    }
    this.#handlerDeadline = new HandlerDeadline(task);
    return this.#handlerDeadline.race(Promise.resolve(result));
  }

  // --- Bodies and writes ---------------------------------------------------------------------------------------

  /** Waits for more of a body, at no less than the minimum rate. */
  async readBody(): Promise<void> {
    const { deadlines, limits, clock } = this.#settings;
    const driver = this.#driver;
    const blocked = driver.flush();
    if (blocked !== undefined) await this.withWriteDeadline(blocked);
    this.#bodyRate ??= new RateAllowance(deadlines.bodyGrace, limits.bodyMinRate);
    const phase = this.#now;
    const left = this.#left;
    const rate = this.#bodyRate;
    this.wait('body', rate.left);
    const before = driver.bytesIn;
    const start = clock.now();
    if ((await driver.read()) === null) driver.connection.receiveEnd();
    rate.count(clock.now() - start, driver.bytesIn - before);
    if (this.#expired === 'body') throw new TimeoutError('body', deadlines.bodyGrace);
    this.wait(phase, left);
  }

  /** A request has ended: the next one's body gets a new allowance. */
  endRequest(): void {
    this.#bodyRate = undefined;
  }

  /** Waits for a write that found no room; a client that reads nothing for too long is reset. */
  async withWriteDeadline(blocked: Promise<void>): Promise<void> {
    const phase = this.#now;
    const left = this.#left;
    this.#waitForReading('write');
    try {
      await blocked;
    } finally {
      this.#stallWatch?.end();
    }
    if (phase === 'flush') this.#waitForReading(phase);
    else this.wait(phase, left);
  }

  /** Waits for the client to read what was written. */
  #waitForReading(phase: 'write' | 'flush'): void {
    const { clock, deadlines, limits } = this.#settings;
    this.#stallWatch ??= new StallWatch(this.#driver.stream, clock, {
      grace: deadlines.writeStall,
      minRate: limits.writeMinRate,
      window: deadlines.writeWindow,
    });
    this.wait(phase, deadlines.writeStall);
    this.#stallWatch.begin();
  }

  /** What the current phase has left, for when another phase interrupts it. */
  get #left(): number {
    const { at } = this.#deadline;
    return at === Infinity ? Infinity : at - this.#settings.clock.now();
  }

  // --- When time has passed ------------------------------------------------------------------------------------

  onDeadline(): void {
    const phase = this.#now;
    if (this.#isStillReading(phase)) return;
    // The response was sent: lingering is no reason that an event should name.
    if (phase !== 'linger') this.#expired = phase;
    switch (phase) {
      case 'handler':
        this.#handlerDeadline?.expire(this.#handlerLimit ?? this.#settings.deadlines.handler);
        break;
      case 'headers':
      case 'body':
        // Ends the pending read and drops what still arrives; a response can still be written.
        void this.#driver.stream.shutdown('read');
        break;
      case 'first-byte':
      case 'idle':
      case 'linger':
        void this.#driver.stream.close();
        break;
      case 'write':
      case 'flush':
        this.#driver.stream.reset(
          timedOutOn(this.#driver.stream, 'write', this.#stallWatch?.allowed ?? 0),
        );
        break;
    }
  }

  /** Gives more time to a client that reads its response, however slowly; whether it does. */
  #isStillReading(phase: Phase): boolean {
    const { deadlines, idleTimeout } = this.#settings;
    const hasUnsent = phase !== 'write' && this.#driver.stream.statistics().unsent > 0;
    if (phase === 'idle' && hasUnsent) {
      this.#waitForReading('flush');
      return true;
    }
    if (phase === 'flush' && !hasUnsent) {
      // The client has its response: the connection idles from now on.
      this.wait('idle', idleTimeout);
      return true;
    }
    if (phase !== 'write' && phase !== 'flush') return false;
    const left = this.#stallWatch?.left ?? 0;
    // Looked at again by then: the client may have begun to send.
    if (left > 0) this.#deadline.set(Math.min(left, deadlines.writeStall));
    return left > 0;
  }
}
