/** The body of one message, forwarded as the body of another: the response of a proxy or an echo. */

import { gatherPieces, type Body } from './body.ts';
import { latin1Bytes } from '../protocol/vocabulary/latin1.ts';
import { joinAdjacent } from '../protocol/vocabulary/body-buffers.ts';
import { ReusedPieces } from './reused-pieces.ts';

const NO_PIECES: readonly Uint8Array[] = [];

/** A forwarded body, with a prefix. */
export class ForwardedBody extends ReusedPieces {
  /** The whole body as text with one character for each byte, if it was received in that form. */
  readonly latin1: string | undefined;
  readonly #pieces: readonly Uint8Array[];
  /** What follows the pieces. */
  readonly #source: AsyncIterable<Uint8Array> | undefined;

  private constructor(
    pieces: readonly Uint8Array[],
    source?: AsyncIterable<Uint8Array>,
    latin1?: string,
  ) {
    super();
    this.latin1 = latin1;
    this.#pieces = pieces;
    this.#source = source;
  }

  /** Forwards a body while it is received, once its first piece has come: what is wrong before that fails here. */
  static async begun(prefix: Uint8Array, body: Body): Promise<ForwardedBody> {
    const rest = new Rest(body[Symbol.asyncIterator]());
    const { done, value } = await rest.pieces.next();
    // A copy for each response: the bytes of a response are given away to the stream.
    const copy = Uint8Array.from(prefix);
    return new ForwardedBody(done === true ? [copy] : [copy, value], rest);
  }

  /** Forwards a body that is already complete. */
  static ofLatin1(text: string): ForwardedBody {
    return new ForwardedBody(NO_PIECES, undefined, text);
  }

  /** Forwards the bytes of a complete body, which are given away. */
  static ofBytes(prefix: Uint8Array, bytes: Uint8Array): ForwardedBody {
    return new ForwardedBody([Uint8Array.from(prefix), bytes]);
  }

  /** Forwards a body once it is complete. */
  static async whole(prefix: Uint8Array, body: Body): Promise<ForwardedBody> {
    const pieces: Uint8Array[] = [Uint8Array.from(prefix)];
    await gatherPieces(body, pieces);
    return new ForwardedBody(joinAdjacent(pieces));
  }

  /** All of it in pieces, if it was received as a whole: its sender need not wait for one. */
  get received(): readonly Uint8Array[] | undefined {
    return this.#source === undefined && this.latin1 === undefined ? this.#pieces : undefined;
  }

  override async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    if (this.latin1 !== undefined) yield latin1Bytes(this.latin1);
    for (const piece of this.#pieces) yield piece;
    if (this.#source !== undefined) yield* this.#source;
  }
}

/** An iteration that has begun. */
class Rest implements AsyncIterable<Uint8Array> {
  readonly pieces: AsyncIterator<Uint8Array>;

  constructor(pieces: AsyncIterator<Uint8Array>) {
    this.pieces = pieces;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.pieces;
  }
}
