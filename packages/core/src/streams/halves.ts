/**
 * A stream as two halves that two tasks can hold: tokio's `OwnedReadHalf` and `OwnedWriteHalf`.
 *
 * The halves share the stream; each shows only what belongs to its direction, so that a task given one half cannot get
 * in the other's way. Closing both halves' directions is the stream's business: a writer's `shutdown` sends FIN.
 */

import type { ByteStream } from './byte-stream.ts';
import type { DelimitedReadOptions } from './delimited-read.ts';
import { InvalidInputError } from '../vocabulary/errors.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import type { Consume } from './read-waits.ts';
import type { Decoder } from './frame-read.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import type { WriteData, WriteOptions } from './write-side.ts';

/** The reading half of a stream; every call is the stream's. */
export class ReadHalf implements AsyncIterable<Uint8Array> {
  readonly #stream: ByteStream;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** As {@link ByteStream.isReadable}. */
  get isReadable(): boolean {
    return this.#stream.isReadable;
  }

  /** As {@link ByteStream.readable}. */
  readable(options?: WaitOptions): Promise<void> {
    return this.#stream.readable(options);
  }

  /** As {@link ByteStream.tryRead}. */
  tryRead(buffer: Uint8Array): number | null | WouldBlock {
    return this.#stream.tryRead(buffer);
  }

  /** As {@link ByteStream.read}. */
  read(buffer: Uint8Array, options?: WaitOptions): Promise<number | null> {
    return this.#stream.read(buffer, options);
  }

  /** As {@link ByteStream.readWith}. */
  readWith(take: Consume, options?: WaitOptions): Promise<number | null> {
    return this.#stream.readWith(take, options);
  }

  /** As {@link ByteStream.readChunk}. */
  readChunk(options?: WaitOptions): Promise<Uint8Array | null> {
    return this.#stream.readChunk(options);
  }

  /** As {@link ByteStream.readExactly}. */
  readExactly(count: number, options?: WaitOptions): Promise<Uint8Array> {
    return this.#stream.readExactly(count, options);
  }

  /** As {@link ByteStream.readUntil}. */
  readUntil(
    delimiter: Uint8Array | string,
    options?: DelimitedReadOptions,
  ): Promise<Uint8Array | null> {
    return this.#stream.readUntil(delimiter, options);
  }

  /** As {@link ByteStream.readLine}. */
  readLine(options?: DelimitedReadOptions): Promise<string | null> {
    return this.#stream.readLine(options);
  }

  /** As {@link ByteStream.readFrame}. */
  readFrame<T>(decoder: Decoder<T>, options?: WaitOptions): Promise<T | null> {
    return this.#stream.readFrame(decoder, options);
  }

  /** As {@link ByteStream.peek}. */
  peek(count: number): Uint8Array | null | WouldBlock {
    return this.#stream.peek(count);
  }

  /** Shuts reading down; writing goes on. */
  async shutdown(): Promise<void> {
    await this.#stream.shutdown('read');
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#stream[Symbol.asyncIterator]();
  }

  /** Reports whether `writer` is the other half of the same stream. */
  isPairOf(writer: WriteHalf): boolean {
    return writer.belongsTo(this.#stream);
  }

  /**
   * Gives the stream back.
   *
   * @throws `InvalidInputError` when `writer` is a half of another stream.
   */
  reunite(writer: WriteHalf): ByteStream {
    if (this.isPairOf(writer)) return this.#stream;
    throw new InvalidInputError(
      'reunite: expected `writer` to be the other half of this stream, got a half of another one',
      'reunite',
    );
  }
}

/** The writing half of a stream; every call is the stream's. */
export class WriteHalf {
  readonly #stream: ByteStream;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** As {@link ByteStream.isWritable}. */
  get isWritable(): boolean {
    return this.#stream.isWritable;
  }

  /** As {@link ByteStream.writable}. */
  writable(options?: WaitOptions): Promise<void> {
    return this.#stream.writable(options);
  }

  /** As {@link ByteStream.tryWrite}. */
  tryWrite(data: WriteData): number | WouldBlock {
    return this.#stream.tryWrite(data);
  }

  /** As {@link ByteStream.write}. */
  write(data: WriteData, options?: WriteOptions): Promise<number> {
    return this.#stream.write(data, options);
  }

  /** As {@link ByteStream.writeAll}. */
  writeAll(data: WriteData, options?: WriteOptions): Promise<void> {
    return this.#stream.writeAll(data, options);
  }

  /** As {@link ByteStream.writev}. */
  writev(pieces: readonly Uint8Array[], options?: WriteOptions): Promise<void> {
    return this.#stream.writev(pieces, options);
  }

  /** As {@link ByteStream.flush}. */
  flush(options?: WaitOptions): Promise<void> {
    return this.#stream.flush(options);
  }

  /** Finishes writing: FIN after what was accepted; reading goes on. */
  async shutdown(options?: WaitOptions): Promise<void> {
    await this.#stream.shutdown('write', options);
  }

  /** Reports whether this is a half of `stream`. */
  belongsTo(stream: ByteStream): boolean {
    return this.#stream === stream;
  }
}
