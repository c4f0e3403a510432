/** A response whose body is decoded while it is read. */

import { WOULD_BLOCK, type LimitError, type WouldBlock } from '@awaitio/core';
import { lazy, type Lazy } from '@awaitio/core/lowlevel';
import { codingsOf, undecodable, type Coding, type UndecodableCoding } from './content-coding.ts';
import type { decodePieces, decodeWhole } from './decode.ts';
import { ForwardedResponse } from '../connections/forwarded-response.ts';
import type { ResponseOrigin } from '../connections/incoming-response.ts';
import { PieceCollector } from '../../message/piece-collector.ts';
import type { Headers } from '../../protocol/vocabulary/headers.ts';

const decoding: Lazy<{
  readonly decodePieces: typeof decodePieces;
  readonly decodeWhole: typeof decodeWhole;
}> = lazy(() => import('./decode.ts'));

/** Encoded bodies up to this length are decoded at once, in bytes. */
const WHOLE = 65_536;

/**
 * Decodes the body of a response, if it is coded.
 *
 * @param maxExpansion - How many bytes one received byte may become, on average, beyond the first 16 MiB.
 */
export function decodedResponse(
  origin: ResponseOrigin,
  headers: Headers,
  maxExpansion: number,
): ResponseOrigin {
  const codings = origin.bodyLength === 0 ? undefined : codingsOf(headers);
  if (codings === undefined) return origin;
  return typeof codings === 'string'
    ? new UndecodedResponse(origin, codings)
    : new DecodedResponse(origin, codings, maxExpansion);
}

/**
 * The response as it was sent, when its coding is not known: the web's `fetch` leaves it alone (fetch standard, "handle content
 * codings"). A body with too many codings stays an error.
 */
export function withUnknownCoding(response: ResponseOrigin): ResponseOrigin | undefined {
  return response instanceof UndecodedResponse ? response.asSent : undefined;
}

/** A body that cannot be decoded: its head can be read, and its body fails. */
class UndecodedResponse extends ForwardedResponse {
  readonly #why: UndecodableCoding;

  constructor(origin: ResponseOrigin, why: UndecodableCoding) {
    super(origin);
    this.#why = why;
  }

  get asSent(): ResponseOrigin | undefined {
    return this.#why === 'unknown' ? this.origin : undefined;
  }

  override get bodyLength(): undefined {
    return undefined;
  }

  override nextPiece(): Promise<never> {
    const error = undecodable();
    this.origin.progress.describe(error);
    this.discard();
    return Promise.reject(error);
  }

  /** The reader gets an error. */
  override tryNextPiece(): WouldBlock {
    return WOULD_BLOCK;
  }
}

class DecodedResponse extends ForwardedResponse {
  readonly #codings: readonly Coding[];
  readonly #maxExpansion: number;
  #pieces: AsyncIterator<Uint8Array> | undefined;

  constructor(origin: ResponseOrigin, codings: readonly Coding[], maxExpansion: number) {
    super(origin);
    this.#codings = codings;
    this.#maxExpansion = maxExpansion;
  }

  /** It is not known before it is decoded. */
  override get bodyLength(): undefined {
    return undefined;
  }

  override async nextPiece(): Promise<Uint8Array | null> {
    try {
      const { done, value } = await (this.#pieces ??= this.#decode()).next();
      return done === true ? null : value;
    } catch (error) {
      this.origin.progress.describe(error);
      this.discard();
      throw error;
    }
  }

  /** What was received has still to be decoded. */
  override tryNextPiece(): WouldBlock {
    return WOULD_BLOCK;
  }

  override abandon(cause?: LimitError): void {
    this.origin.abandon(cause);
    // One that waits for zlib ends with the connection.
    this.#pieces?.return?.().catch(() => {});
  }

  async *#decode(): AsyncGenerator<Uint8Array> {
    const codings = this.#codings;
    const { decodePieces: stream, decodeWhole: whole } = decoding.value ?? (await decoding.load());
    const { bodyLength } = this.origin;
    if (bodyLength === undefined || bodyLength > WHOLE) {
      yield* stream(this.#encoded(), codings, this.#maxExpansion);
      return;
    }
    const collected = new PieceCollector();
    for await (const piece of this.#encoded()) collected.add(piece);
    const encoded = collected.join();
    const decoded = whole(encoded, codings);
    if (decoded === undefined) yield* stream(onlyOne(encoded), codings, this.#maxExpansion);
    else if (decoded.length > 0) yield decoded;
  }

  async *#encoded(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = await this.origin.nextPiece();
      if (piece === null) return;
      yield piece;
    }
  }
}

async function* onlyOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
