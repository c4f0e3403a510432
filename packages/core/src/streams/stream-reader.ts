/**
 * The contract of reading: what every source of bytes offers, whatever carries them.
 *
 * - **Level-triggered.** A wait looks at the state, not at events: it settles at once when the condition holds. A
 *   wake-up is a hint: another task may take the bytes first, so a `try*` call after it may still return `WOULD_BLOCK`.
 * - **Every wait settles**, with a value or a typed error, whatever happens to the connection.
 * - **Cancelling loses nothing.** A read that is cancelled or times out has consumed no byte; the stream stays usable.
 * - **One reader at a time**: a second concurrent read fails with `BusyError`; many `readable()` waits may be pending.
 * - **Values for expected conditions**: `null` at the end of the stream, `WOULD_BLOCK` where a call would have to wait.
 * - **Bytes before the break.** When the connection breaks, reads first return what arrived, then fail with the error.
 */

import type { WouldBlock } from '../vocabulary/would-block.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import type { DelimitedReadOptions } from './delimited-read.ts';
import type { Decoder } from './frame-read.ts';
import type { Consume } from './queue/read-waits.ts';

/**
 * A source of bytes with awaitable readiness: a stream, or its reading half. Functions that only read take this.
 *
 * @example
 * ```ts
 * import { memoryPair, type StreamReader } from '@awaitio/core';
 *
 * async function countLines(source: StreamReader): Promise<number> {
 *   let count = 0;
 *   while ((await source.readLine()) !== null) count += 1;
 *   return count;
 * }
 *
 * const [client, server] = memoryPair();
 * await client.writeAll('one\ntwo\n');
 * await client.close();
 * const [reader] = server.split();
 * console.log(await countLines(reader)); // 2
 * await server.close();
 * ```
 */
export interface StreamReader extends AsyncIterable<Uint8Array> {
  /** Whether a read would not wait: bytes are queued, or the stream has ended, broken or been closed. */
  readonly isReadable: boolean;

  /**
   * Waits until a read would not wait; level-triggered.
   *
   * Spurious wake-ups are allowed: another task may take the bytes first. Cancelling consumes nothing.
   *
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @returns Fulfilled when bytes are queued, and also at the end of the stream or when the connection broke: the read
   * that follows reports which.
   * @throws `ClosedError` when this side closes the stream; `TimeoutError`; `signal.reason`; `InvalidInputError`
   * for wrong options.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('hello');
   * await server.readable();
   * console.log(server.tryRead(new Uint8Array(1024))); // 5
   * await client.close();
   * await server.close();
   * ```
   */
  readable(options?: WaitOptions): Promise<void>;

  /**
   * Takes queued bytes, without waiting.
   *
   * @param buffer - Where to put the bytes; an empty one takes nothing and returns 0.
   * @returns How many bytes were taken; `null` at the end of the stream; `WOULD_BLOCK` when none are queued.
   * @throws `BrokenError` when the connection broke and its bytes were taken; `ClosedError` after `close` or
   * `reset`; `BusyError` while another task reads; `InvalidInputError` when `buffer` is not a `Uint8Array`.
   */
  tryRead(buffer: Uint8Array): number | null | WouldBlock;

  /**
   * Waits for bytes and puts them into `buffer`.
   *
   * Cancelling consumes nothing and leaves the buffer untouched.
   *
   * @param buffer - Where to put the bytes; it belongs to the read while that is pending.
   * @param options - `signal` cancels the read; `timeout` limits it, in milliseconds (default: no limit).
   * @returns How many bytes were read, at least 1 for a non-empty buffer; `null` at the end of the stream.
   * @throws `BrokenError` when the connection broke; `ClosedError` when this side closes or resets the stream;
   * `BusyError` while another task reads; `TimeoutError`; `signal.reason`; `InvalidInputError`.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('hello');
   * console.log(await server.read(new Uint8Array(1024), { timeout: 1_000 })); // 5
   * await client.close();
   * await server.close();
   * ```
   */
  read(buffer: Uint8Array, options?: WaitOptions): Promise<number | null>;

  /**
   * Waits for bytes and passes a view of them to `take`, once and synchronously: reading without a copy.
   *
   * The view is valid only during the call, as it may be the read buffer of the whole process. What `take` leaves stays
   * queued. A `take` that throws took nothing; the read fails with its error. Cancelling consumes nothing.
   *
   * @param take - Receives a view and returns how many bytes of it, from the start, it took: a function, or an object
   * with such a method `take`.
   * @param options - `signal` cancels the read; `timeout` limits it, in milliseconds (default: no limit).
   * @returns What `take` returned; `null` at the end of the stream.
   * @throws `InvalidInputError` when `take` returns a count outside the view (nothing was taken), or is neither a
   * function nor such an object; the error that `take` throws. Otherwise as {@link StreamReader.read}.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('hello');
   * await server.readWith((view) => {
   *   console.log(Buffer.from(view).toString()); // hello
   *   return view.length;
   * });
   * await client.close();
   * await server.close();
   * ```
   */
  readWith(take: Consume, options?: WaitOptions): Promise<number | null>;

  /**
   * Waits for bytes and returns the next chunk of them, of whatever size they arrived in.
   *
   * @param options - `signal` cancels the read; `timeout` limits it, in milliseconds (default: no limit).
   * @returns A chunk that is the caller's to keep; `null` at the end of the stream.
   * @throws as {@link StreamReader.read}.
   */
  readChunk(options?: WaitOptions): Promise<Uint8Array | null>;

  /**
   * Waits for exactly `count` bytes.
   *
   * Until all of them are queued none is taken, so cancelling loses nothing.
   *
   * @param count - A whole number from 0; that many bytes may be queued, whatever the high-water mark.
   * @param options - `signal` cancels the read; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The bytes, which are the caller's to keep.
   * @throws `UnexpectedEofError` when the stream ends first; what arrived stays queued. Otherwise as
   * {@link StreamReader.read}.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair({ chunkSize: 1 });
   * await client.writeAll('header, body');
   * console.log(Buffer.from(await server.readExactly(6)).toString()); // header
   * await client.close();
   * await server.close();
   * ```
   */
  readExactly(count: number, options?: WaitOptions): Promise<Uint8Array>;

  /**
   * Waits for `delimiter` and returns everything up to and including it.
   *
   * Until it is found nothing is taken, so cancelling loses nothing.
   *
   * @param delimiter - At least one byte, or a string that stands for its UTF-8 bytes.
   * @param options - `limit`: the most bytes to take, delimiter included (default: 65536); `signal` cancels the read;
   * `timeout` limits it, in milliseconds (default: no limit).
   * @returns The bytes; `null` when the stream ends with nothing queued.
   * @throws `LimitError` when `limit` bytes do not contain it; `UnexpectedEofError` when the stream ends before it. In
   * both cases the bytes stay queued. Otherwise as {@link StreamReader.read}.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('key=value;rest');
   * const pair = await server.readUntil(';', { limit: 100 });
   * console.log(Buffer.from(pair ?? []).toString()); // key=value;
   * await client.close();
   * await server.close();
   * ```
   */
  readUntil(
    delimiter: Uint8Array | string,
    options?: DelimitedReadOptions,
  ): Promise<Uint8Array | null>;

  /**
   * Waits for a line, ended by LF or CRLF or, for the last one, by the end of the stream.
   *
   * Until its end is found nothing is taken, so cancelling loses nothing.
   *
   * @param options - `limit`: the most bytes to take, line end included (default: 65536); `signal` cancels the read;
   * `timeout` limits it, in milliseconds (default: no limit).
   * @returns The line as UTF-8 text without its end; `null` at the end of the stream.
   * @throws `LimitError` when `limit` bytes contain no line end; they stay queued. Otherwise as
   * {@link StreamReader.read}.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('one\r\ntwo');
   * await client.close();
   * console.log(await server.readLine(), await server.readLine(), await server.readLine()); // one two null
   * await server.close();
   * ```
   */
  readLine(options?: DelimitedReadOptions): Promise<string | null>;

  /**
   * Waits until `decoder` finds a whole frame in the queued bytes, and takes exactly that frame.
   *
   * Until the frame is complete nothing is taken, so cancelling loses nothing.
   *
   * @param decoder - How the protocol cuts bytes into frames; `decoder.limit` is the most bytes of one frame (default:
   * 65536).
   * @param options - `signal` cancels the read; `timeout` limits it, in milliseconds (default: no limit).
   * @returns The frame; `null` when the stream ends between two frames.
   * @throws `LimitError` when the limit is reached without a whole frame; `UnexpectedEofError` when the stream ends
   * inside one; what the decoder throws. In all three cases the bytes stay queued. Otherwise as
   * {@link StreamReader.read}.
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
  readFrame<T>(decoder: Decoder<T>, options?: WaitOptions): Promise<T | null>;

  /**
   * Copies the next bytes without taking them, and without waiting.
   *
   * @param count - The most bytes to copy, a whole number from 0.
   * @returns The bytes, fewer than `count` when fewer are queued; `null` at the end of the stream; `WOULD_BLOCK` when
   * none are queued.
   * @throws `BrokenError` when the connection broke and its bytes were taken; `ClosedError` after `close` or
   * `reset`; `InvalidInputError`. It is allowed while another task reads.
   *
   * @example
   * ```ts
   * import { memoryPair, WOULD_BLOCK } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('GET /');
   * await server.readable();
   * console.log(server.peek(3) !== WOULD_BLOCK); // true
   * await client.close();
   * await server.close();
   * ```
   */
  peek(count: number): Uint8Array | null | WouldBlock;

  /**
   * Iterates over the chunks until the end of the stream: `for await` with a signal and a timeout.
   *
   * Leaving the loop ends a pending wait at once and leaves the stream open, with every later byte in it; so do the signal
   * and the timeout.
   *
   * @param options - `signal` cancels the iteration; `timeout` limits the wait for each chunk, in milliseconds (default:
   * no limit).
   * @throws in the loop as {@link StreamReader.readChunk}; `InvalidInputError` at once.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('hello');
   * await client.close();
   * for await (const chunk of server.chunks({ timeout: 1_000 })) console.log(chunk.length); // 5
   * await server.close();
   * ```
   */
  chunks(options?: WaitOptions): AsyncIterableIterator<Uint8Array>;

  /** As {@link StreamReader.chunks}, without a signal or a timeout. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined>;
}
