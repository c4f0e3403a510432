/**
 * Collects the pieces of a body in memory of the order of its bytes, however small the pieces are.
 *
 * An array of one byte takes over a hundred bytes, and a peer chooses the sizes of its chunks. So small pieces are copied one
 * behind the other into slabs, and only large ones are kept as they are. A slab is as large as what was collected before it,
 * within bounds, and goes on behind a large piece: what is unused is never more than what is used, beyond the first slab.
 */

import { joinAdjacent } from '../protocol/vocabulary/body-buffers.ts';

/** Pieces from this size on are kept as they are. */
const LARGE = 4_096;
/** The sizes of slabs. */
const LEAST_SLAB = 1_024;
const MOST_SLAB = 65_536;

export class PieceCollector {
  readonly #pieces: Uint8Array[] = [];
  /** Small pieces lie before `#used`; those from `#begin` on are not among `#pieces` yet. */
  #slab: Uint8Array = EMPTY;
  #begin = 0;
  #used = 0;
  #size = 0;

  /** How many bytes were added. */
  get size(): number {
    return this.#size;
  }

  /** Adds a piece, which must not be changed afterwards. */
  add(piece: Uint8Array): void {
    this.#size += piece.length;
    if (piece.length >= LARGE) {
      this.#close();
      this.#pieces.push(piece);
      return;
    }
    const room = this.#slab.length - this.#used;
    const fitting = piece.length <= room ? piece : piece.subarray(0, room);
    this.#append(fitting);
    if (fitting === piece) return;
    this.#close();
    const rest = piece.subarray(room);
    const before = this.#size - rest.length;
    this.#slab = new Uint8Array(Math.max(LEAST_SLAB, rest.length, Math.min(before, MOST_SLAB)));
    this.#begin = 0;
    this.#used = 0;
    this.#append(rest);
  }

  /** All bytes in one array. */
  join(): Uint8Array {
    this.#close();
    const [first = EMPTY, ...others] = joinAdjacent(this.#pieces);
    if (others.length === 0 && first.buffer !== this.#slab.buffer) return first;
    const whole = new Uint8Array(this.#size);
    let offset = 0;
    for (const piece of [first, ...others]) {
      whole.set(piece, offset);
      offset += piece.length;
    }
    return whole;
  }

  #append(piece: Uint8Array): void {
    this.#slab.set(piece, this.#used);
    this.#used += piece.length;
  }

  /** Puts what the slab has gained among the pieces. */
  #close(): void {
    if (this.#used > this.#begin) this.#pieces.push(this.#slab.subarray(this.#begin, this.#used));
    this.#begin = this.#used;
  }
}

const EMPTY = new Uint8Array(0);
