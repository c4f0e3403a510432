/**
 * The head of a frame (RFC 6455 section 5.2), read from bytes that may come one at a time.
 *
 * The first two bytes are checked as soon as they are there: a wrong frame is refused before its length or its payload.
 */

import { WebSocketError } from './errors.ts';
import { CONTROL_BYTES, FIRST_CONTROL, isKnownOpcode, Opcode } from './opcodes.ts';

/** Two bytes, eight of length, four of mask. */
const MOST = 14;
/** The first reserved bit: the message that begins is coded (RFC 7692 section 6). */
const CODED = 0x40;

export class FrameHead {
  readonly #bytes = new Uint8Array(MOST);
  readonly #isMasked: boolean;
  readonly #mayBeCoded: boolean;
  #size = 0;
  #needed = 2;
  opcode = 0;
  isFinal = false;
  isCoded = false;
  /** Of the payload, in bytes. */
  length = 0;
  mask = 0;

  /**
   * @param isMasked - Whether the frames must be masked: those of a client are, those of a server are not.
   * @param mayBeCoded - Whether a message may be coded.
   */
  constructor(isMasked: boolean, mayBeCoded: boolean) {
    this.#isMasked = isMasked;
    this.#mayBeCoded = mayBeCoded;
  }

  get isControl(): boolean {
    return this.opcode >= FIRST_CONTROL;
  }

  /**
   * Takes the next byte.
   *
   * @returns Whether the head is complete; then the next byte begins another.
   * @throws {@link WebSocketError}
   */
  push(byte: number): boolean {
    this.#bytes[this.#size] = byte;
    this.#size += 1;
    if (this.#size < this.#needed) return false;
    if (this.#size === 2) {
      this.#readFirst();
      if (this.#needed > 2) return false;
    }
    this.#readRest();
    this.#size = 0;
    this.#needed = 2;
    return true;
  }

  #readFirst(): void {
    const first = this.#bytes[0] as number;
    const second = this.#bytes[1] as number;
    this.opcode = first & 0x0f;
    this.isFinal = (first & 0x80) !== 0;
    const length = second & 0x7f;
    const reserved = first & 0x70;
    this.isCoded = reserved === CODED;
    if (reserved !== 0 && !(this.isCoded && this.#beginsCoded)) {
      throw new WebSocketError(
        'expected the reserved bits to be 0, got a 1 that no extension was agreed for in this place',
        'ERR_WEBSOCKET_RESERVED_BITS',
      );
    }
    if (!isKnownOpcode(this.opcode)) {
      throw new WebSocketError(
        'expected a known opcode, got a reserved one',
        'ERR_WEBSOCKET_OPCODE',
      );
    }
    if (this.isControl) this.#checkControl(length);
    if (((second & 0x80) !== 0) !== this.#isMasked) {
      throw new WebSocketError(
        this.#isMasked
          ? 'expected a masked frame from a client, got one without a mask'
          : 'expected a frame without a mask from a server, got a masked one',
        'ERR_WEBSOCKET_MASK',
      );
    }
    this.length = length;
    this.#needed = 2 + sizeOfLength(length) + (this.#isMasked ? 4 : 0);
  }

  /** Whether this frame may say that a message is coded: its first one. */
  get #beginsCoded(): boolean {
    return this.#mayBeCoded && (this.opcode === Opcode.TEXT || this.opcode === Opcode.BINARY);
  }

  #checkControl(length: number): void {
    if (!this.isFinal) {
      throw new WebSocketError(
        'expected a control frame to be whole, got a fragment of one',
        'ERR_WEBSOCKET_CONTROL_FRAGMENT',
      );
    }
    if (length > CONTROL_BYTES) {
      throw new WebSocketError(
        `expected a control frame of at most ${CONTROL_BYTES} bytes, got a longer one`,
        'ERR_WEBSOCKET_CONTROL_LENGTH',
      );
    }
  }

  #readRest(): void {
    const bytes = this.#bytes;
    let at = 2;
    const size = sizeOfLength(this.length);
    if (size > 0) {
      let length = 0;
      // Of eight bytes, a number holds what any limit allows: a larger length stays larger when it is rounded.
      for (const end = at + size; at < end; at += 1) length = length * 256 + (bytes[at] as number);
      const isMinimal = size === 2 ? length > CONTROL_BYTES : length > 0xffff;
      if (!isMinimal || (size === 8 && (bytes[2] as number) > 0x7f)) {
        throw new WebSocketError(
          'expected the shortest form of a length, its first bit 0, got another',
          'ERR_WEBSOCKET_LENGTH',
        );
      }
      this.length = length;
    }
    this.mask = 0;
    if (this.#isMasked) {
      for (const end = at + 4; at < end; at += 1) {
        this.mask = (this.mask << 8) | (bytes[at] as number);
      }
    }
  }
}

/** How many more bytes a length of 7 bits announces. */
function sizeOfLength(length: number): number {
  if (length < 126) return 0;
  return length === 126 ? 2 : 8;
}
