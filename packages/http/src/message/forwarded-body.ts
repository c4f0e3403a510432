/**
 * A body that is another message's, passed on: what a proxy, and an echo, answer with.
 *
 * Nobody but the sender sees its pieces, so that their memory can be used again once the kernel has its copy.
 */

import type { ByteStream } from '@awaitio/core';
import type { Body } from './body.ts';
import { latin1Bytes } from '../protocol/vocabulary/latin1.ts';
import { recycle, joinAdjacent } from '../protocol/vocabulary/body-buffers.ts';

const NO_PIECES: readonly Uint8Array[] = [];

/** A body that is passed on, with something before it. */
export class PassedBody implements AsyncIterable<Uint8Array> {
  /** All of it as text with one character for each byte, where it has come as such. */
  readonly latin1: string | undefined;
  readonly #pieces: readonly Uint8Array[];
  /** Where what follows the pieces comes from. */
  readonly #rest: Body | undefined;

  private constructor(pieces: readonly Uint8Array[], rest?: Body, latin1?: string) {
    this.latin1 = latin1;
    this.#pieces = pieces;
    this.#rest = rest;
  }

  /** Passes it on as it comes. */
  static of(prefix: Uint8Array, body: Body): PassedBody {
    // The prefix is in every answer: each has one of its own, since an answer's bytes are given away.
    return new PassedBody([Uint8Array.from(prefix)], body);
  }

  /** Passes on what has come whole already. */
  static ofLatin1(text: string): PassedBody {
    return new PassedBody(NO_PIECES, undefined, text);
  }

  /** Passes it on when all of it has come. */
  static async whole(prefix: Uint8Array, body: Body): Promise<PassedBody> {
    const pieces: Uint8Array[] = [Uint8Array.from(prefix)];
    for await (const piece of body) pieces.push(piece);
    return new PassedBody(joinAdjacent(pieces));
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    if (this.latin1 !== undefined) yield latin1Bytes(this.latin1);
    for (const piece of this.#pieces) yield piece;
    if (this.#rest !== undefined) yield* this.#rest;
  }
}

/** How many written pieces are remembered: more are out at once only on streams that never let go of what they got. */
const REMEMBERED = 4;

/** The last pieces that were written, until the stream refers to them no more. */
export class SentBuffers {
  readonly #stream: Pick<ByteStream, 'isReleased'>;
  readonly #pieces: Uint8Array[] = [];

  constructor(stream: Pick<ByteStream, 'isReleased'>) {
    this.#stream = stream;
  }

  /** A piece was written. */
  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    if (this.#pieces.length > REMEMBERED) this.#pieces.shift();
    if (!this.#stream.isReleased) return;
    for (const written of this.#pieces) recycle(written);
    this.#pieces.length = 0;
  }
}
