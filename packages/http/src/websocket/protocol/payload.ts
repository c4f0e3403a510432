/**
 * The bytes of a message as they come, in one array that grows with what has arrived and not with what was announced: a
 * peer that announces much and sends little costs little.
 */

import { copyMasked } from './mask.ts';

const EMPTY = new Uint8Array(0);

export class Payload {
  #bytes: Uint8Array = EMPTY;
  #size = 0;

  /** How many bytes there are. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds bytes.
   *
   * @param mask - 0 for none.
   * @param phase - How many bytes of their frame came before.
   * @param ahead - How many more are announced: a message of one frame gets no more room than for those. One in many fragments
   * gets twice what it has, or each would copy all those before.
   * @param isText - Whether they become a string: then they may share their buffer with others.
   * @returns The bytes as they were added.
   */
  push(bytes: Uint8Array, mask: number, phase: number, ahead: number, isText: boolean): Uint8Array {
    const start = this.#size;
    const end = start + bytes.length;
    if (end > this.#bytes.length) this.#grow(end, start > phase ? Infinity : ahead, isText);
    if (mask === 0) this.#bytes.set(bytes, start);
    else copyMasked(bytes, this.#bytes, start, mask, phase);
    this.#size = end;
    // Most messages come at once; a view of them would cost as much as their bytes.
    if (end - start === this.#bytes.length) return this.#bytes;
    return this.#bytes.subarray(start, end);
  }

  /** Hands all bytes out, and begins anew. */
  take(): Uint8Array {
    const bytes = this.#bytes;
    const size = this.#size;
    this.#bytes = EMPTY;
    this.#size = 0;
    return bytes.length === size ? bytes : bytes.slice(0, size);
  }

  #grow(needed: number, ahead: number, isText: boolean): void {
    const length = Math.min(Math.max(needed, this.#bytes.length * 2), needed + ahead);
    const grown = isText ? Buffer.allocUnsafe(length) : new Uint8Array(length);
    if (this.#size > 0) grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
  }
}
