/**
 * The other direction: events in, bytes out. Each frame is one array, head and payload together, which is the caller’s to
 * keep, and to give to a stream: nothing else refers to it, and the application’s own bytes are copied, not masked in place.
 */

import { LocalProtocolError } from '../../protocol/vocabulary/errors.ts';
import { isSendableCloseCode } from './close-codes.ts';
import { copyMasked } from './mask.ts';
import type { MessageEncoder } from './message-coding.ts';
import { CONTROL_BYTES, Opcode } from './opcodes.ts';
import { MOVES, moveOf, SideState, type Move } from './state.ts';

/** Gives the masks of a client’s frames: 32 bits each, which no one can foresee. */
export type NextMask = () => number;

/** Where a fragment is in its message. */
export interface FragmentPlace {
  readonly isFirst: boolean;
  readonly isFinal: boolean;
}

/** The first reserved bit: the message that begins is coded (RFC 7692 section 6). */
const CODED = 0x40;
const WHOLE: FragmentPlace = Object.freeze({ isFirst: true, isFinal: true });

export class Sender {
  readonly #nextMask: NextMask | undefined;
  readonly #encoder: MessageEncoder | undefined;
  #state: SideState = SideState.READY;
  /** Whether the message in progress is coded. */
  #isCoded = false;

  /**
   * @param nextMask - For a client; a server masks nothing.
   * @param encoder - For messages that are to be coded, if that was agreed.
   */
  constructor(nextMask: NextMask | undefined, encoder: MessageEncoder | undefined) {
    this.#nextMask = nextMask;
    this.#encoder = encoder;
  }

  /** What this side may send next. */
  get state(): SideState {
    return this.#state;
  }

  /**
   * Makes the frame of a message, or of a fragment of one.
   *
   * A message in fragments is coded, if that was agreed, whatever its size.
   *
   * @param data - Text becomes UTF-8, a lone surrogate U+FFFD. The text of a fragment must end with a character.
   * @throws `LocalProtocolError` when it is not this one’s turn, or after the close frame.
   */
  message(data: string | Uint8Array, place: FragmentPlace = WHOLE): Uint8Array {
    const { isFirst, isFinal } = place;
    this.#move(moveOf(isFirst, isFinal));
    const kind = typeof data === 'string' ? Opcode.TEXT : Opcode.BINARY;
    const opcode = isFirst ? kind : Opcode.CONTINUATION;
    const encoder = this.#encoder;
    if (encoder === undefined) return this.#frame(opcode, isFinal, data);
    if (isFirst) this.#isCoded = !isFinal || encoder.wants(sizeOf(data));
    if (!this.#isCoded) return this.#frame(opcode, isFinal, data);
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    return this.#frame(isFirst ? opcode | CODED : opcode, isFinal, encoder.encode(bytes, isFinal));
  }

  /** Makes a ping or a pong. @throws `LocalProtocolError` for more than 125 bytes, and after the close frame */
  control(opcode: typeof Opcode.PING | typeof Opcode.PONG, data: Uint8Array): Uint8Array {
    checkSize(data.length);
    this.#move('control');
    return this.#frame(opcode, true, data);
  }

  /**
   * Makes the close frame, the last one.
   *
   * @param code - `undefined` for none.
   * @param reason - At most 123 bytes of UTF-8.
   * @throws `LocalProtocolError` for a code that is never sent, a reason that is too long or has no code, and after the close
   * frame.
   */
  close(code: number | undefined, reason: string): Uint8Array {
    const text = Buffer.from(reason, 'utf8');
    if (code === undefined ? text.length > 0 : !isSendableCloseCode(code)) {
      throw new LocalProtocolError(
        'close: expected a code of 1000 to 1003, 1007 to 1014 or 3000 to 4999, got another; a reason needs one too',
        'ERR_WEBSOCKET_CLOSE_CODE',
      );
    }
    const payload = code === undefined ? text : Buffer.from([code >> 8, code & 0xff, ...text]);
    checkSize(payload.length);
    this.#move('close');
    return this.#frame(Opcode.CLOSE, true, payload);
  }

  /** This side’s half of the connection has ended. */
  end(): void {
    this.#state = MOVES[this.#state].end as SideState;
  }

  #move(move: Move): void {
    const next = MOVES[this.#state][move];
    if (next === undefined) {
      throw new LocalProtocolError(
        `a side in state ${this.#state} may not send: ${move}`,
        'ERR_WEBSOCKET_STATE',
      );
    }
    this.#state = next;
  }

  #frame(opcode: number, isFinal: boolean, data: string | Uint8Array): Uint8Array {
    const isText = typeof data === 'string';
    const length = sizeOf(data);
    const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
    const nextMask = this.#nextMask;
    const start = 2 + extended + (nextMask === undefined ? 0 : 4);
    const frame = Buffer.allocUnsafe(start + length);
    frame[0] = opcode | (isFinal ? 0x80 : 0);
    frame[1] = (extended === 0 ? length : extended === 2 ? 126 : 127) | (nextMask ? 0x80 : 0);
    writeNumber(frame, length, 2, 2 + extended);
    if (isText) frame.write(data, start, 'utf8');
    else if (nextMask === undefined) frame.set(data, start);
    if (nextMask === undefined) return frame;
    const mask = nextMask();
    writeNumber(frame, mask >>> 0, start - 4, start);
    copyMasked(isText ? frame.subarray(start) : data, frame, start, mask, 0);
    return frame;
  }
}

function sizeOf(data: string | Uint8Array): number {
  return typeof data === 'string' ? Buffer.byteLength(data, 'utf8') : data.length;
}

/** Writes a number as bytes, the highest first. */
function writeNumber(into: Uint8Array, number: number, from: number, to: number): void {
  let rest = number;
  for (let at = to - 1; at >= from; at -= 1) {
    into[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function checkSize(size: number): void {
  if (size <= CONTROL_BYTES) return;
  throw new LocalProtocolError(
    `expected a control frame of at most ${CONTROL_BYTES} bytes, got ${size}; shorten it`,
    'ERR_WEBSOCKET_CONTROL_LENGTH',
  );
}
