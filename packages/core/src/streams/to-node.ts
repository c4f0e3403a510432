/**
 * What `stream.toNode()` returns: a socket-shaped stream of Node over a stream that is connected.
 *
 * It may be dropped: an `'error'` listener is present from the start, so that a peer's reset does not end a process without one;
 * `pipeline`, `finished` and `for await` still receive the error.
 */

import type { Clock, Timer } from '../vocabulary/clock.ts';
import { nextTick } from '../vocabulary/platform.ts';
import type { DuplexStream } from './duplex-stream.ts';
import { SocketDuplex, type IdleTimer } from './socket-duplex.ts';

const ignore = (): void => {};

/** Makes the Node stream that reads and writes `stream` from now on. */
export function nodeDuplex(stream: DuplexStream, clock: Clock): SocketDuplex {
  return new NodeDuplex(stream, clock);
}

class NodeDuplex extends SocketDuplex {
  readonly #clock: Clock;

  constructor(stream: DuplexStream, clock: Clock) {
    super({ emitClose: false });
    this.#clock = clock;
    this.on('error', ignore);
    this.attach(stream);
    // As Node's sockets do: an end or an error is noticed also where no program reads.
    this.read(0);
  }

  protected override deliver(chunk: Uint8Array | null): void {
    super.deliver(chunk);
    // Where no bytes wait, `'end'` needs no reader.
    if (chunk === null) this.read(0);
  }

  /** Sockets say with `'close'` whether they have failed. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    super._destroy(error, (failure) => {
      done(failure);
      nextTick(() => {
        this.emit('close', failure instanceof Error);
      });
    });
  }

  protected override startIdleTimer(callback: () => void, delay: number): IdleTimer {
    return new ClockIdleTimer(this.#clock, callback, delay);
  }
}

/** Notes the time of each byte; the timer itself is set again only when it fires, and not for each byte. */
class ClockIdleTimer implements IdleTimer {
  readonly #clock: Clock;
  readonly #callback: () => void;
  readonly #delay: number;
  #timer: Timer | undefined;
  #activeAt: number;
  #isClosed = false;

  constructor(clock: Clock, callback: () => void, delay: number) {
    this.#clock = clock;
    this.#callback = callback;
    this.#delay = delay;
    this.#activeAt = clock.now();
    this.#start(delay);
  }

  refresh(): void {
    this.#activeAt = this.#clock.now();
    if (this.#timer === undefined && !this.#isClosed) this.#start(this.#delay);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #start(delay: number): void {
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined;
      const left = this.#activeAt + this.#delay - this.#clock.now();
      if (left > 0) this.#start(left);
      else this.#callback();
    }, delay);
    this.#timer.unref();
  }
}
