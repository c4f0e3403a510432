/**
 * `multipart/form-data` (RFC 7578, RFC 2046 section 5.1): bytes in, events out. It never waits.
 *
 * One rule makes the result independent of how the bytes were cut: whatever could be the beginning of a delimiter, or of the
 * end of a header section, stays in the buffer until it is known. A limit is compared with what was consumed, never with what
 * has arrived, so that it is reached at the same byte however many come at once.
 *
 * Where readers of multipart disagree, this one refuses: a line that begins with the boundary and goes on with something else
 * is an error, not data, and so is a bare LF at the end of such a line. So this reader finds the parts that one in front of it
 * has found, or none.
 */

import { MultipartError, tooMuch } from './multipart-error.ts';
import type { MultipartLimits } from './multipart-limits.ts';
import { parsePartHead, type PartHead } from './part-head.ts';

/** More bytes are needed. */
export const MORE: unique symbol = Symbol('more');

export type MultipartEvent =
  | { readonly type: 'part'; readonly head: PartHead }
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  | { readonly type: 'part-end' }
  /** The body has ended, behind the last delimiter and what follows it. */
  | { readonly type: 'end' };

const CR = 13;
const LF = 10;
const DASH = 45;
const NOTHING = Buffer.alloc(0);
const SECTION_END = Buffer.from('\r\n\r\n');

/**
 * `preamble`: before the first delimiter · `delimiter`: behind a boundary, on its line · `last`: behind the `--` of the last one ·
 * `section`: in a header section, from the CRLF of the delimiter on · `body`: in a part's body · `epilogue`: behind the last line.
 */
type State = 'preamble' | 'delimiter' | 'last' | 'section' | 'body' | 'epilogue';

export class MultipartParser {
  readonly #delimiter: Buffer;
  readonly #limits: MultipartLimits;
  #buffer: Buffer;
  #state: State = 'preamble';
  #isEnded = false;
  /** Bytes that were pushed, up to the limit. */
  #received = 0;
  #isOverLimit = false;
  #parts = 0;
  /** Bytes of the current part's body, of the preamble, or of the padding behind a boundary. */
  #count = 0;
  #hasOpenPart = false;
  #failure: MultipartError | undefined;

  /** @param boundary - A valid one, without the two dashes. */
  constructor(boundary: string, limits: MultipartLimits) {
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
    this.#limits = limits;
    // The first delimiter needs no CRLF before it; with one, every delimiter is the same.
    this.#buffer = Buffer.from('\r\n');
  }

  /** Adds bytes, which must not be changed until they were consumed. */
  push(bytes: Uint8Array): void {
    const room = this.#limits.bodyBytes - this.#received;
    if (bytes.length > room) this.#isOverLimit = true;
    const taken = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.#received += taken.length;
    const view = Buffer.from(taken.buffer, taken.byteOffset, taken.length);
    this.#buffer = this.#buffer.length === 0 ? view : Buffer.concat([this.#buffer, view]);
  }

  /** No more bytes will come. */
  end(): void {
    this.#isEnded = true;
  }

  /**
   * What comes next.
   *
   * @returns {@link MORE} when bytes are missing.
   * @throws {@link MultipartError}, and the same again from then on.
   */
  next(): MultipartEvent | typeof MORE {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      for (;;) {
        const event = this.#step();
        if (event === undefined) continue;
        return event === MORE ? this.#missing() : event;
      }
    } catch (error) {
      this.#failure = error as MultipartError;
      this.#buffer = NOTHING;
      throw error;
    }
  }

  /** Nothing more can be made of what has come. */
  #missing(): MultipartEvent | typeof MORE {
    if (this.#isOverLimit)
      throw tooMuch('the body has more bytes', 'bodyBytes', this.#limits.bodyBytes);
    if (!this.#isEnded) return MORE;
    const isAtEnd = this.#state === 'epilogue' || this.#state === 'last';
    if (isAtEnd && this.#buffer.length === 0) return { type: 'end' };
    throw new MultipartError('ERR_MULTIPART_TRUNCATED', 'the form ends before its last delimiter');
  }

  /** One step: an event, `MORE`, or nothing to tell. */
  #step(): MultipartEvent | typeof MORE | undefined {
    switch (this.#state) {
      case 'preamble':
        return this.#skipPreamble();
      case 'delimiter':
        return this.#readDelimiter();
      case 'last':
        if (!this.#readLineEnd()) return MORE;
        this.#consume(2);
        this.#state = 'epilogue';
        return undefined;
      case 'section':
        return this.#readSection();
      case 'body':
        return this.#readBody();
      case 'epilogue':
        this.#buffer = NOTHING;
        return MORE;
    }
  }

  #skipPreamble(): typeof MORE | undefined {
    const { headerBytes } = this.#limits;
    const at = this.#buffer.indexOf(this.#delimiter);
    const skipped = at === -1 ? this.#certain() : at;
    this.#count += skipped;
    // The CRLF that was put before the body does not count.
    if (this.#count > headerBytes + 2) {
      throw tooMuch('before the first part are more bytes', 'headerBytes', headerBytes);
    }
    this.#consume(skipped);
    if (at === -1) return MORE;
    this.#enterDelimiter();
    return undefined;
  }

  #enterDelimiter(): void {
    this.#consume(this.#delimiter.length);
    this.#state = 'delimiter';
    this.#count = 0;
  }

  /** Behind the boundary: `--` for the last delimiter, or the end of the line. */
  #readDelimiter(): MultipartEvent | typeof MORE | undefined {
    const { parts } = this.#limits;
    if (this.#hasOpenPart) {
      this.#hasOpenPart = false;
      return { type: 'part-end' };
    }
    const [first, second] = this.#buffer;
    if (first === DASH && this.#count === 0) {
      if (second === undefined) return MORE;
      if (second !== DASH) throw badDelimiter();
      this.#consume(2);
      this.#state = 'last';
      return undefined;
    }
    if (!this.#readLineEnd()) return MORE;
    this.#parts += 1;
    if (this.#parts > parts) throw tooMuch('the form has more parts', 'parts', parts);
    this.#state = 'section';
    return undefined;
  }

  /** Consumes blanks up to a CRLF, which stays; whether it is there. */
  #readLineEnd(): boolean {
    const buffer = this.#buffer;
    const { headerBytes } = this.#limits;
    let at = 0;
    while (at < buffer.length && isBlank(buffer[at])) at += 1;
    this.#count += at;
    this.#consume(at);
    if (this.#count > headerBytes) {
      throw tooMuch('a delimiter is followed by more blanks', 'headerBytes', headerBytes);
    }
    const [first, second] = this.#buffer;
    if (first === undefined) return false;
    if (first !== CR || (second !== undefined && second !== LF)) throw badDelimiter();
    return second !== undefined;
  }

  /** A header section, from the CRLF before it to the empty line. */
  #readSection(): MultipartEvent | typeof MORE {
    const { headerBytes } = this.#limits;
    const buffer = this.#buffer;
    const end = buffer.subarray(0, headerBytes + SECTION_END.length).indexOf(SECTION_END);
    if (end === -1) {
      if (buffer.length >= headerBytes + SECTION_END.length) {
        throw tooMuch("a part's header section has more bytes", 'headerBytes', headerBytes);
      }
      return MORE;
    }
    const head = parsePartHead(buffer.subarray(2, Math.max(2, end + 2)), this.#limits);
    // The CRLF of the empty line may be that of a delimiter: then the part has no body (RFC 2046 section 5.1.1).
    this.#consume(end + 2);
    this.#state = 'body';
    this.#hasOpenPart = true;
    this.#count = -2;
    return { type: 'part', head };
  }

  #readBody(): MultipartEvent | typeof MORE | undefined {
    const at = this.#buffer.indexOf(this.#delimiter);
    const length = at === -1 ? this.#certain() : at;
    if (length === 0) {
      if (at === -1) return MORE;
      this.#enterDelimiter();
      return undefined;
    }
    // Behind the CRLF of the empty line.
    const skipped = Math.min(length, Math.max(0, -this.#count));
    const room = this.#limits.partBytes - Math.max(0, this.#count);
    const given = Math.min(length - skipped, room);
    const bytes = this.#buffer.subarray(skipped, skipped + given);
    this.#count += skipped + given;
    this.#consume(skipped + given);
    if (given > 0) return { type: 'data', bytes };
    if (length > skipped)
      throw tooMuch('a part has more bytes', 'partBytes', this.#limits.partBytes);
    return undefined;
  }

  /** How many bytes cannot be the beginning of a delimiter. Only its first byte is a CR. */
  #certain(): number {
    const buffer = this.#buffer;
    const delimiter = this.#delimiter;
    const cr = buffer.lastIndexOf(CR);
    if (cr === -1 || buffer.length - cr >= delimiter.length) return buffer.length;
    const tail = buffer.subarray(cr);
    return tail.equals(delimiter.subarray(0, tail.length)) ? cr : buffer.length;
  }

  #consume(count: number): void {
    this.#buffer = this.#buffer.subarray(count);
  }
}

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9;

function badDelimiter(): MultipartError {
  return new MultipartError(
    'ERR_MULTIPART_DELIMITER',
    'a line begins with the boundary and is no delimiter',
  );
}
