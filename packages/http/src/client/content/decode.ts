/**
 * Undoes content codings with zlib. Loaded with the first body that has one.
 *
 * A short body of a known length is decoded at once, which costs a third of a stream. Any other is decoded as it arrives, no
 * further ahead than its reader asks.
 */

import { pipeline, Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { LimitError } from '@awaitio/core';
import type { Coding } from './content-coding.ts';
import { RemoteProtocolError } from '../../protocol/vocabulary/errors.ts';

/** The most bytes that a body decoded at once may become; a longer one is decoded as it is read. */
const WHOLE_RESULT = 1_048_576;
/** From this many bytes on the expansion is limited. */
const FREE_RESULT = 16_777_216;

type Pieces = AsyncIterable<Uint8Array>;

/** Node 20 has no zstd, and its types neither. */
interface Zstd {
  readonly createZstdDecompress: () => Transform;
  readonly zstdDecompressSync: (bytes: Uint8Array, options: object) => Uint8Array;
}

/** The decoded body, if it is short. @throws `RemoteProtocolError` when it is malformed */
export function decodeWhole(bytes: Uint8Array, codings: readonly Coding[]): Uint8Array | undefined {
  let decoded = bytes;
  for (const coding of codings) {
    if (decoded.length === 0) return decoded;
    try {
      decoded = wholeDecoder(coding, decoded)(decoded, { maxOutputLength: WHOLE_RESULT });
    } catch (error) {
      // The result is longer than may be decoded at once.
      if ((error as Error).name === 'RangeError') return undefined;
      throw malformed();
    }
  }
  return decoded;
}

function wholeDecoder(
  coding: Coding,
  first: Uint8Array,
): (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array {
  switch (coding) {
    case 'gzip':
      return zlib.gunzipSync;
    case 'deflate':
      return hasZlibHeader(first) ? zlib.inflateSync : zlib.inflateRawSync;
    case 'br':
      return zlib.brotliDecompressSync;
    case 'zstd':
      return (zlib as unknown as Zstd).zstdDecompressSync;
  }
}

/**
 * The decoded pieces of a body.
 *
 * @param maxExpansion - How many bytes one received byte may become, on average, beyond the first 16 MiB: of several codings,
 * by each of them, since what one makes long another may make short again.
 * @throws `RemoteProtocolError` when it is malformed, or ends inside its coding; `LimitError`; what the pieces throw
 */
export async function* decodePieces(
  encoded: Pieces,
  codings: readonly Coding[],
  maxExpansion: number,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  let hasFailed = false;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of encoded) {
        received += piece.length;
        yield piece;
      }
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  }
  async function* limited(longer: Pieces): AsyncGenerator<Uint8Array> {
    let decoded = 0;
    for await (const piece of longer) {
      decoded += piece.length;
      if (decoded > FREE_RESULT && decoded > received * maxExpansion) throw tooMuch(maxExpansion);
      yield piece;
    }
  }
  let pieces: Pieces = counted();
  for (const coding of codings) pieces = limited(through(pieces, coding));
  try {
    yield* pieces;
  } catch (error) {
    throw hasFailed || error instanceof LimitError ? error : malformed();
  }
}

async function* through(pieces: Pieces, coding: Coding): AsyncGenerator<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield (first as IteratorYieldResult<Uint8Array>).value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  const decoder = decoderOf(coding, first.value);
  // What fails, fails the iteration.
  pipeline(Readable.from(whole(), { highWaterMark: 1 }), decoder, () => {});
  yield* decoder as AsyncIterable<Uint8Array>;
}

function decoderOf(coding: Coding, first: Uint8Array): Transform {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip();
    case 'deflate':
      return hasZlibHeader(first) ? zlib.createInflate() : zlib.createInflateRaw();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      return (zlib as unknown as Zstd).createZstdDecompress();
  }
}

/** RFC 9110 section 8.4.1.2: deflate is a zlib stream; some servers send what stands in one alone, as browsers know. */
function hasZlibHeader(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 0x08;
}

function malformed(): RemoteProtocolError {
  return new RemoteProtocolError(
    'body: it is not what its Content-Encoding says, or is cut short; set `decompress: false` to read it as it is sent',
    'ERR_HTTP_CONTENT_CODING',
  );
}

function tooMuch(limit: number): LimitError {
  return new LimitError(
    `body: it becomes more than ${limit} times as long when it is decoded; raise \`maxExpansion\` if it is to`,
    { code: 'ERR_HTTP_BODY_EXPANDS', operation: 'body', limitName: 'maxExpansion', limit },
  );
}
