/** Bodies to be sent, as a program gives them: iterators that may do anything. */

import {
  callContained,
  containResult,
  invalidInput,
  isBytes,
  isThenable,
  stderrSink,
} from '@awaitio/core/lowlevel';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';

/** Whether a value can be sent as a body. */
export function isSendable(body: unknown): boolean {
  if (typeof body === 'string' || isBytes(body)) return true;
  if (typeof body !== 'object' || body === null) return false;
  return Symbol.asyncIterator in body || Symbol.iterator in body;
}

/** A body; of bytes of another realm, the same memory as bytes of this one. */
export function ownBytes<Body>(body: Body): Body | Uint8Array {
  if (body instanceof Uint8Array || !isBytes(body)) return body;
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

export type Pieces = AsyncIterator<Uint8Array | string> | Iterator<Uint8Array | string>;

/** The bytes of what an iterator gave. @throws `InvalidInputError` for what is neither bytes nor a string */
export function bytesOfPiece(piece: unknown): Uint8Array {
  if (isBytes(piece)) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  throw invalidInput('body', 'piece', 'a string or bytes', piece);
}

/** What `next` returned, once it was awaited. @throws `InvalidInputError` for what is no object, as `for await` */
export function checkResult<T>(result: IteratorResult<T>): IteratorResult<T> {
  if (typeof result === 'object' && result !== null) return result;
  throw invalidInput('body', 'next()', 'an object with `done` and `value`', result);
}

/**
 * Closes an iterator that was not read to its end. Never throws: what has stopped the reader is the failure that matters. An
 * error of the closing itself goes to stderr.
 */
export function closePieces(pieces: Pieces): void {
  callContained('return', closeNow, pieces, undefined, stderrSink);
}

function closeNow(pieces: Pieces): unknown {
  return pieces.return?.();
}

/** The trailers to send: the fields, or what a function returns. @throws what the function throws; for wrong fields */
export function trailerFields(
  trailers: HeadersInput | (() => HeadersInput) | undefined,
): HeadersInput | undefined {
  if (typeof trailers !== 'function') return trailers;
  const fields = trailers();
  if (!isThenable(fields)) return fields;
  containResult('trailers', fields, stderrSink);
  throw invalidInput('body', 'trailers()', 'fields, and no promise of them', fields);
}

/** The pieces of a body to be sent. */
export function piecesOf(
  body:
    | AsyncIterable<Uint8Array | string>
    | Iterable<Uint8Array | string>
    | ReadableStream<Uint8Array>,
): Pieces {
  if (!isSendable(body)) {
    const expected = 'a string, bytes, an iterable of them or a ReadableStream';
    throw invalidInput('body', 'body', expected, body);
  }
  const pieces: Pieces =
    Symbol.asyncIterator in body ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
  if (typeof (pieces as Partial<Pieces> | null | undefined)?.next === 'function') return pieces;
  containResult('body', pieces, stderrSink);
  throw invalidInput('body', 'iterator', 'an object with the method next', pieces);
}
