/**
 * Streams of frames instead of bytes, after tokio_util's `Framed`: a stream and a codec, joined.
 *
 * The codec knows the protocol and never waits; the stream waits and knows no protocol. Joining them keeps one promise
 * in each direction. Reading takes whole frames from the stream and nothing else, so after leaving a loop, cancelling a
 * read or dropping the reader every later byte is still in the stream. Writing never leaves half a frame on the wire:
 * the remainder of a write that was cancelled in the middle is kept, and is sent before anything else.
 */

import type { CloseOptions, DuplexStream } from '../streams/duplex-stream.ts';
import type { WriteHalf } from '../streams/halves.ts';
import type { StreamReader } from '../streams/stream-reader.ts';
import type { Decoder } from '../streams/frame-read.ts';
import { checkIsObject } from '../vocabulary/check.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import { payThrough, type WriteOptions } from '../streams/stream-writer.ts';

/** How a protocol turns an item into bytes. */
export interface Encoder<T> {
  /**
   * Encodes one item.
   *
   * @returns The item's frame; the writer owns the bytes and never changes them.
   * @throws Anything, for an item that the protocol cannot represent; nothing is written then.
   */
  encode(item: T): Uint8Array;
}

/** Both directions of a protocol: reads `In`, writes `Out`. */
export interface Codec<In, Out = In> extends Decoder<In>, Encoder<Out> {}

/** How to cancel the write of a frame. */
export interface FrameWriteOptions extends Pick<WriteOptions, 'signal' | 'timeout' | 'progress'> {}

/**
 * The reading direction of {@link Framed}: takes frames from a stream, its reading half, or any {@link StreamReader}.
 */
export class FrameReader<T> implements AsyncIterable<T> {
  readonly #source: StreamReader;
  readonly #decoder: Decoder<T>;

  constructor(source: StreamReader, decoder: Decoder<T>) {
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

  /** Iterates over the frames; leaving the loop leaves the stream open, with every later byte in it. */
  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const frame = await this.read();
      if (frame === null) return;
      yield frame;
    }
  }
}

/** The writing direction of {@link Framed}: writes frames to a stream, or to its writing half. */
export class FrameWriter<T> {
  readonly #destination: DuplexStream | WriteHalf;
  readonly #encoder: Encoder<T>;
  /** The unsent remainder of a frame whose write was cancelled. */
  #remainder: Uint8Array | undefined;

  constructor(destination: DuplexStream | WriteHalf, encoder: Encoder<T>) {
    this.#destination = destination;
    this.#encoder = encoder;
  }

  /**
   * Writes one frame, waiting for room as often as it takes.
   *
   * Cancelling before a byte was accepted drops the frame; afterwards its remainder is sent before the next frame, or
   * by `flush` or `shutdown`.
   *
   * @param options - `signal` cancels the write; `timeout` limits it, in milliseconds (default: no limit);
   * `progress.accepted` is how many bytes of this frame were accepted, also after an error.
   * @throws What the codec throws for this item; otherwise as `StreamWriter.writeAll`.
   */
  async write(item: T, options?: FrameWriteOptions): Promise<void> {
    let frame: Uint8Array;
    try {
      if (options !== undefined) checkIsObject('write', options);
      frame = this.#encoder.encode(item);
    } catch (error) {
      await payThrough(this.#destination);
      throw error;
    }
    await this.#send(frame, options);
  }

  /**
   * Waits until everything written was passed on by the carrier, the remainder of a cancelled write included.
   *
   * @throws as `StreamWriter.flush`.
   */
  async flush(options?: WaitOptions): Promise<void> {
    if (this.#remainder !== undefined) await this.#send(NOTHING, options);
    await this.#destination.flush(options);
  }

  /**
   * Finishes writing: FIN after everything written, the remainder of a cancelled write included; reading goes on.
   *
   * @throws as {@link DuplexStream.shutdown}.
   */
  async shutdown(options?: WaitOptions): Promise<void> {
    if (this.#remainder !== undefined) await this.#send(NOTHING, options);
    if ('belongsTo' in this.#destination) await this.#destination.shutdown(options);
    else await this.#destination.shutdown('write', options);
  }

  async #send(frame: Uint8Array, options: FrameWriteOptions | undefined): Promise<void> {
    const remainder = this.#remainder ?? NOTHING;
    this.#remainder = undefined;
    const bytes = remainder.length === 0 ? frame : Buffer.concat([remainder, frame]);
    const progress = { accepted: 0 };
    try {
      await this.#destination.writeAll(bytes, { ...options, transfer: true, progress });
    } catch (error) {
      // A frame of which a byte was accepted must be completed; one of which none was is dropped.
      const due = progress.accepted > remainder.length ? bytes : remainder;
      if (progress.accepted < due.length) this.#remainder = due.subarray(progress.accepted);
      throw error;
    } finally {
      const reported = options?.progress;
      if (reported !== undefined)
        reported.accepted = Math.max(0, progress.accepted - remainder.length);
    }
  }
}

/**
 * A stream of frames: reads and writes whole items of a protocol.
 *
 * One reader and one writer at a time, as for the stream itself.
 *
 * @example
 * ```ts
 * import { Framed, linesCodec, memoryPair } from '@awaitio/core';
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

  /** Iterates over the frames; leaving the loop leaves the stream open, with every later byte in it. */
  [Symbol.asyncIterator](): AsyncIterator<In> {
    return this.#reader[Symbol.asyncIterator]();
  }

  /** Closes the stream: see {@link DuplexStream.close}. */
  close(options?: CloseOptions): Promise<void> {
    return this.stream.close(options);
  }

  /** Closes at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const NOTHING = new Uint8Array(0);
