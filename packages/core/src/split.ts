/**
 * A stream as two halves that two tasks can hold: tokio's `OwnedReadHalf` and `OwnedWriteHalf`.
 *
 * The halves share the stream; each shows only what belongs to its direction, so that a task given one half cannot get
 * in the other's way. Closing both halves' directions is the stream's business: a writer's `shutdown` sends FIN.
 */

import type { ByteStream } from './byte-stream.ts';
import type { DelimitedReadOptions } from './delimited-read.ts';
import { InvalidInputError } from './errors.ts';
import type { WouldBlock } from './outcome.ts';
import type { Take } from './read-waits.ts';
import type { Decoder } from './stream-frame.ts';
import type { WaitOptions } from './waiters.ts';
import type { Writable, WriteOptions } from './write-side.ts';

/** The reading half of a stream; every call is the stream's. */
export class ReadHalf implements AsyncIterable<Uint8Array> {
  readonly #stream: ByteStream;

  constructor(stream: ByteStream) {
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

  readWith(take: Take, options?: WaitOptions): Promise<number | null> {
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

  get isWritable(): boolean {
    return this.#stream.isWritable;
  }

  writable(options?: WaitOptions): Promise<void> {
    return this.#stream.writable(options);
  }

  tryWrite(data: Writable): number | WouldBlock {
    return this.#stream.tryWrite(data);
  }

  write(data: Writable, options?: WriteOptions): Promise<number> {
    return this.#stream.write(data, options);
  }

  writeAll(data: Writable, options?: WriteOptions): Promise<void> {
    return this.#stream.writeAll(data, options);
  }

  writev(pieces: readonly Uint8Array[], options?: WriteOptions): Promise<void> {
    return this.#stream.writev(pieces, options);
  }

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
