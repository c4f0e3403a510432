/**
 * The deadlines of one WebSocket, on one entry of the clock’s wheel.
 *
 * What a peer sends only moves deadlines to a later moment, so it writes a number; when the entry fires, it is set to what is
 * left. An earlier deadline (a pong is due, the close frame is out, a write waits) sets it at once.
 */

import type { ByteStream, Clock } from '@awaitio/core';
import { Deadline, DeadlineWheel, PerClock, type DeadlineOwner } from '@awaitio/core/lowlevel';
import { StallWatch } from '../driver/stall-watch.ts';
import type { WebSocketDeadlines } from './options.ts';

/** What is to be done when a deadline has passed. */
export interface WatchdogOwner {
  /** The peer was silent: send a ping. */
  onSilence(): void;
  /** No message has come or gone for long. */
  onIdle(): void;
  /** A deadline has passed that ends the connection. */
  onOverdue(name: 'pong' | 'close' | 'writeStall', limit: number): void;
}

/** One timer for all WebSockets of a clock. */
const wheels = new PerClock((clock) => new DeadlineWheel(clock));

export class Watchdog implements DeadlineOwner {
  readonly #clock: Clock;
  readonly #deadlines: WebSocketDeadlines;
  readonly #owner: WatchdogOwner;
  readonly #deadline: Deadline;
  readonly #stall: StallWatch;
  #heardAt: number;
  #messageAt: number;
  /** When a ping was sent that nothing has come after; -1 for none. */
  #pingAt = -1;
  #closingAt = -1;
  #isReading = true;
  #isBlocked = false;
  #isOver = false;

  constructor(
    stream: ByteStream,
    clock: Clock,
    deadlines: WebSocketDeadlines,
    minRate: number,
    owner: WatchdogOwner,
  ) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#owner = owner;
    this.#stall = new StallWatch(stream, clock, {
      grace: deadlines.writeStall,
      minRate,
      window: deadlines.writeWindow,
    });
    this.#heardAt = clock.now();
    this.#messageAt = this.#heardAt;
    this.#deadline = new Deadline(wheels.of(clock), this);
    this.#arm();
  }

  /** Bytes have come. */
  heard(): void {
    this.#heardAt = this.#clock.now();
    this.#pingAt = -1;
  }

  /** A message has come, or was sent. */
  message(): void {
    if (this.#deadlines.idle !== Infinity) this.#messageAt = this.#clock.now();
  }

  /** Whether the connection is read; while it is not, the peer’s silence means nothing. */
  set isReading(isReading: boolean) {
    if (isReading === this.#isReading) return;
    this.#isReading = isReading;
    if (!isReading || this.#isOver) return;
    this.heard();
    this.#arm();
  }

  /** Whether frames wait for the peer. */
  set isBlocked(isBlocked: boolean) {
    this.#isBlocked = isBlocked;
    if (this.#isOver) return;
    if (isBlocked) {
      this.#stall.begin();
    } else {
      this.#stall.end();
      // Its pong could not come while the ping waited.
      this.heard();
    }
    this.#arm();
  }

  /** This side’s close frame is out: nothing but the end is waited for. */
  closing(): void {
    if (this.#closingAt !== -1) return;
    this.#closingAt = this.#clock.now();
    this.#arm();
  }

  /** The deadline of the end begins anew. */
  closingAgain(): void {
    this.#closingAt = -1;
    this.closing();
  }

  end(): void {
    this.#isOver = true;
    this.#stall.end();
    this.#deadline.remove();
  }

  onDeadline(): void {
    const { pong, close, writeStall, ping, idle } = this.#deadlines;
    const now = this.#clock.now();
    if (this.#isBlocked && this.#stall.left <= 0) {
      this.#owner.onOverdue('writeStall', writeStall);
    } else if (this.#closingAt !== -1) {
      if (now >= this.#closingAt + close) this.#owner.onOverdue('close', close);
    } else if (this.#measuresSilence && this.#pingAt !== -1 && now >= this.#pingAt + pong) {
      this.#owner.onOverdue('pong', pong);
    } else if (now >= this.#messageAt + idle) {
      this.#messageAt = Infinity;
      this.#owner.onIdle();
    } else if (this.#measuresSilence && this.#pingAt === -1 && now >= this.#heardAt + ping) {
      this.#pingAt = now;
      this.#owner.onSilence();
    }
    this.#arm();
  }

  /** What is not read, or has not got its ping, is not silent. */
  get #measuresSilence(): boolean {
    return this.#isReading && !this.#isBlocked;
  }

  #arm(): void {
    if (!this.#isOver) this.#deadline.set(Math.max(0, this.#next() - this.#clock.now()));
  }

  /** When the next deadline may have passed. */
  #next(): number {
    const { pong, close, ping, idle } = this.#deadlines;
    const stall = this.#isBlocked ? this.#clock.now() + this.#stall.left : Infinity;
    if (this.#closingAt !== -1) return Math.min(stall, this.#closingAt + close);
    const silence = this.#pingAt === -1 ? this.#heardAt + ping : this.#pingAt + pong;
    return Math.min(stall, this.#messageAt + idle, this.#measuresSilence ? silence : Infinity);
  }
}
