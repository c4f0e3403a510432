/**
 * Happy Eyeballs version 2 (RFC 8305): tries several addresses of one name. Knows nothing of sockets.
 *
 * A name often has an IPv6 address that this machine cannot reach. So the addresses are tried one after another, with
 * alternating families, and the next attempt begins when the last one has failed, or after a short delay (section 5).
 * Earlier attempts go on: the first connection wins, whichever attempt made it, and the others are cancelled. (Node's own
 * `autoSelectFamily` abandons each attempt after its delay, so that on a slower network no connection is ever made.)
 */

import { isIP } from 'node:net';
import type { Clock, Timer } from '../../vocabulary/clock.ts';

/** An address to try. */
export interface Candidate {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Makes candidates of IP addresses; skips what is not an IP address. */
export function candidatesOf(addresses: Iterable<string>): Candidate[] {
  const candidates: Candidate[] = [];
  for (const address of addresses) {
    const family = isIP(address);
    if (family === 4 || family === 6) candidates.push({ address, family });
  }
  return candidates;
}

/** Orders candidates for the race: alternating families, beginning with the family of the first (RFC 8305 section 4). */
export function interleave(candidates: readonly Candidate[]): Candidate[] {
  const first = candidates[0]?.family;
  const preferred = candidates.filter(({ family }) => family === first);
  const others = candidates.filter(({ family }) => family !== first);
  const order: Candidate[] = [];
  for (let at = 0; at < Math.max(preferred.length, others.length); at += 1) {
    order.push(...preferred.slice(at, at + 1), ...others.slice(at, at + 1));
  }
  return order;
}

/** One attempt: calls back once, with a connection or an error, unless it is cancelled. */
export interface Attempt {
  cancel(): void;
}

export interface AttemptEvents<T> {
  onConnected(connection: T): void;
  onFailed(error: Error): void;
}

export interface RaceOptions<C, T> {
  readonly candidates: readonly C[];
  readonly clock: Clock;
  /** Milliseconds before the next attempt joins one that neither succeeds nor fails; `Infinity` for one at a time. */
  readonly delay: number;
  readonly start: (candidate: C, events: AttemptEvents<T>) => Attempt;
  readonly onWon: (connection: T) => void;
  /** Every attempt failed; the errors are in order of failure. */
  readonly onLost: (errors: readonly Error[]) => void;
}

/** A race of attempts. It ends with the first connection, when all attempts have failed, or when it is cancelled. */
export class Race<C, T> {
  readonly #options: RaceOptions<C, T>;
  readonly #running = new Set<Attempt>();
  readonly #errors: Error[] = [];
  #next = 0;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(options: RaceOptions<C, T>) {
    this.#options = options;
    this.#begin();
  }

  cancel(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    for (const attempt of this.#running) attempt.cancel();
    this.#running.clear();
  }

  #begin(): void {
    const { candidates, clock, delay, start } = this.#options;
    const candidate = candidates[this.#next];
    if (candidate === undefined) return;
    this.#next += 1;
    const attempt = start(candidate, {
      onConnected: (connection) => {
        if (this.#isOver) return;
        this.#running.delete(attempt);
        this.cancel();
        this.#options.onWon(connection);
      },
      onFailed: (error) => {
        if (this.#isOver) return;
        this.#running.delete(attempt);
        this.#errors.push(error);
        this.#afterFailure();
      },
    });
    this.#running.add(attempt);
    if (this.#next >= candidates.length || delay === Infinity) return;
    this.#timer = clock.setTimer(() => {
      this.#timer = undefined;
      this.#begin();
    }, delay);
  }

  /** Starts the next attempt without delay; with none left and none running, the race is lost. */
  #afterFailure(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#next < this.#options.candidates.length) {
      this.#begin();
    } else if (this.#running.size === 0) {
      this.#isOver = true;
      this.#options.onLost(this.#errors);
    }
  }
}
