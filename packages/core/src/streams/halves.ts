/**
 * A stream as two halves for two tasks: tokio's `OwnedReadHalf` and `OwnedWriteHalf`.
 *
 * The halves share the stream; each offers only the calls of its direction, so that a task that holds one half cannot
 * interfere with the other. Their `shutdown` ends their direction; closing the connection takes the stream itself.
 */

import type { DelimitedReadOptions } from './delimited-read.ts';
import { invalidInput, InvalidInputError, IoError } from '../vocabulary/errors.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import type { Consume } from './queue/read-waits.ts';
import type { DuplexStream } from './duplex-stream.ts';
import type { Decoder } from './frame-read.ts';
import type { StreamReader } from './stream-reader.ts';
import type { StreamWriter } from './stream-writer.ts';
import { currentScope, outsideScopes } from '../waiting/ambient.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import type { WriteData, WriteOptions } from './stream-writer.ts';

/** The reading half of a stream: a {@link StreamReader} whose every call is the stream's. */
export class ReadHalf<S extends DuplexStream = DuplexStream> implements StreamReader {
  readonly #stream: S;

  constructor(stream: S) {
    this.#stream = stream;
  }

  get isReadable(): boolean {
    return this.#stream.isReadable;
  }

  readable(options?: WaitOptions): Promise<void> {
    return this.#stream.readable(options);
  }

  tryRead(buffer: Uint8Array): number | null | WouldBlock {
    return this.#stream.tryRead(buffer);
  }

  read(buffer: Uint8Array, options?: WaitOptions): Promise<number | null> {
    return this.#stream.read(buffer, options);
  }

  readWith(take: Consume, options?: WaitOptions): Promise<number | null> {
    return this.#stream.readWith(take, options);
  }

  readChunk(options?: WaitOptions): Promise<Uint8Array | null> {
    return this.#stream.readChunk(options);
  }

  readExactly(count: number, options?: WaitOptions): Promise<Uint8Array> {
    return this.#stream.readExactly(count, options);
  }

  readUntil(
    delimiter: Uint8Array | string,
    options?: DelimitedReadOptions,
  ): Promise<Uint8Array | null> {
    return this.#stream.readUntil(delimiter, options);
  }

  readLine(options?: DelimitedReadOptions): Promise<string | null> {
    return this.#stream.readLine(options);
  }

  readFrame<T>(decoder: Decoder<T>, options?: WaitOptions): Promise<T | null> {
    return this.#stream.readFrame(decoder, options);
  }

  peek(count: number): Uint8Array | null | WouldBlock {
    return this.#stream.peek(count);
  }

  /** Ends reading, as the stream's `shutdown('read')`; writing goes on. */
  async shutdown(): Promise<void> {
    await this.#stream.shutdown('read');
  }

  /** Ends reading, at the end of an `await using` block; writing goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await outsideScopes(() => this.#stream.shutdown('read'));
  }

  chunks(options?: WaitOptions): AsyncIterableIterator<Uint8Array> {
    return this.#stream.chunks(options);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return this.#stream[Symbol.asyncIterator]();
  }

  /** Whether `writer` is the other half of the same stream. */
  isPairOf(writer: WriteHalf): boolean {
    return writer instanceof WriteHalf && writer.belongsTo(this.#stream);
  }

  /**
   * Returns the stream that was split.
   *
   * @throws `InvalidInputError` when `writer` is a half of another stream.
   */
  reunite(writer: WriteHalf): S {
    if (this.isPairOf(writer)) return this.#stream;
    if (!(writer instanceof WriteHalf)) {
      throw invalidInput('reunite', 'writer', 'the other half of this stream', writer);
    }
    throw new InvalidInputError(
      'reunite: expected `writer` to be the other half of this stream, got a half of another one',
      'reunite',
    );
  }
}

let insideOf: (half: WriteHalf) => DuplexStream;

/** The stream of a writing half, for what is built on it. */
export function streamOf(half: WriteHalf): DuplexStream {
  return insideOf(half);
}

/** The writing half of a stream: a {@link StreamWriter} whose every call is the stream's. */
export class WriteHalf<S extends DuplexStream = DuplexStream> implements StreamWriter {
  readonly #stream: S;

  static {
    insideOf = (half) => half.#stream;
  }

  constructor(stream: S) {
    this.#stream = stream;
  }

  get isWritable(): boolean {
    return this.#stream.isWritable;
  }

  writable(options?: WaitOptions): Promise<void> {
    return this.#stream.writable(options);
  }

  tryWrite(data: WriteData, options?: { readonly transfer?: boolean }): number | WouldBlock {
    return this.#stream.tryWrite(data, options);
  }

  write(data: WriteData, options?: WriteOptions): Promise<number> {
    return this.#stream.write(data, options);
  }

  writeAll(data: WriteData, options?: WriteOptions): Promise<void> {
    return this.#stream.writeAll(data, options);
  }

  writev(pieces: readonly WriteData[], options?: WriteOptions): Promise<void> {
    return this.#stream.writev(pieces, options);
  }

  flush(options?: WaitOptions): Promise<void> {
    return this.#stream.flush(options);
  }

  /** Finishes writing, as the stream's `shutdown('write')`: FIN after what was accepted; reading goes on. */
  async shutdown(options?: WaitOptions): Promise<void> {
    await this.#stream.shutdown('write', options);
  }

  /**
   * Finishes writing, at the end of an `await using` block, and waits until everything was sent; reading goes on. In a scope that
   * has ended it does not wait. A connection that has broken is none of its business: see the stream's `closed`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const isOver = currentScope()?.cancelled !== undefined;
    const finished = isOver
      ? outsideScopes(() => this.#stream.shutdown('write'))
      : this.#stream.shutdown('write');
    const finishing = finished.catch((error: unknown) => {
      if (!(error instanceof IoError)) throw error;
    });
    if (!isOver) await finishing;
  }

  /** Whether this is a half of `stream`. */
  belongsTo(stream: DuplexStream): boolean {
    return this.#stream === stream;
  }
}
