/**
 * The last seconds of a process, in bounded memory: what happened, and a few numbers for each look.
 *
 * A recording holds no more than the page shows. It is read again by the page, and as a trace by Perfetto.
 */

import type { Clock } from '@awaitio/core';
import type { Inspection } from './model.ts';

/** Something that happened, at a moment on the inspector's clock. */
export type RecordedEvent =
  | {
      readonly type: 'request';
      readonly at: number;
      readonly duration: number;
      readonly lane: string;
      readonly method: string;
      readonly path: string;
      readonly status: number;
      readonly isComplete: boolean;
    }
  | {
      readonly type: 'connection';
      readonly at: number;
      readonly duration: number;
      readonly lane: string;
      readonly reason: string;
    }
  | {
      readonly type: 'refused';
      readonly at: number;
      readonly lane: string;
      readonly cause: string;
      readonly status: number;
    }
  | {
      readonly type: 'numbers';
      readonly at: number;
      readonly sockets: number;
      readonly requests: number;
      readonly tasks: number;
      readonly loopDelay: number;
    };

/** The file that a recorder saves. */
export interface Recording {
  readonly format: 'awaitio-recording';
  readonly version: 1;
  /** The state at its end. */
  readonly inspection: Inspection;
  /** Requests that ended in the time and are no event of it: there were more than a recording holds. */
  readonly leftOut: number;
  /** Oldest first. */
  readonly events: readonly RecordedEvent[];
}

/** Events kept, however many happen in the time. */
const MOST_EVENTS = 20_000;

/** From this duration on a request is recorded before others, in milliseconds. */
const SLOW = 100;
/** How often the clock is looked at when a second has had its requests. */
const LOOK_EVERY = 16;

/** Requests of one second that were recorded, and those that were not. */
interface Second {
  readonly at: number;
  ordinary: number;
  remarkable: number;
  leftOut: number;
}

/** A ring of the last seconds. */
export class Recorder {
  readonly #length: number;
  #events: RecordedEvent[] = [];
  /** The index of the oldest one that is kept. */
  #start = 0;
  /** The most requests of a second, of each kind: so a busy process does not push out what was before its last moment. */
  readonly #perSecond: number;
  #seconds: Second[] = [];
  #second: Second = { at: -Infinity, ordinary: 0, remarkable: 0, leftOut: 0 };

  /** @param length - Milliseconds that are kept. */
  constructor(length: number) {
    this.#length = length;
    this.#perSecond = Math.max(10, Math.floor(MOST_EVENTS / 2 / Math.max(1, length / 1_000)));
  }

  /** Whether a request that ends now is to be recorded. Of very many, some are: first those that failed, or were slow. */
  takes(clock: Pick<Clock, 'now'>, hasFailed: boolean, duration: number): boolean {
    let second = this.#second;
    const kind = hasFailed || duration >= SLOW ? 'remarkable' : 'ordinary';
    // Whether a second is over is looked at for those that are taken, and for some of the ordinary others: the clock costs more than all else.
    if (
      kind === 'remarkable' ||
      second.ordinary < this.#perSecond ||
      second.leftOut % LOOK_EVERY === 0
    ) {
      second = this.#secondAt(clock.now());
    }
    if (second[kind] >= this.#perSecond) {
      second.leftOut += 1;
      return false;
    }
    second[kind] += 1;
    return true;
  }

  #secondAt(at: number): Second {
    if (at - this.#second.at < 1_000) return this.#second;
    const oldest = at - this.#length;
    this.#seconds = this.#seconds.filter((each) => each.at >= oldest);
    this.#second = { at, ordinary: 0, remarkable: 0, leftOut: 0 };
    this.#seconds.push(this.#second);
    return this.#second;
  }

  /** Adds what happened; what is too old, or too much, goes. */
  add(event: RecordedEvent): void {
    this.#events.push(event);
    const oldest = event.at - this.#length;
    while (
      this.#events.length - this.#start > MOST_EVENTS ||
      (this.#events[this.#start]?.at ?? Infinity) < oldest
    ) {
      this.#start += 1;
    }
    // Rarely, so that an event costs no copy of all others.
    if (this.#start < MOST_EVENTS && this.#start * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#start);
    this.#start = 0;
  }

  /** What is kept, with the state now. */
  save(inspection: Inspection): Recording {
    const events = this.#events.slice(this.#start);
    const leftOut = this.#seconds.reduce((sum, second) => sum + second.leftOut, 0);
    return { format: 'awaitio-recording', version: 1, inspection, leftOut, events };
  }
}
