/**
 * What a connection waits for now, and how long it may.
 *
 * One deadline runs at a time. When it passes, the wait is ended by ending the stream's reading, or the stream, and the
 * connection's loop finds out why by looking at `expired`. A phase that another one puts off (a body that is read within
 * a handler's time, a write within either) gets what was left of its time back.
 *
 * A client that takes its answer slowly, but takes it, is given more time: only a stall counts (`StallWatch`).
 */

import { TimeoutError } from '@awaitio/core';
import { Deadline, type DeadlineOwner } from '@awaitio/core/lowlevel';
import { RateAllowance } from '../driver/deadlines.ts';
import { StallWatch } from '../driver/stall-watch.ts';
import type { Driver } from '../driver/driver.ts';
import { HandlerDeadline } from './exchange.ts';
import type { ServerRuntime } from './runtime.ts';

/** What the connection waits for. */
export type Phase =
  | 'first-byte'
  | 'idle'
  | 'headers'
  | 'handler'
  | 'body'
  | 'write'
  /** The answer is made, and the client has not taken all of it yet. */
  | 'flush'
  | 'linger';

/** The deadlines by the names that `ServerDeadlines` gives them; lingering ends nothing that has not ended. */
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
  readonly #runtime: ServerRuntime;
  readonly #deadline: Deadline;
  #now: Phase = 'first-byte';
  #expired: Phase | undefined;
  #stallWatch: StallWatch | undefined;
  #handlerDeadline: HandlerDeadline | undefined;
  /** What the present request's handler asked for instead of the server's deadline. */
  #handlerLimit: number | undefined;
  #bodyRate: RateAllowance | undefined;

  constructor(driver: Driver, runtime: ServerRuntime) {
    this.#driver = driver;
    this.#runtime = runtime;
    this.#deadline = new Deadline(runtime.wheel, this);
  }

  get now(): Phase {
    return this.#now;
  }

  /** The phase whose time passed, if one did. */
  get expired(): Phase | undefined {
    return this.#expired;
  }

  /** The deadline that ended the connection, by its name in `ServerDeadlines`. */
  get expiredDeadline(): string | undefined {
    return this.#expired === undefined ? undefined : DEADLINE_OF[this.#expired];
  }

  /** Whether nothing of a request or an answer is waited for, but that the client takes its last one. */
  get isBetween(): boolean {
    return this.#now === 'first-byte' || this.#now === 'idle' || this.#now === 'flush';
  }

  /** Begins a phase. */
  wait(phase: Phase, milliseconds: number): void {
    this.#now = phase;
    this.#deadline.set(milliseconds);
  }

  /** Nothing is bounded for now. */
  clearDeadline(): void {
    this.#deadline.clear();
  }

  /** Nothing will be waited for any more. */
  end(): void {
    this.#deadline.remove();
  }

  // --- Handlers ------------------------------------------------------------------------------------------------

  /** A handler begins. */
  beginHandler(): void {
    this.#handlerLimit = undefined;
    this.wait('handler', this.#runtime.deadlines.handler);
  }

  /** The handler asks for a deadline of its own. */
  setHandlerDeadline(milliseconds: number): void {
    this.#handlerLimit = milliseconds;
    if (this.#now === 'handler') this.#deadline.set(milliseconds);
  }

  /** The handler's result, or the error of its deadline. */
  withHandlerDeadline<T>(result: Promise<T> | T): Promise<T> | T {
    if (this.#runtime.deadlines.handler === Infinity && this.#handlerLimit === undefined) {
      return result;
    }
    this.#handlerDeadline = new HandlerDeadline();
    return this.#handlerDeadline.guard(Promise.resolve(result));
  }

  // --- Bodies and writes ---------------------------------------------------------------------------------------

  /** Waits for more of a body, at no less than the minimum rate. */
  async readBody(): Promise<void> {
    const { deadlines, clock } = this.#runtime;
    const driver = this.#driver;
    const blocked = driver.flush();
    if (blocked !== undefined) await this.withWriteDeadline(blocked);
    this.#bodyRate ??= new RateAllowance(deadlines.bodyGrace, deadlines.bodyMinRate);
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

  /** A request is over: the next one's body has an allowance of its own. */
  endRequest(): void {
    this.#bodyRate = undefined;
  }

  /** Waits for a write that found no room; a peer that takes nothing for too long is cut. */
  async withWriteDeadline(blocked: Promise<void>): Promise<void> {
    const phase = this.#now;
    const left = this.#left;
    this.#waitForTaking('write');
    try {
      await blocked;
    } finally {
      this.#stallWatch?.end();
    }
    this.wait(phase, left);
  }

  /** Waits for the peer to take what was written. */
  #waitForTaking(phase: 'write' | 'flush'): void {
    this.#stallWatch ??= new StallWatch(this.#driver.stream, this.#runtime.clock);
    this.#stallWatch.begin();
    this.wait(phase, this.#runtime.deadlines.writeStall);
  }

  /** How long the present phase may go on, for a phase that another one puts off. */
  get #left(): number {
    const { at } = this.#deadline;
    return at === Infinity ? Infinity : at - this.#runtime.clock.now();
  }

  // --- When time has passed ------------------------------------------------------------------------------------

  onDeadline(): void {
    const phase = this.#now;
    if (this.#isStillTaking(phase)) return;
    // The last wait ends nothing that has not ended before.
    if (phase !== 'linger') this.#expired = phase;
    switch (phase) {
      case 'handler':
        this.#handlerDeadline?.expire(this.#handlerLimit ?? this.#runtime.deadlines.handler);
        break;
      case 'headers':
      case 'body':
        // The read that waits ends, and what still comes is dropped; writing an answer goes on.
        void this.#driver.stream.shutdown('read');
        break;
      case 'first-byte':
      case 'idle':
      case 'linger':
        void this.#driver.stream.close();
        break;
      case 'write':
      case 'flush':
        this.#driver.stream.reset(new TimeoutError('write', this.#runtime.deadlines.writeStall));
        break;
    }
  }

  /** Gives a client that takes its answer, however slowly, more time; whether it does. */
  #isStillTaking(phase: Phase): boolean {
    const { deadlines, idleTimeout } = this.#runtime;
    const hasUnsent = phase !== 'write' && this.#driver.stream.statistics().unsent > 0;
    if (phase === 'idle' && hasUnsent) {
      this.#waitForTaking('flush');
      return true;
    }
    if (phase === 'flush' && !hasUnsent) {
      // Only now the client has its answer, and the connection idles.
      this.#stallWatch?.end();
      this.wait('idle', idleTimeout);
      return true;
    }
    if (phase !== 'write' && phase !== 'flush') return false;
    const left = this.#stallWatch?.left(deadlines.writeStall) ?? 0;
    if (left > 0) this.#deadline.set(left);
    return left > 0;
  }
}
