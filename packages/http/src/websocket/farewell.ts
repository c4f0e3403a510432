/**
 * How WebSockets end when their server shuts down: each gets a close frame, at its moment.
 *
 * All at once would make all their clients connect again at once, to the servers that are left. So the moments are spread
 * evenly over a window, at most 10 ms apart. A WebSocket whose reader is at work on a message gets its close frame when that asks
 * for the next one, so that it can still answer, at the latest at the end of the window. What is under way from the peer
 * is still read at the pace of the reader.
 */

import type { Timer } from '@awaitio/core';
import { PerClock, rules, type OptionTable } from '@awaitio/core/lowlevel';
import { CloseCode } from './protocol/close-codes.ts';
import type { Session } from './session.ts';

/** What becomes of a WebSocket when its server shuts down. */
export interface WebSocketDrain {
  /** 1001: the server goes away; 1012: it restarts, connect again. @default 1001 */
  readonly code: 1001 | 1012;
  /**
   * Milliseconds over which the WebSockets of a server are closed, from the moment when it has stopped accepting. Give the shutdown a
   * longer `grace`. @default 1000
   */
  readonly window: number;
}

/** The defaults of {@link WebSocketDrain}. */
export const DEFAULT_WEBSOCKET_DRAIN: WebSocketDrain = Object.freeze({
  code: CloseCode.GOING_AWAY,
  window: 1_000,
});

/** What {@link WebSocketDrain} may be. */
export const DRAIN: OptionTable<WebSocketDrain> = {
  code: rules.oneOf(1001, 1012),
  window: { expected: 'a number of milliseconds from 0', accepts: isFiniteTime },
};

function isFiniteTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < Infinity;
}

/** The most milliseconds between two close frames. */
const STEP = 10;

/** Those that were notified in this turn of the event loop. */
const leaving = new PerClock((): { all: Farewell[] | undefined } => ({ all: undefined }));

/** Says goodbye at the moment that falls to this WebSocket. */
export function sayGoodbye(session: Session, drain: WebSocketDrain): void {
  const { clock } = session.parts;
  const turn = leaving.of(clock);
  if (turn.all !== undefined) {
    turn.all.push(new Farewell(session, drain));
    return;
  }
  const all = [new Farewell(session, drain)];
  turn.all = all;
  // All connections of a server are notified in one turn: then it is known how many there are.
  clock.defer(() => {
    turn.all = undefined;
    for (const [index, each] of all.entries()) each.begin(index, all.length);
  });
}

class Farewell {
  readonly #session: Session;
  readonly #drain: WebSocketDrain;
  #timer: Timer | undefined;

  constructor(session: Session, drain: WebSocketDrain) {
    this.#session = session;
    this.#drain = drain;
  }

  begin(index: number, count: number): void {
    const { window } = this.#drain;
    const delay = Math.min(index * STEP, (index * window) / count);
    void this.#session.closed.then(() => {
      this.#end();
    });
    this.#wait(delay, () => {
      const { inbox } = this.#session;
      if (inbox.isAwaited || !inbox.hasReader) {
        this.#say();
        return;
      }
      inbox.onAwaited = () => {
        this.#say();
      };
      this.#wait(window - delay, () => {
        this.#say();
      });
    });
  }

  #wait(milliseconds: number, then: () => void): void {
    if (milliseconds <= 0) then();
    else this.#timer = this.#session.parts.clock.setTimer(then, milliseconds);
  }

  #say(): void {
    this.#end();
    const { code } = this.#drain;
    const reason =
      code === CloseCode.GOING_AWAY ? 'the server is shutting down' : 'the server restarts';
    this.#session.close(code, reason, 'drain');
  }

  #end(): void {
    this.#timer?.cancel();
    this.#session.inbox.onAwaited = undefined;
  }
}
