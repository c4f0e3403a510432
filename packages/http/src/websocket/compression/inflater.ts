/**
 * Messages that come in compressed (RFC 7692 section 7.2.2), inflated as they come.
 *
 * The result comes in pieces of 16 KiB, and each is counted before it is kept: what expands beyond a limit is stopped there, whatever
 * it would have become.
 */

import { CloseCode } from '../protocol/close-codes.ts';
import { limitExceeded, WebSocketError } from '../protocol/errors.ts';
import type { WebSocketProtocolLimits } from '../protocol/limits.ts';
import type { MessageDecoder, TakePiece } from '../protocol/message-coding.ts';
import type { Context } from './zlib-context.ts';

/** What the sender has left away at the end of each message. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/**
 * The ratio is that to the compressed bytes so far in whole pieces, so that how the bytes are cut decides nothing, and a small message
 * may have been compressed to nearly nothing.
 */
const PIECE = 1_024;

export type InflateLimits = Pick<WebSocketProtocolLimits, 'inflatedBytes' | 'compressionRatio'>;

export class Inflater implements MessageDecoder {
  readonly #limits: InflateLimits;
  readonly #hasTakeover: boolean;
  readonly #make: () => Context;
  #context: Context | undefined;
  /** Bytes of the message, as they came and inflated. */
  #received = 0;
  #inflated = 0;

  /**
   * @param hasTakeover - Whether a message may refer to those before it.
   * @param make - Makes a context, when a message needs one.
   */
  constructor(limits: InflateLimits, hasTakeover: boolean, make: () => Context) {
    this.#limits = limits;
    this.#hasTakeover = hasTakeover;
    this.#make = make;
  }

  push(bytes: Uint8Array, take: TakePiece): void {
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + PIECE - (this.#received % PIECE));
      this.#received += end - at;
      this.#inflate(bytes.subarray(at, end), take);
      at = end;
    }
  }

  end(take: TakePiece): void {
    this.#inflate(TAIL, take);
    this.#received = 0;
    this.#inflated = 0;
    if (!this.#hasTakeover) this.close();
  }

  close(): void {
    this.#context?.close();
    this.#context = undefined;
  }

  #inflate(bytes: Uint8Array, take: TakePiece): void {
    const context = (this.#context ??= this.#make());
    const count = (piece: Uint8Array): void => {
      this.#count(piece.length);
      take(piece);
    };
    for (let at = 0; at < bytes.length;) {
      const used = context.write(bytes.subarray(at), count);
      if (used === -1) throw notDeflate();
      at += used;
      // A final block (section 7.2.3.4): what follows is another stream of DEFLATE, in the same message or in the next.
      if (at < bytes.length) context.reset();
    }
  }

  #count(length: number): void {
    const { inflatedBytes, compressionRatio } = this.#limits;
    const { MESSAGE_TOO_BIG } = CloseCode;
    this.#inflated += length;
    if (this.#inflated > inflatedBytes) {
      const what = 'a compressed message of inflated bytes';
      throw limitExceeded(what, 'inflatedBytes', inflatedBytes, MESSAGE_TOO_BIG);
    }
    const whole = Math.ceil(this.#received / PIECE) * PIECE;
    if (this.#inflated <= whole * compressionRatio) return;
    const what = 'a compressed message to expand by a factor';
    throw limitExceeded(what, 'compressionRatio', compressionRatio, MESSAGE_TOO_BIG);
  }
}

function notDeflate(): WebSocketError {
  return new WebSocketError(
    'expected a compressed message to be a stream of DEFLATE, got other bytes',
    'ERR_WEBSOCKET_DEFLATE',
    CloseCode.INVALID_DATA,
  );
}
