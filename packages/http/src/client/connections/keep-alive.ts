/**
 * How long a server keeps an idle connection: by its word, and by what was seen of it.
 *
 * A request arrives at its server one round trip after the connection was last idle for its client: a response takes one way, the
 * request the other. So it is in time if the idle time, plus a round trip, is less than the time that the server keeps connections. That
 * time is not known at first. What is known, to the client's clock, since both ways of a connection take about as long:
 *
 * - a connection that is open after some time of rest was kept for that long, at least;
 * - one whose end has come was kept for no longer;
 * - `Keep-Alive: timeout=5` (RFC 2068 section 19.7.1.1) is the server's word.
 *
 * From each a margin is taken, as timers and networks are not exact. The shortest end of late outweighs the rest, for as long as
 * such ends have been coming: a short time that was a timer's is soon seen again, and one that had another reason, such as a
 * restart, is soon forgotten.
 */

import type { Headers } from '../../protocol/vocabulary/headers.ts';

/** Milliseconds until an idle connection stops keeping the process alive, and an unread body is read on. */
export const REST = 0;
/** A server that ends connections sooner, in milliseconds: a busy process may read a request later than that. */
const HASTE = 100;
/** No time is safe. */
const NEVER = -1;
/** For how many times its idle time an end is remembered, and within which bounds, in milliseconds. */
const MEMORY = 100;
const SHORTEST_MEMORY = 1_000;
const LONGEST_MEMORY = 60_000;
/** Idle times that differ by a larger factor have different reasons. */
const ALIKE = 4;

/** The deadlines of a client that concern idle connections. */
interface IdleDeadlines {
  readonly idle: number;
  readonly idleMargin: number;
}

/** The idle time of one connection, between two requests. */
export class IdleTime {
  readonly #clock: { now(): number };
  readonly #deadlines: IdleDeadlines;
  /** How long connecting took, in milliseconds: a round trip, or more. */
  roundTrip = 0;
  /** Of the last response. */
  headers: Headers | undefined;
  /** When it became idle; never, before its first request. */
  #since = -Infinity;
  /** Until when it may idle, once it rests: once it has idled for a moment. */
  #until: number | undefined;

  constructor(clock: { now(): number }, deadlines: IdleDeadlines) {
    this.#clock = clock;
    this.#deadlines = deadlines;
  }

  /** How long it has been idle, in milliseconds. */
  get length(): number {
    return this.#clock.now() - this.#since;
  }

  /** Whether it was longer than the options, or the server's word, allow. */
  get isOver(): boolean {
    return this.#until !== undefined && this.#clock.now() >= this.#until;
  }

  /** @returns whether it may idle at all */
  begin(now: number, headers: Headers | undefined): boolean {
    this.#since = now;
    this.headers = headers;
    return this.#allowed > 0;
  }

  /** It rests. @returns how much longer it may, in milliseconds */
  rest(): number {
    this.#until = this.#since + this.#allowed;
    return this.#until - this.#clock.now();
  }

  /** A request is sent. @returns whether it has rested */
  end(): boolean {
    const hasRested = this.#until !== undefined;
    this.#until = undefined;
    return hasRested;
  }

  /** By the options, and by the word of its server. */
  get #allowed(): number {
    const { idle, idleMargin } = this.#deadlines;
    const promised = promiseOf(this.headers);
    return promised === undefined ? idle : Math.min(idle, lessMargin(promised, idleMargin));
  }
}

/** How long a server says that it keeps the connection, in milliseconds; `undefined` when it says nothing. */
function promiseOf(headers: Headers | undefined): number | undefined {
  const field = headers?.get('keep-alive') ?? '';
  if (field === '') return undefined;
  const seconds = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,9})/i.exec(field)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

/** An idle time less the margin; of a short time, at most half. */
function lessMargin(time: number, margin: number): number {
  return Math.max(time - margin, time / 2);
}

/** How long the server of one origin keeps idle connections, as far as it has shown. Times are in milliseconds. */
export class KeptIdle {
  readonly #clock: { now(): number };
  readonly #margin: number;
  /** A request that arrives so long after the last response is in time. */
  #safe = 0;
  /** The shortest idle time of late after which the server has ended a connection, and until when it is remembered. */
  #shortest = Infinity;
  #rememberedUntil = -Infinity;
  /** Since when ends like that come. */
  #first = -Infinity;

  /** @param margin - As `deadlines.idleMargin`. */
  constructor(clock: { now(): number }, margin: number) {
    this.#clock = clock;
    this.#margin = margin;
  }

  /** Whether a request arrives in time on a connection that is idle for so long. */
  allows(idleFor: number, roundTrip: number): boolean {
    return idleFor + roundTrip <= this.#safe;
  }

  /** Whether it is not known even of a connection that was used just now. */
  isUnknown(roundTrip: number): boolean {
    return this.#safe < roundTrip && !this.#remembers;
  }

  /** A connection that idles is open after so long. */
  onKept(idleFor: number): void {
    this.#raise(lessMargin(idleFor, this.#margin));
  }

  /** The head of a response may say how long. */
  onHead(headers: Headers | undefined): void {
    const promised = promiseOf(headers);
    if (promised !== undefined) this.#raise(lessMargin(promised, this.#margin));
  }

  /** The server has ended a connection that was idle for so long. */
  onEnd(idleFor: number): void {
    const now = this.#clock.now();
    const isAlike = areAlike(idleFor, this.#shortest);
    if (!isAlike && idleFor > this.#shortest && this.#remembers) return;
    if (!isAlike || now > this.#rememberedUntil + LONGEST_MEMORY) {
      this.#first = now;
      this.#shortest = idleFor;
    }
    this.#shortest = Math.min(this.#shortest, idleFor);
    this.#safe = this.#shortest < HASTE ? NEVER : lessMargin(this.#shortest, this.#margin);
    const memory = Math.max(this.#shortest * MEMORY, now - this.#first, SHORTEST_MEMORY);
    this.#rememberedUntil = now + Math.min(memory, LONGEST_MEMORY);
  }

  #raise(safe: number): void {
    if (safe > this.#safe && !this.#remembers) this.#safe = safe;
  }

  get #remembers(): boolean {
    return this.#clock.now() < this.#rememberedUntil;
  }
}

/** Below the idle time of a server in haste, all are alike. */
function areAlike(one: number, other: number): boolean {
  return Math.max(one, other) <= Math.min(one, other) * ALIKE + HASTE;
}
