/**
 * The handshakes in progress of a TLS listener: how many there may be, and which of them gives way to a new one.
 *
 * A handshake waits for its client most of the time, and a client may send nothing. So the limit must not be a queue: clients
 * that are silent would fill it, and good ones wait behind them. Above the limit a quiet handshake is reset instead, the
 * quietest first: one whose client has sent nothing at all, else one that is a second old and whose client has sent nothing for
 * a quarter of it. Only where every client is busy does the next one wait, for the time of a handshake.
 *
 * A client is silent only when the loop has looked for its bytes. A burst of clients comes in one iteration of the loop, with
 * their first bytes still in the kernel: two iterations pass before one of them can be reset. Those that were silent then give
 * way without another pause, so that a flood of silent clients does not fill the queue of the listener below.
 */

import type { ByteStream } from '../../streams/byte-stream.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import { LimitError } from '../../vocabulary/errors.ts';
import { MemberList, type ListMember } from '../../waiting/member-list.ts';
import { bytesReadBelow } from './carriage.ts';

/** While another client waits: how long one may take for its handshake, and then be quiet, in milliseconds. */
const PATIENCE = 1_000;
const QUIET_AFTER = 250;

/** One handshake. */
interface Handshake extends ListMember<Handshake> {
  readonly stream: ByteStream;
  readonly controller: AbortController;
  readonly startedAt: number;
  /** Bytes of the client, when they were last looked at. */
  bytes: number;
  /** Since when there have been no more, as far as was looked. */
  since: number;
  /** Whether there were none at the last look, and there was one. */
  isSilent: boolean;
}

export class Handshakes {
  readonly #clock: Clock;
  readonly #limit: number;
  /** The quietest first. */
  readonly #running = new MemberList<Handshake>();
  /** What waits for a handshake to end, for room or for the end of all. */
  readonly #waiting: (() => void)[] = [];

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Whether the next one has to wait in {@link room}, or others give way to it. */
  get isFull(): boolean {
    return this.#running.size >= this.#limit;
  }

  /** Runs a handshake with a signal that aborts it. */
  async run(stream: ByteStream, handshake: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    const startedAt = this.#clock.now();
    const running: Handshake = {
      stream,
      controller,
      startedAt,
      bytes: 0,
      since: startedAt,
      isSilent: false,
      older: undefined,
      newer: undefined,
    };
    this.#running.add(running);
    try {
      await handshake(controller.signal);
    } finally {
      this.#running.remove(running);
      this.#wake();
    }
  }

  /** Waits until one more handshake may begin; a quiet one is reset for it. */
  async room(): Promise<void> {
    while (this.isFull) {
      if (this.#endSilent() || this.#endQuiet()) return;
      await this.#turn();
      await this.#turn();
      this.#look();
      if (!this.isFull || this.#endSilent() || this.#endQuiet()) return;
      await this.#changed(QUIET_AFTER);
    }
  }

  /** Waits until all have ended; one whose client sends nothing for `idleWindow` milliseconds is aborted with the reason. */
  async finish(idleWindow: number, reason: unknown): Promise<void> {
    while (this.#running.size > 0) {
      this.#look();
      let next = idleWindow;
      for (const handshake of this.#running) {
        const left = handshake.since + idleWindow - this.#clock.now();
        if (left > 0) next = Math.min(next, left);
        else handshake.controller.abort(reason);
      }
      if (this.#running.size > 0) await this.#changed(next);
    }
  }

  /** Ends all handshakes. */
  abort(reason: unknown): void {
    for (const { controller } of this.#running) controller.abort(reason);
    this.#wake();
  }

  /** Puts those whose clients have sent something since the last look behind the others. */
  #look(): void {
    for (const handshake of this.#running) this.#hasSent(handshake);
  }

  /** Looks at one; whether its client has sent something since the last look: then it goes behind the others. */
  #hasSent(handshake: Handshake): boolean {
    const bytesRead = bytesReadBelow(handshake.stream);
    handshake.isSilent = bytesRead === 0;
    if (bytesRead === handshake.bytes) return false;
    handshake.bytes = bytesRead;
    handshake.since = this.#clock.now();
    this.#running.remove(handshake);
    this.#running.add(handshake);
    return true;
  }

  /** Resets the oldest handshake whose client has sent nothing, if there is one. */
  #endSilent(): boolean {
    for (const handshake of this.#running) {
      if (handshake.isSilent && !this.#hasSent(handshake)) return this.#giveWay(handshake);
    }
    return false;
  }

  /** Resets the quietest handshake, if it has been quiet for long enough. */
  #endQuiet(): boolean {
    const now = this.#clock.now();
    for (const handshake of this.#running) {
      if (now - handshake.since < QUIET_AFTER) break;
      if (now - handshake.startedAt < PATIENCE || this.#hasSent(handshake)) continue;
      return this.#giveWay(handshake);
    }
    return false;
  }

  #giveWay(handshake: Handshake): true {
    // Its place is free at once; the handshake itself ends a moment later.
    this.#running.remove(handshake);
    handshake.controller.abort(tooMany(this.#limit));
    return true;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.defer(resolve);
    });
  }

  /** Waits for a handshake to end, up to a number of milliseconds. */
  async #changed(milliseconds: number): Promise<void> {
    const timer = this.#clock.setTimer(this.#wake, milliseconds);
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    timer.cancel();
  }

  readonly #wake = (): void => {
    for (const resolve of this.#waiting.splice(0)) resolve();
  };
}

function tooMany(limit: number): LimitError {
  return new LimitError(
    `accept: more than ${limit} handshakes (\`maxHandshakes\`) were under way, and this client was the quietest`,
    { code: 'ERR_LIMIT', operation: 'accept', limitName: 'maxHandshakes', limit },
  );
}
