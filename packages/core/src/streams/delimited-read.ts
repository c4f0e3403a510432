/**
 * Reads that need a certain amount: a number of bytes, or everything up to a delimiter.
 *
 * All three examine the queue and take nothing until they can take everything: a read that is cancelled, or fails,
 * leaves every byte in place. The search for a delimiter remembers how far it got, so that a long line that arrives in
 * small pieces is searched once and not once per piece.
 */

import { TextDecoder, TextEncoder } from 'node:util';
import { invalidInput, LimitError, UnexpectedEofError } from '../vocabulary/errors.ts';
import { isBytes } from '../vocabulary/realms.ts';
import { WOULD_BLOCK, type WouldBlock } from '../vocabulary/would-block.ts';
import type { ReadSide } from './read-side.ts';
import type { WaitOptions } from '../waiting/waiter.ts';

/** Options of the reads that look for a delimiter. */
export interface DelimitedReadOptions extends WaitOptions {
  /** The most bytes to take, the delimiter included. @default 65536 (asyncio's StreamReader has the same) */
  readonly limit?: number | undefined;
}

const DEFAULT_LIMIT = 65_536;
const LF = new Uint8Array([10]);
const CR = 13;
/** A byte order mark is an ordinary character here: a decoder that looks for one would strip it from every line. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export function readExactly(
  side: ReadSide,
  count: number,
  options: WaitOptions | undefined,
): Promise<Uint8Array> {
  if (!Number.isInteger(count) || count < 0) {
    return side.refuse(invalidInput('readExactly', 'count', 'a whole number from 0', count));
  }
  return side.collect('readExactly', options, count, () => {
    if (side.buffered >= count) return take(side, count);
    if (side.ending() === WOULD_BLOCK) return WOULD_BLOCK;
    throw cutShort('readExactly', `${count} bytes`, side.buffered);
  });
}

export function readUntil(
  side: ReadSide,
  delimiter: Uint8Array | string,
  options: DelimitedReadOptions | undefined,
): Promise<Uint8Array | null> {
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(delimiter);
  } catch (error) {
    return side.refuse(error);
  }
  return delimited('readUntil', side, bytes, options, () => {
    throw cutShort('readUntil', 'the delimiter', side.buffered);
  });
}

export async function readLine(
  side: ReadSide,
  options: DelimitedReadOptions | undefined,
): Promise<string | null> {
  const line = await delimited('readLine', side, LF, options, () => take(side, side.buffered));
  if (line === null) return null;
  let end = line.length;
  if (line[end - 1] === LF[0]) {
    end -= 1;
    if (line[end - 1] === CR) end -= 1;
  }
  return decoder.decode(line.subarray(0, end));
}

/** Takes everything up to and including `delimiter`; `atEnd` decides what bytes without one become at the end. */
function delimited(
  operation: string,
  side: ReadSide,
  delimiter: Uint8Array,
  options: DelimitedReadOptions | undefined,
  atEnd: () => Uint8Array,
): Promise<Uint8Array | null> {
  let limit: number;
  try {
    limit = limitOf(operation, options);
  } catch (error) {
    return side.refuse(error);
  }
  let searched = 0;
  const attempt = (): Uint8Array | null | WouldBlock => {
    const at = side.queue.indexOf(delimiter, searched);
    if (at !== -1 && at + delimiter.length <= limit) return take(side, at + delimiter.length);
    if (at !== -1 || side.buffered >= limit) {
      throw new LimitError(`${operation}: found no delimiter within ${limit} bytes`, {
        code: 'ERR_LIMIT',
        operation,
        limitName: 'limit',
        limit,
      });
    }
    searched = Math.max(0, side.buffered - delimiter.length + 1);
    if (side.ending() === WOULD_BLOCK) return WOULD_BLOCK;
    return side.buffered === 0 ? null : atEnd();
  };
  return side.collect(operation, options, limit, attempt);
}

function bytesOf(delimiter: Uint8Array | string): Uint8Array {
  const bytes = typeof delimiter === 'string' ? encoder.encode(delimiter) : delimiter;
  if (isBytes(bytes) && bytes.length > 0) return bytes;
  throw invalidInput('readUntil', 'delimiter', 'a non-empty Uint8Array or string', delimiter);
}

function limitOf(operation: string, options: DelimitedReadOptions | undefined): number {
  const limit = options?.limit ?? DEFAULT_LIMIT;
  if (Number.isInteger(limit) && limit >= 1) return limit;
  throw invalidInput(operation, 'limit', 'a whole number from 1', limit);
}

function take(side: ReadSide, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  side.queue.readInto(bytes);
  return bytes;
}

function cutShort(operation: string, wanted: string, got: number): UnexpectedEofError {
  return new UnexpectedEofError(
    `${operation}: the stream ended before ${wanted} arrived; the ${got} bytes that arrived can still be read`,
    { code: 'ERR_UNEXPECTED_EOF', operation },
  );
}
