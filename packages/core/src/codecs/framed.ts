/**
 * Streams of frames instead of bytes, after tokio_util's `Framed`: a stream and a codec, joined.
 *
 * The codec knows the protocol and never waits; the stream waits and knows no protocol. What joins them keeps one promise
 * in each direction. Reading takes whole frames off the stream and nothing else, so whoever leaves a loop, gives a read up
 * or drops the reader finds every later byte in the stream. Writing never leaves half a frame on the wire: of a write that
 * is given up in the middle the rest is kept, and goes out before anything else.
 */

import type { CloseOptions, DuplexStream } from '../streams/duplex-stream.ts';
import type { WriteHalf } from '../streams/halves.ts';
import type { StreamReader } from '../streams/stream-reader.ts';
import type { Decoder } from '../streams/frame-read.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import type { WriteOptions } from '../streams/write-side.ts';

/** How a protocol makes bytes of an item. */
export interface Encoder<T> {
  /**
   * @returns The item's frame; the writer owns the bytes and never changes them.
   * @throws Anything, for an item that the protocol cannot carry; nothing is written then.
   */
  encode(item: T): Uint8Array;
}

/** Both directions of a protocol: reads `In`, writes `Out`. */
export interface Codec<In, Out = In> extends Decoder<In>, Encoder<Out> {}

/** How to give up a write of a frame. */
export interface FrameWriteOptions extends Pick<WriteOptions, 'signal' | 'timeout' | 'progress'> {}

/** The reading direction of {@link Framed}: takes frames off a stream, or off its reading half. */
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
   * @returns The frame; `null` when the stream ends between two frames.
   * @throws as {@link StreamReader.readFrame}. A read given up, or one that fails, took nothing.
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
  /** What a write that was given up still owes the wire. */
  #rest: Uint8Array | undefined;

  constructor(destination: DuplexStream | WriteHalf, encoder: Encoder<T>) {
    this.#destination = destination;
    this.#encoder = encoder;
  }

  /**
   * Writes one frame, waiting for room as often as it takes.
   *
   * @param options - `signal` and `timeout` give the write up; `progress.accepted` says how many bytes of this frame were
   * accepted: after an abort 0 means that the frame will not be sent, more that its rest goes out before the next frame,
   * or with `flush` or `shutdown`.
   * @throws What the codec throws for this item; else as `StreamWriter.writeAll`.
   */
  async write(item: T, options?: FrameWriteOptions): Promise<void> {
    await this.#send(this.#encoder.encode(item), options);
  }

  /**
   * Waits until everything written was passed on by the carrier, the rest of a frame given up included.
   *
   * @throws as `StreamWriter.flush`.
   */
  async flush(options?: WaitOptions): Promise<void> {
    if (this.#rest !== undefined) await this.#send(NOTHING, options);
    await this.#destination.flush(options);
  }

  /**
   * Finishes writing: FIN after everything written, the rest of a frame given up included; reading goes on.
   *
   * @throws as {@link DuplexStream.shutdown}.
   */
  async shutdown(options?: WaitOptions): Promise<void> {
    if (this.#rest !== undefined) await this.#send(NOTHING, options);
    if ('belongsTo' in this.#destination) await this.#destination.shutdown(options);
    else await this.#destination.shutdown('write', options);
  }

  async #send(frame: Uint8Array, options: FrameWriteOptions | undefined): Promise<void> {
    const rest = this.#rest ?? NOTHING;
    this.#rest = undefined;
    const bytes = rest.length === 0 ? frame : Buffer.concat([rest, frame]);
    const progress = { accepted: 0 };
    try {
      await this.#destination.writeAll(bytes, { ...options, transfer: true, progress });
    } catch (error) {
      // What was begun is owed, and a frame of which nothing was accepted is not.
      const owed = progress.accepted > rest.length ? bytes : rest;
      if (progress.accepted < owed.length) this.#rest = owed.subarray(progress.accepted);
      throw error;
    } finally {
      const own = options?.progress;
      if (own !== undefined) own.accepted = Math.max(0, progress.accepted - rest.length);
    }
  }
}

/**
 * A stream of frames: reads and writes whole items of a protocol.
 *
 * One reader and one writer at a time, as the stream itself.
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
  /** The stream below; what no frame was made of is still in it. */
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
