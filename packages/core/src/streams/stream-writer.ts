/**
 * The contract of writing: what every destination of bytes offers, whatever carries them.
 *
 * - **Bounded.** A destination accepts bytes while it holds less than its high-water mark of unsent ones, and makes the
 *   writer wait above it: a slow peer costs time, not memory.
 * - **Accepted bytes will be sent.** Cancelling a write stops after what was accepted; `progress.accepted` tells how
 *   much that is. The stream stays usable.
 * - **Text is UTF-8**, and counts are bytes: those of `write` and `tryWrite`, `progress` and the statistics. A lone
 *   surrogate becomes U+FFFD, as in `TextEncoder`.
 * - **One writer at a time**: a second concurrent write fails with `BusyError`. Any number of `writable()` and
 *   `flush()` waits may be pending.
 * - **Every wait settles**, with a value or a typed error, whatever happens to the connection.
 */

import { invalidInput } from '../vocabulary/errors.ts';
import { isBytes } from '../vocabulary/realms.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import type { WaitOptions } from '../waiting/waiter.ts';

/** How a write is cancelled, and who owns the bytes. */
export interface WriteOptions extends WaitOptions {
  /**
   * Gives the bytes away: they are not copied, and must never be changed again. A piece that is no larger than the
   * high-water mark is accepted whole as soon as there is any room. @default false
   */
  readonly transfer?: boolean | undefined;
  /**
   * Receives, as the write proceeds, how many bytes were accepted; right also after an abort, a timeout or an error.
   */
  readonly progress?: { accepted: number } | undefined;
}

/** Bytes, or text, which is written as UTF-8. */
export type WriteData = Uint8Array | string;

/**
 * A destination of bytes with awaitable readiness: a stream, or its writing half.
 *
 * Functions that only write take this interface, so that they work on both.
 *
 * @example
 * ```ts
 * import { memoryPair, type StreamWriter } from '@awaitio/core';
 *
 * async function greet(destination: StreamWriter, name: string): Promise<void> {
 *   await destination.writeAll(`hello, ${name}\n`);
 * }
 *
 * const [client, server] = memoryPair();
 * const [, writer] = client.split();
 * await greet(writer, 'server');
 * console.log(await server.readLine()); // hello, server
 * await client.close();
 * await server.close();
 * ```
 */
export interface StreamWriter {
  /** Whether a write would not wait: at least one byte would be accepted, or the write would fail at once. */
  readonly isWritable: boolean;

  /**
   * Waits until a write would not wait; level-triggered.
   *
   * Spurious wake-ups are allowed: another task may fill the room first. Cancelling changes nothing.
   *
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @returns Fulfilled when there is room, and also when the connection broke or writing was shut down: the write that
   * follows reports which.
   * @throws `ClosedError` when this side closes the stream; `TimeoutError`; `signal.reason`; `InvalidInputError`
   * for wrong options.
   *
   * @example
   * ```ts
   * import { memoryPair, WOULD_BLOCK } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * while (client.tryWrite(new Uint8Array(65_536)) !== WOULD_BLOCK);
   * for await (const _chunk of server) {
   *   if (client.isWritable) break; // the server made room
   * }
   * await client.writable();
   * console.log(client.tryWrite('more')); // 4
   * await client.close({ linger: 0 });
   * await server.close();
   * ```
   */
  writable(options?: WaitOptions): Promise<void>;

  /**
   * Writes what fits below the high-water mark, without waiting.
   *
   * Text may be accepted in part, even within a character. The count is in bytes, so the remainder is that of its bytes,
   * `Buffer.from(text).subarray(count)`; a loop encodes the text once and writes the bytes.
   *
   * @param data - Bytes, copied so that the buffer may be reused at once; or text, written as UTF-8.
   * @param options - `transfer` gives the bytes away: they are not copied, and must never be changed again (default:
   * false).
   * @returns How many bytes were accepted, at least 1 of a non-empty `data`; `WOULD_BLOCK` when there is no room.
   * @throws `BrokenError` when the connection broke; `ClosedError` after `close`, `reset` or `shutdown('write')`;
   * `BusyError` while another task writes; `InvalidInputError` when `data` is neither bytes nor a string.
   *
   * @example
   * ```ts
   * import { memoryPair, WOULD_BLOCK } from '@awaitio/core';
   *
   * const [client, server] = memoryPair({ writeHighWaterMark: 2 });
   * let bytes: Uint8Array = Buffer.from('10 \u20ac\n'); // a euro sign: 3 bytes
   * const receiving = server.readLine();
   * while (bytes.length > 0) {
   *   await client.writable();
   *   const count = client.tryWrite(bytes);
   *   if (count !== WOULD_BLOCK) bytes = bytes.subarray(count);
   * }
   * console.log((await receiving) === '10 \u20ac'); // true
   * await client.close();
   * await server.close();
   * ```
   */
  tryWrite(data: WriteData, options?: { readonly transfer?: boolean }): number | WouldBlock;

  /**
   * Waits for room and writes what fits: one write.
   *
   * Cancelling before there is room writes nothing. Text may be accepted in part, as by {@link StreamWriter.tryWrite}.
   *
   * @param data - Bytes, or text, written as UTF-8. The caller must not change the bytes while the write is pending;
   * afterwards they are the caller's again, unless they were given away.
   * @param options - `signal` cancels the write; `timeout` limits it, in milliseconds (default: no limit); `transfer`
   * gives the bytes away (default: false); `progress.accepted` receives the count.
   * @returns How many bytes were accepted, at least 1 of a non-empty `data`.
   * @throws `BrokenError` when the connection broke; `ClosedError` when this side closes or resets the stream or
   * shuts writing down; `BusyError` while another task writes; `TimeoutError`; `signal.reason`; `InvalidInputError`.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair({ writeHighWaterMark: 4 });
   * console.log(await client.write('hello')); // 4
   * await client.close();
   * await server.close();
   * ```
   */
  write(data: WriteData, options?: WriteOptions): Promise<number>;

  /**
   * Writes everything, waiting for room as often as it takes.
   *
   * Cancelling stops after what was accepted: those bytes will be sent, the others will not. A `close()` or
   * `shutdown('write')` after it ends the stream there, cleanly: `reset()` instead when the peer must not take what it got
   * for the whole.
   *
   * @param data - As for {@link StreamWriter.write}.
   * @param options - `signal` cancels the whole; `timeout` limits the whole, in milliseconds (default: no limit);
   * `transfer` gives the bytes away (default: false); `progress.accepted` counts the accepted bytes as the write
   * proceeds, and is right also after an error.
   * @returns Fulfilled when every byte was accepted; {@link StreamWriter.flush} waits until they were passed on.
   * @throws as {@link StreamWriter.write}.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * const progress = { accepted: 0 };
   * try {
   *   await client.writeAll(new Uint8Array(1_000_000), { timeout: 10, progress });
   * } catch (error) {
   *   console.log(String(error), progress.accepted > 0); // TimeoutError: … true
   * }
   * await client.close({ linger: 0 });
   * await server.close();
   * ```
   */
  writeAll(data: WriteData, options?: WriteOptions): Promise<void>;

  /**
   * Writes several pieces as if they were one: in one system call when there is room for all of them.
   *
   * Cancelling stops after what was accepted, as in {@link StreamWriter.writeAll}.
   *
   * @param pieces - Bytes and text, written in order; each text as UTF-8 by itself.
   * @param options - As for {@link StreamWriter.writeAll}; without `transfer`, or when there is no room for all of them, the pieces
   * are copied into one.
   * @throws as {@link StreamWriter.write}.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writev(['head ', Buffer.from('body\n')]);
   * console.log(await server.readLine()); // head body
   * await client.close();
   * await server.close();
   * ```
   */
  writev(pieces: readonly WriteData[], options?: WriteOptions): Promise<void>;

  /**
   * Waits until everything accepted was passed on by the carrier (for TCP: to the kernel).
   *
   * Cancelling ends the wait only: the bytes are still sent.
   *
   * @param options - `signal` cancels the wait; `timeout` limits it, in milliseconds (default: no limit).
   * @throws `BrokenError` when the connection breaks first; `ClosedError` when this side closes the stream;
   * `TimeoutError`; `signal.reason`; `InvalidInputError`.
   *
   * @example
   * ```ts
   * import { memoryPair } from '@awaitio/core';
   *
   * const [client, server] = memoryPair();
   * await client.writeAll('hello');
   * await client.flush();
   * console.log(client.statistics().unsent); // 0
   * await client.close();
   * await server.close();
   * ```
   */
  flush(options?: WaitOptions): Promise<void>;
}

/**
 * Pays for a call on top of a destination that settles without reaching it: an empty write neither waits nor writes, and
 * spends from the budget of the destination's clock.
 */
export async function payThrough(destination: Pick<StreamWriter, 'writeAll'>): Promise<void> {
  try {
    await destination.writeAll('');
  } catch {
    // A destination that is closed, or busy, has made the call pay as well.
  }
}

/** @throws `InvalidInputError` for what is neither bytes nor text. */
export function checkData(operation: string, data: WriteData, name = 'data'): void {
  if (typeof data === 'string' || isBytes(data)) return;
  throw invalidInput(operation, name, 'a Uint8Array or a string', data);
}

/**
 * What a carrier is given for `data`: bytes, or text of which every character is one byte.
 *
 * Asking for the length in UTF-8 is the cheapest test for ASCII, some 25 ns up to a thousand characters: a loop or a
 * regular expression costs more from 20 on.
 */
export function encoded(data: WriteData): WriteData {
  if (typeof data !== 'string' || Buffer.byteLength(data) === data.length) return data;
  return Buffer.from(data);
}

/** The bytes of each piece. */
export function bytesOfPieces(pieces: readonly WriteData[]): readonly Uint8Array[] {
  return pieces.some((piece) => typeof piece === 'string')
    ? pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))
    : (pieces as readonly Uint8Array[]);
}
