/**
 * The body of a message as it is received: one piece after another, pulled by its reader.
 *
 * Nothing is read from the network before the reader asks for the next piece, so that a slow reader slows the peer down
 * and a body may be larger than memory. A body can be read once: a second reader gets an error.
 */

import { TextDecoder } from 'node:util';
import { IoError, WOULD_BLOCK, type Clock, type LimitError, type WouldBlock } from '@awaitio/core';
import { budgetOf } from '@awaitio/core/lowlevel';
import type { Headers } from '../protocol/vocabulary/headers.ts';
import { Data } from '../protocol/vocabulary/events.ts';
import { BodyIterator } from './body-iterator.ts';
import { DEFAULT_COLLECT_LIMIT, limitOf, tooLong, type CollectOptions } from './collect-options.ts';
import { PieceCollector } from './piece-collector.ts';
import { parseJson } from './received-json.ts';
import { webStreamOf } from './web-stream.ts';

/** The source of a body's pieces: the exchange that the message belongs to. */
export interface BodySource {
  /** The clock of the connection, whose budget pays for a read that fails at once. */
  readonly clock: Clock;
  /** The announced length; `undefined` when it is not known; 0 when there is no body. */
  readonly bodyLength: number | undefined;
  /** The next piece, or `null` at the end. */
  nextPiece(): Promise<Uint8Array | null>;
  /** The next piece, if it was received already. */
  tryNextPiece(): Data | null | WouldBlock;
  /** The trailer section, after the end. */
  readonly trailers: Headers | undefined;
  /** The reader stopped before the end; `cause` when the body is longer than its limit. */
  abandon(cause?: LimitError): void;
}

/** Bytes in unshared memory, as the web takes them: `Uint8Array<ArrayBuffer>`, in versions of TypeScript that distinguish. */
export type Bytes = ReturnType<Uint8Array['slice']>;

const NOTHING = new Data('');
const utf8 = new TextDecoder();

let construct: typeof bodyOf;
let lots: typeof lotsOf;
let gather: typeof gatherPieces;

/** A body that is being received. */
export class Body implements AsyncIterable<Bytes> {
  readonly #source: BodySource;
  #isTaken = false;
  /** The first piece, when it was looked at and not taken. */
  #peeked: Data | undefined;

  static {
    construct = (source) => new Body(source);
    lots = (body) => body.#iterate(() => body.#nextLot());
    gather = (body, into) => body.#gather(into);
  }

  private constructor(source: BodySource) {
    this.#source = source;
  }

  /** The announced length in bytes; `undefined` for a chunked body. */
  get length(): number | undefined {
    return this.#source.bodyLength;
  }

  /** Whether a reader has begun. */
  get isUsed(): boolean {
    return this.#isTaken;
  }

  /** The trailer fields of a chunked body, once it was read to the end. */
  get trailers(): Headers | undefined {
    return this.#source.trailers;
  }

  /**
   * Iterates over the pieces. Leaving the loop abandons the rest: a server drops it before the next request, a client
   * closes the connection.
   *
   * @throws `IoError` when the body was read before; `RemoteProtocolError` when it is cut short or malformed; the
   * stream's errors.
   */
  [Symbol.asyncIterator](): AsyncIterator<Bytes> {
    return this.#iterate(() => this.#next()) as AsyncIterator<Bytes>;
  }

  #iterate(pull: () => Promise<Uint8Array | null>): AsyncIterator<Uint8Array> {
    return new BodyIterator({
      begin: () => this.#take('iterate'),
      pull,
      leave: (hasBegun) => {
        // Left before its first piece: the body may be another reader's.
        if (!hasBegun && this.#isTaken) return;
        this.#isTaken = true;
        this.#source.abandon();
      },
      fail: (error) => this.#fail(error),
    });
  }

  /**
   * The body as a stream of the web, which is read as its reader asks for it.
   *
   * @returns A stream. Cancelling it abandons the rest, as leaving the iteration does; it fails with what the iteration throws.
   *
   * @example
   * ```ts
   * import { HttpClient, HttpResponse, serve } from '@awaitio/http';
   *
   * const server = await serve(() => HttpResponse.text('hello'), { port: 0 });
   * await using client = new HttpClient();
   * const { body } = await client.get(server.url);
   * console.log(await new Response(body.toWeb()).text()); // hello
   * await server.shutdown();
   * ```
   */
  toWeb(): ReadableStream<Bytes> {
    return webStreamOf(this[Symbol.asyncIterator]());
  }

  /**
   * The whole body, if all of it was received already.
   *
   * @returns The bytes; `WOULD_BLOCK` when some are missing: nothing is taken then.
   */
  tryBytes(): Uint8Array | WouldBlock {
    const whole = this.#peekWhole('tryBytes');
    if (whole === undefined) return WOULD_BLOCK;
    this.#take('tryBytes');
    return whole.bytes;
  }

  /** As {@link Body.tryBytes}, as text with one character for each byte, if it was received as such: cheaper to pass on. */
  tryLatin1(): string | WouldBlock {
    const text = this.#peekWhole('tryLatin1')?.latin1;
    if (text === undefined) return WOULD_BLOCK;
    this.#take('tryLatin1');
    return text;
  }

  /**
   * The whole body.
   *
   * @param options - `limit`: the most bytes to collect.
   * @throws `LimitError` above the limit; otherwise as the iteration.
   */
  async bytes(options?: CollectOptions): Promise<Bytes> {
    try {
      const limit = options === undefined ? DEFAULT_COLLECT_LIMIT : limitOf('bytes', options);
      const ready = this.#begin(limit);
      return (ready === undefined ? await this.#collect(limit) : ready.bytes) as Bytes;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** The whole body as UTF-8 text. @throws as {@link Body.bytes} */
  async text(options?: CollectOptions): Promise<string> {
    try {
      const limit = options === undefined ? DEFAULT_COLLECT_LIMIT : limitOf('text', options);
      const ready = this.#begin(limit);
      return ready === undefined ? utf8.decode(await this.#collect(limit)) : textOf(ready);
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** The whole body as JSON. @throws `IoError` `ERR_BODY_NOT_JSON` when it is none; otherwise as {@link Body.bytes} */
  async json(options?: CollectOptions): Promise<unknown> {
    return parseJson(await this.text(options));
  }

  /** Begins to collect it; returns it when it is small and was received as a whole. */
  #begin(limit: number): Data | undefined {
    if (!this.#isTaken && (this.#source.bodyLength ?? 0) > limit) throw this.#tooLong(limit);
    const whole = this.#peekWhole('bytes');
    this.#take('bytes');
    return whole;
  }

  async #collect(limit: number): Promise<Uint8Array> {
    const pieces = new PieceCollector();
    for (;;) {
      const piece = await this.#next();
      if (piece === null) return pieces.join();
      pieces.add(piece);
      if (pieces.size > limit) throw this.#tooLong(limit);
    }
  }

  async #gather(into: Uint8Array[]): Promise<void> {
    this.#take('iterate');
    for (let next = await this.#next(); next !== null; next = await this.#next()) into.push(next);
  }

  /**
   * The next bytes: where a piece is small, with those behind it that were received already. A peer chooses the size of its
   * chunks, and each piece costs a reader an object and a turn.
   *
   * @returns `null` at the end.
   */
  async #nextLot(): Promise<Uint8Array | null> {
    const first = await this.#next();
    if (first === null || first.length >= LOT) return first;
    let next = this.#tryNext();
    if (next === undefined) return first;
    const pieces = new PieceCollector();
    pieces.add(first);
    for (; next !== undefined; next = pieces.size < LOT ? this.#tryNext() : undefined) {
      pieces.add(next.bytes);
    }
    return pieces.join();
  }

  /** The next piece, if it was received already. An error waits for the next call: the bytes before it come first. */
  #tryNext(): Data | undefined {
    try {
      const piece = this.#source.tryNextPiece();
      return piece === WOULD_BLOCK || piece === null ? undefined : piece;
    } catch {
      return undefined;
    }
  }

  /** All of a small body that was received in one piece. It is not taken. */
  #peekWhole(operation: string): Data | undefined {
    const { bodyLength } = this.#source;
    if (bodyLength === 0) {
      this.#checkUnused(operation);
      return NOTHING;
    }
    if (bodyLength === undefined || bodyLength > SMALL || this.#isTaken) return undefined;
    if (this.#peeked === undefined) {
      const piece = this.#source.tryNextPiece();
      if (piece === WOULD_BLOCK || piece === null) return undefined;
      this.#peeked = piece;
    }
    return this.#peeked.length === bodyLength ? this.#peeked : undefined;
  }

  #tooLong(limit: number): LimitError {
    const error = tooLong(limit);
    this.#source.abandon(error);
    return error;
  }

  #next(): Promise<Uint8Array | null> {
    const piece = this.#peeked;
    if (piece === undefined) return this.#source.nextPiece();
    this.#peeked = undefined;
    return Promise.resolve(piece.bytes);
  }

  #fail(error: unknown): Promise<never> {
    return budgetOf(this.#source.clock).fail(error);
  }

  #take(operation: string): void {
    this.#checkUnused(operation);
    this.#isTaken = true;
  }

  #checkUnused(operation: string): void {
    if (!this.#isTaken) return;
    throw new IoError(`${operation}: this body was read before; a body can be read once`, {
      code: 'ERR_BODY_USED',
      operation,
    });
  }
}

/** As the iteration over a body, for adapters whose readers keep what they get: small pieces that came together are one. */
export function lotsOf(body: Body): AsyncIterator<Uint8Array> {
  return lots(body);
}

/** Adds all pieces of a body of known length, as they were received. @throws as the iteration */
export function gatherPieces(body: Body, into: Uint8Array[]): Promise<void> {
  return gather(body, into);
}

/** The body that a source gives piece by piece. */
export function bodyOf(source: BodySource): Body {
  return construct(source);
}

/** Pieces from this size on come alone. */
const LOT = 4_096;

/** Above this a body is not looked at before its reader asks for a piece. */
const SMALL = 65_536;

/** A piece decoded as UTF-8; ASCII needs no decoding. */
function textOf(piece: Data): string {
  const { latin1 } = piece;
  if (latin1 !== undefined && Buffer.byteLength(latin1) === latin1.length) return latin1;
  return utf8.decode(piece.bytes);
}
