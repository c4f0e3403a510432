/**
 * UTF-8, checked as it comes: a message is refused at its first wrong byte, not at its end (RFC 6455 section 8.1).
 *
 * The ranges are those of RFC 3629 section 4: no overlong form, no surrogate, nothing above U+10FFFF. Between two calls the
 * checker keeps how many bytes of a character are missing, and which ones may come next.
 */

import { isUtf8 } from 'node:buffer';

export class Utf8Checker {
  /** How many bytes of the character are still missing. */
  #missing = 0;
  /** The range of the next one. */
  #from = 0x80;
  #to = 0xbf;

  /** Whether the bytes so far end with a whole character. */
  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Begins a new text. */
  reset(): void {
    this.#missing = 0;
  }

  /** Takes the next bytes of the text. @returns Whether they can be the beginning, or all, of UTF-8. */
  push(bytes: Uint8Array): boolean {
    // Most pieces end with a character.
    if (this.#missing === 0 && isUtf8(bytes)) return true;
    for (const byte of bytes) if (!this.#next(byte)) return false;
    return true;
  }

  #next(byte: number): boolean {
    if (this.#missing === 0) return byte < 0x80 || this.#begin(byte);
    if (byte < this.#from || byte > this.#to) return false;
    this.#missing -= 1;
    this.#from = 0x80;
    this.#to = 0xbf;
    return true;
  }

  /** The first byte of a character of several says how many follow, and limits the second. */
  #begin(byte: number): boolean {
    this.#from = 0x80;
    this.#to = 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf) {
      this.#missing = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      this.#missing = 2;
      if (byte === 0xe0) this.#from = 0xa0;
      if (byte === 0xed) this.#to = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      this.#missing = 3;
      if (byte === 0xf0) this.#from = 0x90;
      if (byte === 0xf4) this.#to = 0x8f;
    } else {
      return false;
    }
    return true;
  }
}

/** The text of bytes that were checked. A byte order mark stays: it is part of the message. */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString('utf8');
}
