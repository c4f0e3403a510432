/**
 * A Node stream over a `DuplexStream`: the bytes and the ends of it. Node calls it when it likes, so its waits belong to no scope.
 *
 * It behaves as Node's sockets do (back-pressure both ways, `end()` sends FIN and reading goes on, an error is emitted
 * as `'error'` and then `'close'`).
 *
 * The peer notices an aborted transfer: `destroy(error)`, and `destroy()` while bytes that were written are not all accepted,
 * reset the connection, so that a truncated message is not mistaken for a complete one. What was accepted is sent before.
 */

import { Duplex, type DuplexOptions } from 'node:stream';
import { microtask, nextTick } from '../vocabulary/platform.ts';
import { outsideScopes } from '../waiting/ambient.ts';
import { ClosedError, IoError } from '../vocabulary/errors.ts';
import type { DuplexStream, StreamEnd } from './duplex-stream.ts';

type Done = (error?: Error | null) => void;

const ignore = (): void => {};

/** The stream of Node over a `DuplexStream`, which may come later: until then reads and writes wait for it. */
export class StreamDuplex extends Duplex {
  #stream: DuplexStream | undefined;
  /** What waits for the stream. */
  #held: (() => void)[] = [];
  /** Whether the end of reading was passed on, so that no read will report a failure. */
  #hasEnded = false;
  /** Bytes that were passed to the stream. */
  #given = 0;
  /** The share of `writableLength` that the stream is taking. */
  #underWay = 0;

  /** Whether `destroy` sends what the stream has taken, as the kernel does under Node's sockets. */
  protected readonly sendsWhatItTook: boolean = false;

  constructor(options?: DuplexOptions) {
    super({ allowHalfOpen: true, decodeStrings: false, ...options });
  }

  protected attach(stream: DuplexStream): void {
    this.#stream = stream;
    settle(stream.closed, this.#onClosed, ignore);
    const held = this.#held;
    this.#held = [];
    for (const begin of held) begin();
  }

  protected get stream(): DuplexStream | undefined {
    return this.#stream;
  }

  /** Bytes that were passed to the stream, sent or not. */
  protected get given(): number {
    return this.#given;
  }

  /** What waits behind the write that is under way, as `writableLength` counts. */
  protected get waiting(): number {
    return this.writableLength - this.#underWay;
  }

  /** Whether the stream has accepted all that was given to it. */
  protected hasTaken(_given: number): boolean {
    return false;
  }

  /** Takes a short write at once, without a promise. @returns How many of its bytes were accepted. */
  protected takeNow(_bytes: Uint8Array): number {
    return 0;
  }

  /** Passes on what was read. */
  protected deliver(chunk: Uint8Array | null): void {
    this.push(chunk);
  }

  override _read(): void {
    const stream = this.#stream;
    if (stream === undefined) {
      this.#held.push(() => this._read());
      return;
    }
    settle(
      outsideScopes(() => stream.readChunk()),
      (chunk) => {
        if (chunk === null) this.#hasEnded = true;
        this.deliver(chunk);
      },
      this.#fail,
    );
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: Done): void {
    // The bytes of a string have no other owner; a buffer is the writer's again as soon as `done` was called.
    const transfer = typeof chunk === 'string';
    const bytes = transfer ? Buffer.from(chunk, encoding) : chunk;
    this.#given += bytes.length;
    const taken = this.#stream === undefined ? 0 : this.takeNow(bytes);
    if (taken === bytes.length) {
      done();
      return;
    }
    this.#underWay = chunk.length;
    const rest = bytes.subarray(taken);
    this.#send((stream) => stream.writeAll(rest, { transfer }), done);
  }

  override _writev(
    chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[],
    done: Done,
  ): void {
    const pieces = chunks.map(({ chunk, encoding }) => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      this.#given += bytes.length;
      this.#underWay += chunk.length;
      return bytes;
    });
    this.#send((stream) => stream.writev(pieces), done);
  }

  override _final(done: Done): void {
    this.#send((stream) => stream.shutdown('write'), done);
  }

  #send(sending: (stream: DuplexStream) => Promise<unknown>, done: Done): void {
    const stream = this.#stream;
    if (stream === undefined) {
      this.#held.push(() => this.#send(sending, done));
      return;
    }
    settle(
      outsideScopes(() => sending(stream)),
      () => {
        this.#underWay = 0;
        done();
      },
      done,
    );
  }

  override _destroy(error: Error | null, done: Done): void {
    const stream = this.#stream;
    this.#held = [];
    if (stream === undefined) done(error);
    else if (this.sendsWhatItTook && this.writableLength > 0 && !(error instanceof IoError)) {
      void stream.close();
      done(error);
    } else if (error === null && this.#hasUntaken) {
      // A tick later: what was accepted waits in the batch of this one (`net/socket/io-batch.ts`).
      nextTick(() => {
        stream.reset();
      });
      settle(stream.closed, () => done(), done);
    } else if (error === null) {
      // Node's `destroy` waits for nothing: what the carrier cannot pass on at once is dropped, which the peer notices.
      settle(stream.close({ linger: 0 }), () => done(), done);
    } else if (error instanceof ClosedError) {
      settle(stream.close(), () => done(error), done);
    } else {
      // A tick later, as above.
      nextTick(() => {
        stream.reset(error);
      });
      settle(stream.closed, () => done(error), done);
    }
  }

  /** Whether bytes were written that the stream has not accepted, and will not. */
  get #hasUntaken(): boolean {
    if (this.writableLength === 0) return false;
    return this.waiting > 0 || !this.hasTaken(this.#given);
  }

  readonly #fail = (error: Error): void => {
    this.destroy(error);
  };

  readonly #onClosed = ({ error }: StreamEnd): void => {
    // A pending read or write reports the error, a read after the bytes before it; here neither is left.
    if (this.#hasEnded && !this.writableEnded) this.destroy(error as Error | undefined);
  };
}

/**
 * Continues outside of the promise: an error that a listener throws is then an uncaught exception, as with every Node
 * stream, and not an unhandled rejection.
 */
function settle<T>(
  promise: Promise<T>,
  fulfilled: (value: T) => void,
  rejected: (error: Error) => void,
): void {
  promise.then(
    (value) => microtask(() => fulfilled(value)),
    (error: Error) => microtask(() => rejected(error)),
  );
}
