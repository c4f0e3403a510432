/**
 * `ByteStream`: the one implementation of reading, writing and readiness, over any carrier.
 *
 * The contract of every stream of this package, TCP, TLS, memory or simulated:
 *
 * - **Level-triggered.** A wait looks at the state, not at events: it settles at once when the condition holds. A wake-up
 *   is a hint; another task may have been faster, so a `try*` call after it may still would-block.
 * - **Every wait settles**, with a value or a typed error, whatever happens to the connection.
 * - **Cancelling loses nothing.** Giving up a wait removes that wait: no byte is consumed, the stream stays usable.
 * - **One reader and one writer at a time**: a second concurrent one gets `BusyError`. Any number of `readable()`,
 *   `writable()`, `readClosed()` and `flush()` waits may stand.
 * - **Half-open.** The peer's FIN ends reading only; `shutdown('write')` ends writing only.
 * - Would-block and the end of the stream are values.
 *
 * The two halves live in `read-side.ts` and `write-side.ts`, the connection's life in `stream-core.ts`. This file is the
 * public door: it checks arguments and delegates, and is long because the documentation of every call is here.
 */

import type { Duplex } from 'node:stream';
import type { Clock } from '../vocabulary/clock.ts';
import { systemClock } from '../waiting/system-clock.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { Ready, ReadyBits, type Interest } from '../vocabulary/interest.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import { readExactly, readLine, readUntil, type DelimitedReadOptions } from './delimited-read.ts';
import { nodeDuplex } from './to-node.ts';
import { nodeTransport } from './from-node.ts';
import type { Consume, ByteConsumer } from './read-waits.ts';
import type { Source, SourceObserver } from '../vocabulary/source.ts';
import { ReadHalf, WriteHalf } from './halves.ts';
import { readFrame, type Decoder } from './frame-read.ts';
import type { HighWaterMarks } from './stream-parts.ts';
import { StreamCore, type StreamEnd, type StreamStatistics } from './stream-core.ts';
import { registerStream } from './registry.ts';
import type { Transport } from './transport.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import { webStreams, type WebStreams } from './to-web.ts';
import type { WriteData, WriteOptions } from './write-side.ts';

/** How a stream is set up; one object may serve many streams. */
export interface StreamOptions {
  /** Where time comes from. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** Bytes queued for reading above which the carrier is paused. @default 65536 (Node's and Linux's usual window) */
  readonly readHighWaterMark?: number | undefined;
  /** Unsent bytes from which the stream is not writable. @default 65536 */
  readonly writeHighWaterMark?: number | undefined;
}

/** How to close. */
export interface CloseOptions {
  /** Milliseconds that accepted bytes may take to be sent before they are dropped. @default 5000 */
  readonly linger?: number | undefined;
}

/** The default of `readHighWaterMark` and `writeHighWaterMark`, in bytes. */
export const DEFAULT_HIGH_WATER_MARK = 65_536;
/** The default of `linger`, in milliseconds: as long as nginx's `lingering_timeout`. */
const DEFAULT_LINGER = 5_000;

/**
 * A bidirectional stream of bytes with awaitable readiness.
 *
 * Streams come from `TcpStream.connect`, a listener, or the test kit; nobody calls the constructor but those who write
 * a carrier.
 *
 * @example
 * ```ts
 * import { memoryPair } from '@awaitio/core';
 *
 * const [client, server] = memoryPair();
 * await client.writeAll('ping');
 * await client.shutdown('write');
 * for await (const chunk of server) console.log(Buffer.from(chunk).toString()); // ping
 * await client.close();
 * await server.close();
 * ```
 */
export class ByteStream implements AsyncIterable<Uint8Array>, Source {
  readonly #core: StreamCore;

  constructor(transport: Transport, options?: StreamOptions) {
    this.#core = new StreamCore(transport, options?.clock ?? systemClock, marksOf(options));
    registerStream(this, this.#core.clock);
  }

  // --- Readiness -----------------------------------------------------------------------------------------------

  /** Whether a read would not wait: bytes, the end or an error are there to take. */
  get isReadable(): boolean {
    return this.#core.reading.isReadable;
  }

  /** Whether a write would not wait: there is room for at least one byte, or an error is there to see. */
  get isWritable(): boolean {
    return this.#core.writing.isWritable;
  }

  /** What the stream is ready for now, as the bits of {@link ReadyBits}. */
  get readiness(): number {
    return this.#core.readiness;
  }

  /** The error that broke the connection, if one did. */
  get failure(): unknown {
    return this.#core.failure;
  }

  /** Whether this side closed or reset the stream. */
  get isDisposed(): boolean {
    return this.#core.isDisposed;
  }

  /**
   * Waits until bytes, the end of the stream or an error are there to take; level-triggered.
   *
   * Spurious wake-ups are allowed: another task may take the bytes first. Cancelling consumes nothing.
   *
   * @throws {@link ClosedError} when this side closes the stream; `TimeoutError`; `signal.reason`.
   */
  readable(options?: WaitOptions): Promise<void> {
    return this.#core.reading.readable(options);
  }

  /**
   * Waits until at least one byte can be written without waiting, or an error is there to see.
   *
   * @throws {@link ClosedError} when this side closes the stream; `TimeoutError`; `signal.reason`.
   */
  writable(options?: WaitOptions): Promise<void> {
    return this.#core.writing.writable(options);
  }

  /**
   * Waits until no more bytes will come: the peer finished, the connection broke, or this side closed it.
   *
   * Queued bytes do not matter. A carrier paused by a full queue does not see the end until somebody reads.
   *
   * @throws `TimeoutError`; `signal.reason`.
   */
  readClosed(options?: WaitOptions): Promise<void> {
    return this.#core.reading.readClosed(options);
  }

  /**
   * Waits until one of the interests is met.
   *
   * @param interest - `Interest.READABLE`, `Interest.WRITABLE` or both, joined with `|`.
   * @returns What the stream is ready for, narrowed to the interests, with the closed and error flags.
   * @throws {@link ClosedError} when this side closes the stream; `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  async ready(interest: Interest, options?: WaitOptions): Promise<Ready> {
    if (!Number.isInteger(interest) || interest < 1 || interest > 3) {
      throw invalidInput(
        'ready',
        'interest',
        'Interest.READABLE, Interest.WRITABLE or both',
        interest,
      );
    }
    const mask = interest | ReadyBits.READ_CLOSED | ReadyBits.WRITE_CLOSED | ReadyBits.ERROR;
    return new Ready((await this.#core.ready(interest, options)) & mask);
  }

  // --- Reading -------------------------------------------------------------------------------------------------

  /**
   * Takes what is there, without waiting.
   *
   * @param buffer - Where to put the bytes; an empty one takes nothing and gives 0.
   * @returns How many bytes were taken; `null` at the end of the stream; `WOULD_BLOCK` when nothing is there yet.
   * @throws {@link BrokenError} when the connection broke and its bytes were taken; `ClosedError`; `BusyError`.
   */
  tryRead(buffer: Uint8Array): number | null | WouldBlock {
    return this.#core.reading.tryRead(checkBuffer('tryRead', buffer));
  }

  /**
   * Waits for bytes and puts them into `buffer`.
   *
   * @returns How many bytes came, at least 1 for a non-empty buffer; `null` at the end of the stream.
   * @throws {@link BrokenError} when the connection broke; `ClosedError`; `BusyError`; `TimeoutError`;
   * `signal.reason`. A read given up has consumed nothing and leaves the buffer untouched.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('hello');
   * const buffer = new Uint8Array(1024);
   * const n = await server.read(buffer, { timeout: 1_000 });
   * console.log(n); // 5
   * ```
   */
  read(buffer: Uint8Array, options?: WaitOptions): Promise<number | null> {
    try {
      checkBuffer('read', buffer);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#core.reading.read(buffer, options);
  }

  /**
   * Waits for bytes and lends them to `take`, once and synchronously: reading without a copy.
   *
   * The view is valid only during the call, as it may be the read buffer of the whole process. What `take` leaves stays
   * queued. A `take` that throws took nothing; its error is the result.
   *
   * @param take - Gets a view and returns how many bytes of it, from the start, it took: a function, or an object whose
   * method `take` is one.
   * @returns What `take` returned; `null` at the end of the stream.
   * @throws `InvalidInputError` for a count that is not within the view: nothing was taken; or for what is no taker. Else
   * as {@link ByteStream.read}.
   */
  readWith(take: Consume, options?: WaitOptions): Promise<number | null> {
    try {
      checkTake(take);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#core.reading.readWith(take, options);
  }

  /**
   * Waits for bytes and gives the next piece of them, of whatever size they came in.
   *
   * @returns A chunk that is the caller's to keep; `null` at the end of the stream.
   * @throws as {@link ByteStream.read}.
   */
  readChunk(options?: WaitOptions): Promise<Uint8Array | null> {
    return this.#core.reading.readChunk(options);
  }

  /**
   * Waits for exactly `count` bytes.
   *
   * @param count - A whole number from 0; so many bytes may be queued, whatever the high-water mark.
   * @throws `UnexpectedEofError` when the stream ends before; what came stays queued. Else as {@link ByteStream.read}.
   */
  readExactly(count: number, options?: WaitOptions): Promise<Uint8Array> {
    return readExactly(this.#core.reading, count, options);
  }

  /**
   * Waits for `delimiter` and gives everything up to and including it.
   *
   * @param delimiter - At least one byte, or a string that stands for its UTF-8 bytes.
   * @param options - `limit`: the most bytes to take, delimiter included. @default 65536
   * @returns The bytes; `null` when the stream ends with nothing queued.
   * @throws `LimitError` when the limit is reached without it; `UnexpectedEofError` when the stream ends inside. In
   * both cases the bytes stay queued. Else as {@link ByteStream.read}.
   */
  readUntil(
    delimiter: Uint8Array | string,
    options?: DelimitedReadOptions,
  ): Promise<Uint8Array | null> {
    return readUntil(this.#core.reading, delimiter, options);
  }

  /**
   * Waits for a line, ended by LF or CRLF or, for the last one, by the end of the stream.
   *
   * @param options - `limit`: the most bytes to take, line end included. @default 65536
   * @returns The line as UTF-8 text without its end; `null` at the end of the stream.
   * @throws `LimitError` when no line end comes within the limit; the bytes stay queued. Else as
   * {@link ByteStream.read}.
   */
  readLine(options?: DelimitedReadOptions): Promise<string | null> {
    return readLine(this.#core.reading, options);
  }

  /**
   * Waits until `decoder` finds a whole frame in what has come, and takes exactly that frame.
   *
   * @param decoder - How the protocol cuts bytes into frames; `decoder.limit` bounds the bytes of one.
   * @returns The frame; `null` when the stream ends between two frames.
   * @throws `LimitError` when the limit is reached without a whole frame; `UnexpectedEofError` when the stream ends inside
   * one; what the decoder throws. In all three cases the bytes stay queued. Else as {@link ByteStream.read}.
   *
   * @example
   * ```ts
   * import { memoryPair, WOULD_BLOCK, type Decoder } from '@awaitio/core';
   *
   * // One byte that says how many follow.
   * const short: Decoder<string> = {
   *   decode(input) {
   *     if (input.length === 0) return WOULD_BLOCK;
   *     const [size] = input.take(1) as unknown as [number];
   *     return input.length < size ? WOULD_BLOCK : Buffer.from(input.take(size)).toString();
   *   },
   * };
   * const [client, server] = memoryPair({ chunkSize: 1 });
   * await client.writeAll('\x05hello');
   * console.log(await server.readFrame(short)); // hello
   * await client.close();
   * await server.close();
   * ```
   */
  readFrame<T>(decoder: Decoder<T>, options?: WaitOptions): Promise<T | null> {
    return readFrame(this.#core.reading, decoder, options);
  }

  /**
   * Copies the next bytes without taking them, and without waiting.
   *
   * @param count - The most bytes to copy.
   * @returns The bytes, fewer than `count` when fewer are there; `null` at the end; `WOULD_BLOCK` when none are there.
   * @throws as {@link ByteStream.tryRead}.
   */
  peek(count: number): Uint8Array | null | WouldBlock {
    if (!Number.isInteger(count) || count < 0) {
      throw invalidInput('peek', 'count', 'a whole number from 0', count);
    }
    return this.#core.reading.peek(count);
  }

  /** Iterates over the chunks; leaving the loop leaves the stream open, with every later byte in it. */
  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = await this.readChunk();
      if (chunk === null) return;
      yield chunk;
    }
  }

  // --- Writing -------------------------------------------------------------------------------------------------

  /**
   * Writes what fits below the high-water mark, without waiting.
   *
   * @param data - Bytes, copied so that the buffer may be reused at once; or a string that stands for its latin1 bytes.
   * @returns How many bytes were accepted, at least 1 of a non-empty `data`; `WOULD_BLOCK` when there is no room.
   * @throws {@link BrokenError} when the connection broke; `ClosedError` after `close` or `shutdown('write')`;
   * `BusyError`.
   */
  tryWrite(data: WriteData, options?: { readonly transfer?: boolean }): number | WouldBlock {
    return this.#core.writing.tryWrite(checkData('tryWrite', data), options?.transfer === true);
  }

  /**
   * Waits for room and writes what fits: one write.
   *
   * @returns How many bytes were accepted.
   * @throws as {@link ByteStream.tryWrite}; `TimeoutError`; `signal.reason`. A write given up accepted nothing.
   */
  write(data: WriteData, options?: WriteOptions): Promise<number> {
    try {
      checkData('write', data);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#core.writing.write(data, options);
  }

  /**
   * Writes everything, waiting for room as often as it takes.
   *
   * @param options - `signal` and `timeout` for the whole; `transfer` gives the bytes away; `progress.accepted` tells
   * how many bytes were accepted, also when the write was given up: those will be sent, the rest will not.
   * @throws as {@link ByteStream.write}.
   */
  writeAll(data: WriteData, options?: WriteOptions): Promise<void> {
    try {
      checkData('writeAll', data);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#core.writing.writeAll(data, options);
  }

  /**
   * Writes several pieces as if they were one: in one system write when there is room for all of them.
   *
   * @throws as {@link ByteStream.writeAll}.
   */
  async writev(pieces: readonly Uint8Array[], options?: WriteOptions): Promise<void> {
    if (!Array.isArray(pieces))
      throw invalidInput('writev', 'pieces', 'an array of Uint8Array', pieces);
    for (const piece of pieces as readonly Uint8Array[]) checkBuffer('writev', piece);
    await this.#core.writing.writev(pieces, options);
  }

  /**
   * Waits until everything accepted was passed on by the carrier (for TCP: to the kernel).
   *
   * @throws {@link BrokenError}; `ClosedError`; `TimeoutError`; `signal.reason`.
   */
  flush(options?: WaitOptions): Promise<void> {
    return this.#core.writing.flush(options);
  }

  /**
   * Whether memory that was given away with `transfer` may be used again: all of it was passed on, and nothing refers to
   * it any more.
   *
   * Never so on carriers that pass the memory itself on, such as memory pairs and Node’s streams.
   */
  get isReleased(): boolean {
    return this.#core.transport.isReleased === true;
  }

  // --- The end -------------------------------------------------------------------------------------------------

  /**
   * Ends one direction, or both, without letting the connection go.
   *
   * `'write'` sends what was accepted and then FIN; reading goes on. `'read'` drops what is queued and what still
   * comes; reads give `null`. A write that waits fails with `ClosedError`. Doing it twice does nothing.
   *
   * @returns Settled when the FIN was passed on; for `'read'` at once.
   * @throws {@link BrokenError} when the connection breaks first; `TimeoutError`; `signal.reason` (the FIN is still
   * sent).
   */
  async shutdown(how: 'read' | 'write' | 'both', options?: WaitOptions): Promise<void> {
    if (how !== 'read' && how !== 'write' && how !== 'both') {
      throw invalidInput('shutdown', 'how', "'read', 'write' or 'both'", how);
    }
    if (how !== 'write') this.#core.shutdownRead();
    if (how !== 'read') await this.#core.shutdownWrite(options);
  }

  /**
   * Breaks the connection off so that the peer notices (RST); what is queued and unsent is dropped.
   *
   * @param reason - Why, for {@link ByteStream.closed}: the end then reads `aborted` instead of `reset`.
   */
  reset(reason?: unknown): void {
    this.#core.abort(reason === undefined ? 'reset' : 'aborted', reason);
  }

  /**
   * Closes: accepted bytes are sent, everything else ends now. Idempotent, and never fails.
   *
   * Waiting calls fail with `ClosedError`. The peer sees the end of the stream.
   *
   * @returns Settled when the connection is gone.
   */
  async close(options?: CloseOptions): Promise<void> {
    await this.#core.close(options?.linger ?? DEFAULT_LINGER);
  }

  /** Closes at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Settles when the connection is gone, with how and by whom it ended; never rejects. */
  get closed(): Promise<StreamEnd> {
    return this.#core.closed;
  }

  /** Whether the connection is gone. */
  get isClosed(): boolean {
    return this.#core.isClosed;
  }

  // --- Around it -----------------------------------------------------------------------------------------------

  /**
   * Gives a reader and a writer that two tasks can hold, as tokio's `into_split`; `reader.reunite(writer)` gives the
   * stream back.
   */
  split(): [reader: ReadHalf, writer: WriteHalf] {
    return [new ReadHalf(this), new WriteHalf(this)];
  }

  /**
   * Makes a stream of any stream of Node: a socket, a TLS or SSH channel, a child process's pipe, a compressor.
   *
   * @param duplex - Read and written by the result from now on. Its `allowHalfOpen` is set, since a peer that has
   * finished is not gone. It must carry bytes, and emit `'close'` as streams of Node do by default.
   * @returns A stream whose failures are this package's errors, with Node's as their `cause`. A Node stream destroyed by
   * somebody else breaks it: `BrokenError` with the code `ERR_STREAM_PREMATURE_CLOSE`.
   * @throws `InvalidInputError` for what is no duplex stream of bytes.
   *
   * @example
   * ```ts
   * import { PassThrough } from 'node:stream';
   * import { ByteStream } from '@awaitio/core';
   *
   * const stream = ByteStream.fromNode(new PassThrough());
   * await stream.writeAll('there and back\n');
   * console.log(await stream.readLine()); // there and back
   * await stream.close();
   * ```
   */
  static fromNode(duplex: Duplex, options?: StreamOptions): ByteStream {
    return new ByteStream(nodeTransport(duplex), options);
  }

  /**
   * Makes a `Duplex` of Node for libraries that want one; it reads and writes this stream from now on.
   *
   * Back-pressure passes through both ways; Node reads ahead up to its own high-water mark. `end()` sends FIN and reading
   * goes on. A failure comes as `'error'` and `'close'`, and ends the process only if somebody rethrows it: a listener is
   * there from the start. `destroy(error)` resets the connection, `destroy()` closes it without waiting for what is unsent.
   *
   * @example
   * ```ts
   * import { pipeline } from 'node:stream/promises';
   * import { createGzip, gunzipSync } from 'node:zlib';
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * const zipping = pipeline(['to be ', 'sent small'], createGzip(), client.toNode());
   * const chunks: Uint8Array[] = [];
   * for await (const chunk of server) chunks.push(chunk);
   * console.log(gunzipSync(Buffer.concat(chunks)).toString()); // to be sent small
   * await server.close();
   * await zipping;
   * ```
   */
  toNode(): Duplex {
    return nodeDuplex(this);
  }

  /**
   * Makes a pair of Web streams; they read and write this stream from now on.
   *
   * Nothing is read ahead, so releasing a reader loses nothing. Closing `writable` sends FIN and reading goes on; aborting
   * it resets the connection; cancelling `readable` ends reading only. When both are done the connection is closed.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * const { readable, writable } = server.toWeb();
   * const echo = readable.pipeTo(writable);
   * await client.writeAll('hello');
   * await client.shutdown('write');
   * console.log(await client.readLine()); // hello
   * await echo;
   * await client.close();
   * ```
   */
  toWeb(): WebStreams {
    return webStreams(this);
  }

  /** Lets the process end while this stream is open, as `socket.unref()`. */
  unref(): void {
    this.#core.transport.setRef(false);
  }

  /** Keeps the process alive while this stream is open, which is the default. */
  ref(): void {
    this.#core.transport.setRef(true);
  }

  /** A frozen snapshot: bytes, what is buffered, and who waits for how long. */
  statistics(): StreamStatistics {
    return this.#core.statistics();
  }

  /** Tells `observer` whenever {@link ByteStream.readiness} may have risen; for poll sets. */
  observe(observer: SourceObserver): void {
    this.#core.observe(observer);
  }

  /** Ends {@link ByteStream.observe}. */
  unobserve(observer: SourceObserver): void {
    this.#core.unobserve(observer);
  }
}

const DEFAULT_MARKS: HighWaterMarks = Object.freeze({
  read: DEFAULT_HIGH_WATER_MARK,
  write: DEFAULT_HIGH_WATER_MARK,
});

function marksOf(options: StreamOptions | undefined): HighWaterMarks {
  const { readHighWaterMark: read, writeHighWaterMark: write } = options ?? {};
  if (read === undefined && write === undefined) return DEFAULT_MARKS;
  return { read: read ?? DEFAULT_HIGH_WATER_MARK, write: write ?? DEFAULT_HIGH_WATER_MARK };
}

function checkBuffer(operation: string, buffer: Uint8Array): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  throw invalidInput(operation, 'buffer', 'a Uint8Array', buffer);
}

function checkTake(take: Consume): void {
  if (typeof take === 'function' || typeof (take as ByteConsumer | null)?.take === 'function')
    return;
  throw invalidInput('readWith', 'take', 'a function, or an object with a method take', take);
}

function checkData(operation: string, data: WriteData): WriteData {
  if (typeof data === 'string' || data instanceof Uint8Array) return data;
  throw invalidInput(operation, 'data', 'a Uint8Array or a latin1 string', data);
}
