/** Messages that go out compressed (RFC 7692 section 7.2.1), if that is worth it. */

import type { MessageEncoder } from '../protocol/message-coding.ts';
import type { Context } from './zlib-context.ts';

/** What a flush ends with, and a message leaves away. */
const TAIL_LENGTH = 4;
/** The first byte of an empty block, whose other four are those that are left away (section 7.2.3.6). */
const NOTHING = Uint8Array.of(0x00);

/** Which messages are compressed, by their bytes. */
export interface DeflateRange {
  readonly threshold: number;
  readonly ceiling: number;
}

export class Deflater implements MessageEncoder {
  readonly #range: DeflateRange;
  readonly #hasTakeover: boolean;
  readonly #make: () => Context;
  #context: Context | undefined;

  /**
   * @param hasTakeover - Whether a message may refer to those before it.
   * @param make - Makes a context, when a message needs one.
   */
  constructor(range: DeflateRange, hasTakeover: boolean, make: () => Context) {
    this.#range = range;
    this.#hasTakeover = hasTakeover;
    this.#make = make;
  }

  wants(size: number): boolean {
    return size >= this.#range.threshold && size <= this.#range.ceiling;
  }

  encode(data: Uint8Array, isFinal: boolean): Uint8Array {
    const context = (this.#context ??= this.#make());
    const pieces: Uint8Array[] = [];
    // Without input zlib has nothing to flush.
    if (data.length > 0) context.write(data, (piece) => pieces.push(piece.slice()));
    if (isFinal && !this.#hasTakeover) this.close();
    const coded = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    if (!isFinal) return coded;
    return coded.length === 0 ? NOTHING : coded.subarray(0, coded.length - TAIL_LENGTH);
  }

  close(): void {
    this.#context?.close();
    this.#context = undefined;
  }
}
