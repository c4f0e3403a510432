/**
 * Streams of frames instead of bytes, after tokio_util's `Framed`: a stream and a codec, joined.
 *
 * The codec knows the protocol and never waits; the stream waits and knows no protocol. Joining them keeps one promise
 * in each direction. Reading takes whole frames from the stream and nothing else, so after leaving a loop, cancelling a
 * read or dropping the reader every later byte is still in the stream. Writing never leaves half a frame on the wire
 * (`frame-writer.ts`).
 */

import type { CloseOptions, DuplexStream } from '../streams/duplex-stream.ts';
import { checkMethods } from '../vocabulary/check.ts';
import type { StreamReader } from '../streams/stream-reader.ts';
import type { Decoder } from '../streams/frame-read.ts';
import { WaitIterator } from '../waiting/wait-iterator.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import { FrameWriter, type Encoder, type FrameWriteOptions } from './frame-writer.ts';

/**
 * Both directions of a protocol: reads `In`, writes `Out`.
 *
 * Its `limit` is for both: without one, frames of up to 65536 bytes are read, and any are written. Where each direction has
 * its own, use a {@link FrameReader} and a {@link FrameWriter}.
 */
export interface Codec<In, Out = In> extends Decoder<In>, Encoder<Out> {
  /** The most bytes of one frame, headers and delimiters included. @default 65536 for reading, no limit for writing */
  readonly limit?: number | undefined;
}

/**
 * The reading direction of {@link Framed}: takes frames from a stream, its reading half, or any {@link StreamReader}.
 */
export class FrameReader<T> implements AsyncIterable<T> {
  readonly #source: StreamReader;
  readonly #decoder: Decoder<T>;

  constructor(source: StreamReader, decoder: Decoder<T>) {
    checkMethods('FrameReader', 'source', source, ['readFrame']);
    checkMethods('FrameReader', 'decoder', decoder, ['decode']);
    this.#source = source;
    this.#decoder = decoder;
  }

  /**
   * Waits for the next frame.
   *
   * Cancelling takes nothing, and neither does a read that fails.
   *
   * @param options - `signal` cancels the read; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The frame; `null` when the stream ends between two frames.
   * @throws as {@link StreamReader.readFrame}.
   */
  read(options?: WaitOptions): Promise<T | null> {
    return this.#source.readFrame(this.#decoder, options);
  }

  /**
   * Iterates over the frames: `for await` with a signal and a timeout.
   *
   * Leaving the loop ends a pending wait at once and leaves the stream open, with every later byte in it; so do the signal
   * and the timeout.
   *
   * @param options - `signal` cancels the iteration; `timeout` limits the wait for each frame, in milliseconds (default:
   * no limit).
   * @throws in the loop as {@link FrameReader.read}; `InvalidInputError` at once.
   */
  frames(options?: WaitOptions): AsyncIterableIterator<T> {
    const take = (wait: WaitOptions): Promise<T | null> => this.read(wait);
    return new WaitIterator({ operation: 'frames', take, end: null }, options);
  }

  /** As {@link FrameReader.frames}, without a signal or a timeout. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.frames();
  }
}

/**
 * A stream of frames: reads and writes whole items of a protocol.
 *
 * One reader and one writer at a time, as for the stream itself.
 *
 * @example
 * ```ts
 * import { Framed, memoryPair } from '@awaitio/core';
 * import { linesCodec } from '@awaitio/core/lowlevel';
 *
 * const [a, b] = memoryPair();
 * await using client = new Framed(a, linesCodec());
 * await using server = new Framed(b, linesCodec());
 * await client.write('hello');
 * for await (const line of server) {
 *   console.log(line); // hello
 *   break; // the stream stays open
 * }
 * await server.write('goodbye');
 * console.log(await client.read({ timeout: 1_000 })); // goodbye
 * ```
 */
export class Framed<In, Out = In> implements AsyncIterable<In> {
  /** The stream below; it still holds every byte that is not part of a frame that was read. */
  readonly stream: DuplexStream;
  readonly #reader: FrameReader<In>;
  readonly #writer: FrameWriter<Out>;

  constructor(stream: DuplexStream, codec: Codec<In, Out>) {
    checkMethods('Framed', 'stream', stream, ['readFrame', 'writeAll', 'close']);
    this.stream = stream;
    this.#reader = new FrameReader(stream, codec);
    this.#writer = new FrameWriter(stream, codec);
  }

  /** Waits for the next frame; see {@link FrameReader.read}. */
  read(options?: WaitOptions): Promise<In | null> {
    return this.#reader.read(options);
  }

  /** Writes one frame; see {@link FrameWriter.write}. */
  write(item: Out, options?: FrameWriteOptions): Promise<void> {
    return this.#writer.write(item, options);
  }

  /** Waits until everything written was passed on by the carrier; see {@link FrameWriter.flush}. */
  flush(options?: WaitOptions): Promise<void> {
    return this.#writer.flush(options);
  }

  /** Finishes writing; reading goes on. See {@link FrameWriter.shutdown}. */
  shutdown(options?: WaitOptions): Promise<void> {
    return this.#writer.shutdown(options);
  }

  /** Iterates over the frames, with a signal and a timeout; see {@link FrameReader.frames}. */
  frames(options?: WaitOptions): AsyncIterableIterator<In> {
    return this.#reader.frames(options);
  }

  /** As {@link Framed.frames}, without a signal or a timeout. */
  [Symbol.asyncIterator](): AsyncIterator<In, undefined> {
    return this.#reader.frames();
  }

  /**
   * Closes the stream, as {@link DuplexStream.close} does, but never after half a frame.
   *
   * A frame that was accepted in part, by a write that was given up or by one that still waits, is finished first. When
   * the peer does not take it within `linger`, or the connection breaks, the stream is reset: the peer sees an error, and
   * no clean end. A write of which no byte was accepted fails with `ClosedError`.
   *
   * @param options - `linger`: how many milliseconds the whole may take before the connection is reset (default: 5000).
   * @returns Fulfilled when the connection is closed.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#writer.close(options);
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
