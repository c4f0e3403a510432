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
  /** Ends the write, or the end of writing, that waits for the stream or is under way on it. */
  #sending: Done | undefined;
  /** Fails what waits for the stream, if none comes before `'close'`. */
  #refuse: (() => void) | undefined;
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
    this.#forgetRefusal();
    settle(
      stream.closed,
      (end) => {
        if (this.#stream === stream) this.#onClosed(end);
      },
      ignore,
    );
    const held = this.#held;
    this.#held = [];
    for (const begin of held) begin();
  }

  /** Leaves a stream that has closed: another can then be attached. What the first one still answers is too late. */
  protected detach(): void {
    this.#stream = undefined;
    this.#forgetRefusal();
    this.#refuseSending();
    this.#held = [];
    this.#hasEnded = false;
    this.#given = 0;
    this.#underWay = 0;
    // What Node's sockets call when they connect again; its types leave it out.
    (Reflect.get(this, '_undestroy') as () => void).call(this);
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
    outsideScopes(() => stream.readChunk()).then(
      (chunk) => microtask(() => this.#onRead(stream, chunk)),
      (error: Error) => microtask(() => this.#onReadFailed(stream, error)),
    );
  }

  #onRead(stream: DuplexStream, chunk: Uint8Array | null): void {
    if (this.#stream !== stream) return;
    if (chunk === null) this.#hasEnded = true;
    this.deliver(chunk);
  }

  #onReadFailed(stream: DuplexStream, error: Error): void {
    if (this.#stream === stream) this.destroy(error);
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
    this.#sending = done;
    if (stream === undefined) {
      this.#held.push(() => this.#send(sending, done));
      this.#refuseAtClose();
      return;
    }
    outsideScopes(() => sending(stream)).then(
      () => microtask(() => this.#onSent(stream, done)),
      (error: Error) => microtask(() => this.#onSent(stream, done, error)),
    );
  }

  #onSent(stream: DuplexStream, done: Done, error?: Error): void {
    if (this.#stream !== stream) return;
    this.#sending = undefined;
    if (error === undefined) this.#underWay = 0;
    done(error);
  }

  /** As Node's sockets do it when they close without having been connected: what is written behind it fails with it. */
  #refuseAtClose(): void {
    const refuse = (): void => {
      // A listener before this one may have connected again, and written.
      if (this.#refuse === refuse) this.#refuseSending();
    };
    this.#refuse = refuse;
    this.once('close', refuse);
  }

  #refuseSending(): void {
    const done = this.#sending;
    this.#sending = undefined;
    done?.(
      new ClosedError('write: the socket was closed before it was connected', {
        code: 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
        operation: 'write',
      }),
    );
  }

  #forgetRefusal(): void {
    if (this.#refuse !== undefined) this.off('close', this.#refuse);
    this.#refuse = undefined;
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

  #onClosed({ error }: StreamEnd): void {
    // A pending read or write reports the error, a read after the bytes before it; here neither is left.
    if (this.#hasEnded && !this.writableEnded) this.destroy(error as Error | undefined);
  }
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
