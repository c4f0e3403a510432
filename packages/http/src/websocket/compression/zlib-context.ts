/**
 * Contexts of zlib that work at once, in pieces, and keep their window from message to message.
 *
 * Node’s public calls have one or the other: `inflateRawSync` forgets, and a stream of `createInflateRaw` works in other threads, in
 * turns that a simulation cannot repeat. So this file reaches for the handle below such a stream, as npm’s own reader of archives
 * does, by three names: `_handle`, its `writeSync`, and `_writeState`. `hasContexts` looks whether they are there.
 */

import zlib from 'node:zlib';
import { asOwn } from '@awaitio/core/lowlevel';

/** One direction of a connection. */
export interface Context {
  /**
   * Works on input, to its end or to that of a deflate stream.
   *
   * @param take - Gets each piece of the result, which is valid only during the call. When it throws, the context is of no more use.
   * @returns How many bytes of the input were used: fewer than all when a deflate stream has ended, -1 when they are no such stream.
   */
  write(input: Uint8Array, take: (piece: Uint8Array) => void): number;
  /** Forgets the window, and begins anew. */
  reset(): void;
  /** Frees what zlib holds. */
  close(): void;
}

/** What is below a stream of zlib. */
interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputLength: number,
    output: Uint8Array,
    outputAt: number,
    outputLength: number,
  ): void;
}

/** A stream of zlib, as far as it is used. */
export interface Engine {
  readonly _handle?: Handle | null;
  /** How much room is left in the output, and how much is left of the input. */
  readonly _writeState?: ArrayLike<number>;
  reset(): void;
  close(): void;
}

const { Z_SYNC_FLUSH } = zlib.constants;
/** The result of every write, one piece after another. */
const output = new Uint8Array(16_384);

/** @returns Whether this Node’s zlib has what contexts need. */
export function hasContexts(): boolean {
  const engine: Engine = asOwn(() => zlib.createInflateRaw());
  const isThere =
    typeof engine._handle?.writeSync === 'function' && engine._writeState?.length === 2;
  engine.close();
  return isThere;
}

/** @param windowBits - Of the peer: 8 to 15. */
export function inflateContext(windowBits: number): Context {
  return new ZlibContext(() => zlib.createInflateRaw({ windowBits }));
}

/**
 * Each write ends with a flush: all of its result is there, with `00 00 ff ff` at the end.
 *
 * @param windowBits - 8 to 15. For 8 zlib takes a window of 9, and is right all the same: it refers no farther back than its window
 * less 262 bytes.
 * @param level - 1, the fastest, to 9, the smallest result.
 */
export function deflateContext(windowBits: number, level: number): Context {
  return new ZlibContext(() => zlib.createDeflateRaw({ windowBits, level }));
}

class ZlibContext implements Context {
  readonly #engine: Engine;
  #isBroken = false;

  constructor(make: () => Engine) {
    // A simulation takes it for work of other threads, which it is not.
    this.#engine = asOwn(make);
    const onerror = (): void => {
      this.#isBroken = true;
    };
    Object.assign(this.#engine._handle as Handle, { onerror });
  }

  write(input: Uint8Array, take: (piece: Uint8Array) => void): number {
    const { _handle, _writeState } = this.#engine as Required<Engine>;
    const { length } = input;
    let left = length;
    for (;;) {
      // A handle that was closed is `null` here: zlib’s own check of that would end the process.
      (_handle as Handle).writeSync(
        Z_SYNC_FLUSH,
        input,
        length - left,
        left,
        output,
        0,
        output.length,
      );
      if (this.#isBroken) return -1;
      const room = _writeState[0] as number;
      left = _writeState[1] as number;
      if (room < output.length) take(output.subarray(0, output.length - room));
      if (room > 0) return length - left;
    }
  }

  reset(): void {
    this.#engine.reset();
  }

  close(): void {
    this.#engine.close();
  }
}
