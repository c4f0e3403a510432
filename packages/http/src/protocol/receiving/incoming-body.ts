/**
 * The body of the message that is being received: how much of it came, how much is to come, and where its bytes go.
 *
 * When most of a body has come in its first piece, the rest lies behind it in the same memory, so that a reader who wants
 * the whole body need not put it together (`joinAdjacent`).
 */

import { takeBuffer } from '../vocabulary/body-buffers.ts';
import { Data } from '../vocabulary/events.ts';
import type { ProtocolLimits } from '../vocabulary/limits.ts';

/** Pieces up to this size lie in the heap or near it, and are not worth room for the rest of the body. */
const SMALL = 4_096;
/** Up to this size bytes are copied one by one. */
const TINY = 64;

export class IncomingBody {
  readonly #limits: ProtocolLimits;
  #received = 0;
  #left = 0;
  /** Memory for the whole body, and how much of it is filled. */
  #space: Uint8Array | undefined;
  #filled = 0;

  constructor(limits: ProtocolLimits) {
    this.#limits = limits;
  }

  /** Another message's body begins; `length` is 0 when it is not known. */
  begin(length: number): void {
    this.#received = 0;
    this.#left = length;
    this.#space = undefined;
  }

  /** Bytes to come of a body whose length is known: the parser counts them and looks at none. Below 0 for others. */
  get left(): number {
    return this.#left;
  }

  /** Whether more has come than the limit allows. */
  get isTooLarge(): boolean {
    return this.#received > this.#limits.bodyBytes;
  }

  /** Copies the next piece out of a chunk, as far as the limit allows; `text` is the same chunk as text, if it is small. */
  take(chunk: Uint8Array, text: string | undefined, start: number, end: number): Data | undefined {
    const length = end - start;
    const size = Math.min(length, this.#limits.bodyBytes - this.#received);
    this.#received += length;
    this.#left -= length;
    if (size === 0) return undefined;
    return new Data(
      text === undefined ? this.#copy(chunk, start, size) : text.slice(start, start + size),
    );
  }

  #copy(chunk: Uint8Array, start: number, size: number): Uint8Array {
    const left = this.#left;
    if (size === this.#received && left > 0 && left <= size && size > SMALL) {
      this.#space = takeBuffer(size + left);
      // The first piece shares its memory with what is to come: nothing of an earlier use may show behind it.
      this.#space.fill(0, size);
      this.#filled = 0;
    }
    const space = this.#space;
    if (space === undefined) return copyOf(chunk, start, size);
    const piece = space.subarray(this.#filled, this.#filled + size);
    piece.set(chunk.subarray(start, start + size));
    this.#filled += size;
    if (this.#filled === space.length) this.#space = undefined;
    return piece;
  }
}

function copyOf(chunk: Uint8Array, start: number, size: number): Uint8Array {
  if (size <= TINY) {
    // Cheaper than a view of the part and a call that copies it.
    const tiny = new Uint8Array(size);
    for (let at = 0; at < size; at += 1) tiny[at] = chunk[start + at] as number;
    return tiny;
  }
  const bytes = size > SMALL ? takeBuffer(size) : new Uint8Array(size);
  bytes.set(size === chunk.length ? chunk : chunk.subarray(start, start + size));
  return bytes;
}
