/**
 * What `stream.toNode()` returns: a socket-shaped stream of Node over a stream that is connected.
 *
 * It may be dropped: an `'error'` listener is present from the start, so that a peer's reset does not end a process without one;
 * `pipeline`, `finished` and `for await` still receive the error.
 */

import { rules, type OptionTable } from '../vocabulary/check.ts';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { nextTick } from '../vocabulary/platform.ts';
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
type Wrapped = DuplexStream & { statistics(): StreamStatistics };

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

  protected override hasTaken(given: number): boolean {
    return this.#wrapped.statistics().bytesWritten - this.#before >= given;
  }

  override _write(
    chunk: Uint8Array | string,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    if (!this.allowHalfOpen) this.#leaveEndToTls(chunk);
    super._write(chunk, encoding, done);
  }

  override _writev(
    chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    if (!this.allowHalfOpen) this.#leaveEndToTls(chunks[0]?.chunk);
    super._writev(chunks, done);
  }

  /**
   * TLS that a program puts on it (`tls.connect({ socket })`) ends it when what it holds has gone; it has taken over `allowHalfOpen`
   * before. Under a `net.Socket` it does so on the handle. Nothing else tells that it is there than its handshake.
   */
  #leaveEndToTls(chunk: Uint8Array | string | undefined): void {
    if (typeof chunk === 'object' && beginsHandshake(chunk)) this.allowHalfOpen = true;
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

const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;

/**
 * Whether bytes begin with the first record of a TLS handshake (RFC 8446, sections 4 and 5.1): a record of a version that exists, and
 * in it a whole ClientHello or ServerHello. The version alone would not do: a packet of 790 bytes of MySQL begins with the same three
 * bytes.
 */
function beginsHandshake(bytes: Uint8Array): boolean {
  if (bytes.length < RECORD_HEADER + MESSAGE_HEADER) return false;
  const { buffer, byteOffset, byteLength } = bytes;
  const view = new DataView(buffer, byteOffset, byteLength);
  const isHandshake = view.getUint8(0) === 22 && view.getUint8(1) === 3 && view.getUint8(2) <= 4;
  const record = view.getUint16(3);
  const message = view.getUint8(RECORD_HEADER);
  const length = view.getUint32(RECORD_HEADER) & 0xff_ff_ff;
  const isHello = message === 1 || message === 2;
  return isHandshake && isHello && length + MESSAGE_HEADER <= record;
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
