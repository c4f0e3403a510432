/**
 * Values for expected conditions.
 *
 * "Nothing to read yet" and "the peer has finished" happen on every connection, so the `try*` calls return them: a
 * count when bytes were moved, `null` at the end of the stream, {@link WOULD_BLOCK} when the call would have had to
 * wait.
 */

/**
 * What a `try*` call returns when it could not proceed without waiting.
 *
 * @example
 * ```ts
 * import { WOULD_BLOCK, type ByteStream } from '@awaitio/core';
 *
 * async function readOnce(stream: ByteStream, buffer: Uint8Array): Promise<number | null> {
 *   for (;;) {
 *     const n = stream.tryRead(buffer);
 *     if (n !== WOULD_BLOCK) return n;
 *     await stream.readable();
 *   }
 * }
 * ```
 */
export const WOULD_BLOCK: unique symbol = Symbol('awaitio.WOULD_BLOCK');

/** The type of {@link WOULD_BLOCK}. */
export type WouldBlock = typeof WOULD_BLOCK;
