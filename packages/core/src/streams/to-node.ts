/**
 * What `stream.toNode()` returns: a socket-shaped stream of Node over a stream that is connected.
 *
 * It may be dropped: an `'error'` listener is present from the start, so that a peer's reset does not end a process without one;
 * `pipeline`, `finished` and `for await` still receive the error.
 */

import { rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { nextTick } from '../vocabulary/platform.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import { outsideScopes } from '../waiting/ambient.ts';
import type { DuplexStream, StreamStatistics } from './duplex-stream.ts';
import { SocketDuplex, type IdleTimer } from './socket-duplex.ts';

const ignore = (): void => {};

/** How the stream of Node is set up. */
export interface ToNodeOptions {
  /** Whether it may be written to after the peer's FIN. Otherwise it ends by itself then, as sockets of `net.connect` do. @default false */
  readonly allowHalfOpen?: boolean | undefined;
}

/** What {@link ToNodeOptions} may be. */
export const TO_NODE_OPTIONS: OptionTable<ToNodeOptions> = { allowHalfOpen: rules.flag };

/** What is wrapped. */
type Wrapped = DuplexStream & {
  statistics(): StreamStatistics;
  tryWrite(data: Uint8Array): number | WouldBlock;
};

/** Up to how many bytes a write is copied to be accepted at once, as the kernel does under Node's sockets. */
const SHORT_WRITE = 4_096;

/** Makes the Node stream that reads and writes `stream` from now on. */
export function nodeDuplex(
  stream: Wrapped,
  clock: Clock,
  { allowHalfOpen = false }: ToNodeOptions = {},
): SocketDuplex {
  return new NodeDuplex(stream, clock, allowHalfOpen);
}

class NodeDuplex extends SocketDuplex {
  readonly #clock: Clock;
  readonly #wrapped: Wrapped;
  /** What the stream had accepted before. */
  readonly #before: number;

  constructor(stream: Wrapped, clock: Clock, allowHalfOpen: boolean) {
    super({ emitClose: false, allowHalfOpen });
    this.#clock = clock;
    this.#wrapped = stream;
    this.#before = stream.statistics().bytesWritten;
    this.on('error', ignore);
    this.attach(stream);
    // As Node's sockets do: an end or an error is noticed also where no program reads.
    this.read(0);
  }

  protected override takeNow(bytes: Uint8Array): number {
    if (bytes.length > SHORT_WRITE || bytes.length === 0) return 0;
    try {
      const count = outsideScopes(() => this.#wrapped.tryWrite(bytes));
      return count === WOULD_BLOCK ? 0 : count;
    } catch {
      // The write that follows fails with the same, as a promise.
      return 0;
    }
  }

  protected override hasTaken(given: number): boolean {
    return this.#wrapped.statistics().bytesWritten - this.#before >= given;
  }

  /**
   * TLS and HTTP/2 of Node on a stream that is no `net.Socket` end it when what they hold has gone; under a `net.Socket` they do so on its
   * handle. TLS has taken over `allowHalfOpen` before. Nothing tells that they are there but who listens.
   */
  override on(event: string | symbol, listener: Parameters<SocketDuplex['on']>[1]): this {
    if (event === 'data' && !this.allowHalfOpen && isCalledByNodesAdapter()) {
      this.allowHalfOpen = true;
    }
    return super.on(event, listener);
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

/** By which Node reads from a stream without a handle, on all of its lines. */
const NODES_ADAPTER = 'node:internal/js_stream_socket';
/** The frames between it and here, and some to spare. */
const FRAMES = 6;

function isCalledByNodesAdapter(): boolean {
  const limit = Error.stackTraceLimit;
  // Not an assignment: it would throw where the intrinsics are frozen.
  Reflect.set(Error, 'stackTraceLimit', FRAMES);
  try {
    return new Error('who listens').stack?.includes(NODES_ADAPTER) === true;
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
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
