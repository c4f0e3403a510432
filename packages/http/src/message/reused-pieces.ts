/**
 * Bodies whose pieces only their sender sees, and what becomes of the memory of those pieces.
 *
 * Such a piece is dead once the kernel, or the cipher, has its copy. A body of many large ones, such as a file, would otherwise leave
 * hundreds of them to the garbage collector.
 */

import type { ByteStream } from '@awaitio/core';
import { recycle } from '../protocol/vocabulary/body-buffers.ts';

/** A body that lets its sender recycle every piece that the sender took from it. */
export abstract class ReusedPieces {}

/** How many written pieces are kept: only a stream that never releases what was written has more in flight. */
const REMEMBERED = 4;

/** The last pieces that were written, until the stream no longer refers to them. */
export class SentBuffers {
  readonly #stream: Pick<ByteStream, 'isReleased'>;
  readonly #pieces: Uint8Array[] = [];

  constructor(stream: Pick<ByteStream, 'isReleased'>) {
    this.#stream = stream;
  }

  /** Adds a piece that was written, and recycles all of them if the stream has released them. */
  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    if (this.#pieces.length > REMEMBERED) this.#pieces.shift();
    if (!this.#stream.isReleased) return;
    for (const written of this.#pieces) recycle(written);
    this.#pieces.length = 0;
  }
}
