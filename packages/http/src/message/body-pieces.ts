/** What a program gives to be sent, checked: bodies, their pieces, trailers. */

import {
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
  return Symbol.asyncIterator in body || Symbol.iterator in body || 'getReader' in body;
}

/** A body; of bytes of another realm, the same memory as bytes of this one. */
export function ownBytes<Body>(body: Body): Body | Uint8Array {
  if (body instanceof Uint8Array || !isBytes(body)) return body;
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

/** The bytes of what an iterator gave. @throws `InvalidInputError` for what is neither bytes nor a string */
export function bytesOfPiece(piece: unknown): Uint8Array {
  if (isBytes(piece)) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  throw invalidInput('body', 'piece', 'a string or bytes', piece);
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
