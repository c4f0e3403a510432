/**
 * Bodies whose pieces only their sender sees, and what becomes of the memory of those pieces.
 *
 * Such a piece is dead once the kernel, or the cipher, has its copy. A body of many large ones, such as a file, would otherwise leave
 * hundreds of them to the garbage collector.
 */

import { recycle } from '../protocol/vocabulary/body-buffers.ts';

/** A body that lets its sender recycle every piece that the sender took from it. */
export abstract class ReusedPieces implements AsyncIterable<Uint8Array> {
  abstract [Symbol.asyncIterator](): AsyncIterator<Uint8Array>;
}

/** What is asked of the stream that pieces are written to. */
interface Outlet {
  readonly isReleased: boolean;
  readonly isClosed: boolean;
  statistics(): { readonly unsent: number };
}

/** How many written pieces are kept: more are in flight only on a stream that never releases what was written. */
const REMEMBERED = 4;

/** The last pieces that were written, until the stream no longer refers to them. */
export class SentBuffers {
  readonly #stream: Outlet;
  readonly #pieces: Uint8Array[] = [];
  /** Whether the stream releases what it has passed on: some pass on the memory itself. */
  #isReleasing: boolean;

  constructor(stream: Outlet) {
    this.#stream = stream;
    this.#isReleasing = stream.isReleased;
  }

  /** Adds a piece that was written, and recycles those that the stream has released. */
  add(piece: Uint8Array): void {
    const stream = this.#stream;
    this.#pieces.push(piece);
    if (stream.isReleased) {
      this.#isReleasing = true;
      this.#recycle(this.#pieces.length);
      return;
    }
    // A client that is slower than the server always has something in flight. A closed stream no longer says what.
    if (this.#isReleasing && !stream.isClosed)
      this.#recycle(this.#before(stream.statistics().unsent));
    if (this.#pieces.length > REMEMBERED) this.#pieces.shift();
  }

  /** How many pieces lie before the last bytes that were written: bytes are passed on in order. */
  #before(unsent: number): number {
    let behind = 0;
    let count = this.#pieces.length;
    while (count > 0 && behind < unsent) {
      count -= 1;
      behind += (this.#pieces[count] as Uint8Array).length;
    }
    return count;
  }

  #recycle(count: number): void {
    for (let n = 0; n < count; n += 1) recycle(this.#pieces.shift() as Uint8Array);
  }
}
