/**
 * Where the text of a head, or of a trailer section, lies, and where in it the parser found its parts.
 *
 * Text has two homes. A small chunk is one string with all its heads in it, and a head that lies whole in the chunk is cut
 * from that string. A head that comes in pieces is collected in a string that begins with it, so that a name cut in two by
 * the network is whole again. Positions count in the string in use, whichever it is: `#origin` is where the chunk's first
 * byte stands in it, `#start` where the head begins in it.
 *
 * The chunk is borrowed: {@link HeadText.keep} copies what goes on in the next one.
 */

import type { RequestHead, ResponseHead } from '../vocabulary/events.ts';
import { Headers } from '../vocabulary/headers.ts';
import { latin1 } from '../vocabulary/latin1.ts';
import type { ProtocolLimits } from '../vocabulary/limits.ts';
import { isBlank } from '../vocabulary/lists.ts';
import {
  readRequestHead,
  readResponseHead,
  statusLineLength,
  type ParsedLine,
  type ResponseContext,
} from './read-head.ts';

export class HeadText {
  #chunk: Uint8Array = NO_BYTES;
  /** The chunk as text, when it is small. */
  #chunkText: string | undefined;
  /** Where in the chunk the head, or what follows of it, begins. */
  #begin = 0;
  #origin = 0;
  #start = 0;
  /** What came in earlier chunks. */
  #collected = '';
  /**
   * Name start, name end, value start, value end of each field. -1: not known yet. The array is used for one head after
   * another, as one that grows anew for each is a fifth of a request's garbage.
   */
  #spans: number[] = [];
  /** How many of them are of this head. */
  #used = 0;
  #targetStart = -1;
  #targetEnd = -1;

  /** Begins to look at borrowed bytes; `isText` is for few of them, which are then cut up as one text. */
  takeChunk(chunk: Uint8Array, isText: boolean): void {
    this.#chunk = chunk;
    this.#chunkText = isText ? latin1(chunk) : undefined;
  }

  /** Drops the borrowed bytes. */
  dropChunk(): void {
    this.#chunk = NO_BYTES;
    this.#chunkText = undefined;
  }

  get chunk(): Uint8Array {
    return this.#chunk;
  }

  /** The chunk as text, when it is small. */
  get chunkText(): string | undefined {
    return this.#chunkText;
  }

  /** Forgets the head before: another begins. */
  reset(): void {
    this.#targetStart = -1;
    this.#targetEnd = -1;
  }

  /** The head, or what follows of it, begins at `at` in the chunk. */
  resume(at: number): void {
    this.#begin = at;
    if (this.#isInChunk) {
      this.#origin = 0;
      this.#start = at;
    } else {
      this.#origin = this.#collected.length - at;
      this.#start = 0;
    }
  }

  /** Drops what was collected. */
  clear(): void {
    this.#collected = '';
  }

  // --- Positions, as offsets into the chunk ----------------------------------------------------------------------

  addTarget(start: number, end: number): void {
    if (this.#targetStart === -1) this.#targetStart = this.#origin + start;
    this.#targetEnd = this.#origin + end;
  }

  addName(start: number, end: number): void {
    const spans = this.#spans;
    const used = this.#used;
    // A field whose name goes on in this chunk has no value yet.
    if (used > 0 && spans[used - 1] === -1) {
      spans[used - 3] = this.#origin + end;
      return;
    }
    spans[used] = this.#origin + start;
    spans[used + 1] = this.#origin + end;
    spans[used + 2] = -1;
    spans[used + 3] = -1;
    this.#used = used + 4;
  }

  addValue(start: number, end: number): void {
    const spans = this.#spans;
    const last = this.#used - 1;
    if (spans[last] === -1) spans[last - 1] = this.#origin + start;
    spans[last] = this.#origin + end;
  }

  /** Copies what this chunk gave of a head that goes on in the next one. */
  keep(): void {
    const start = this.#start;
    this.#collected = this.prefix(Infinity);
    if (start > 0) this.#rebase(start);
  }

  // --- Sizes and text --------------------------------------------------------------------------------------------

  /** How much of it there is up to `end` in the chunk. */
  sizeAt(end: number): number {
    return this.#collected.length + end - this.#begin;
  }

  /** Where in the chunk the first `size` bytes of it end. */
  endAt(size: number): number {
    return this.#begin + size - this.#collected.length;
  }

  /** How long a head is that the parser has read to its end, its empty line included. The parser does not say. */
  get size(): number {
    const spans = this.#spans;
    const end = spans[this.#used - 1];
    // Two line ends follow a value; an empty one is found where the next line begins, behind the first of them.
    if (end !== undefined) return end - this.#start + (end === spans[this.#used - 2] ? 2 : 4);
    // Eleven bytes, ` HTTP/1.1` and a line end, follow a request's target; and the empty line.
    if (this.#targetEnd !== -1) return this.#targetEnd - this.#start + 13;
    return statusLineLength(this.#text(Infinity), this.#start) + 4;
  }

  /** The first `length` characters of it, or as many as there are. */
  prefix(length: number): string {
    if (length < this.#collected.length) return this.#collected.slice(0, length);
    const chunk = this.#chunk;
    const text = this.#chunkText;
    const end = Math.min(chunk.length, this.endAt(length));
    const part =
      text === undefined ? latin1(chunk, this.#begin, end) : text.slice(this.#begin, end);
    return this.#collected === '' ? part : this.#collected + part;
  }

  /** A head of this size as text, if all of it lies in the text of one small chunk. */
  textInChunk(size: number): string | undefined {
    if (!this.#isInChunk) return undefined;
    return (this.#chunkText as string).slice(this.#start, this.#start + size);
  }

  // --- What it says ----------------------------------------------------------------------------------------------

  /** Reads a request's head of this size. @throws `RemoteProtocolError` as {@link readRequestHead}. */
  readRequest(
    size: number,
    parser: ParsedLine,
    upgrade: boolean,
    keepAlive: boolean,
    limits: ProtocolLimits,
  ): RequestHead {
    const text = this.#text(size);
    const line = {
      text,
      start: this.#start,
      targetStart: this.#targetStart,
      targetEnd: this.#targetEnd,
    };
    return readRequestHead(line, this.#takeSpans(text), parser, upgrade, keepAlive, limits);
  }

  /** Reads a response's head of this size. @throws `RemoteProtocolError` as {@link readResponseHead}. */
  readResponse(
    size: number,
    status: number,
    keepAlive: boolean,
    context: ResponseContext,
    limits: ProtocolLimits,
  ): ResponseHead {
    const text = this.#text(size);
    const spans = this.#takeSpans(text);
    return readResponseHead(text, this.#start, spans, status, keepAlive, context, limits);
  }

  /** Reads a trailer section that ends at `end` in the chunk. */
  readTrailers(end: number): Headers {
    const text = this.#text(this.sizeAt(end));
    return new Headers(text, this.#takeSpans(text));
  }

  /** The string that positions count in, with all of a head of this size in it. */
  #text(size: number): string {
    return this.#isInChunk ? (this.#chunkText as string) : this.prefix(size);
  }

  /** Takes the fields' positions, without the white space after a value (RFC 9112 section 5). */
  #takeSpans(text: string): number[] {
    const spans = this.#spans.slice(0, this.#used);
    this.#used = 0;
    if (spans.length > MOST_KEPT) this.#spans = [];
    for (let at = 3; at < spans.length; at += 4) {
      const start = spans[at - 1] as number;
      let end = spans[at] as number;
      while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
      spans[at] = end;
    }
    return spans;
  }

  /** What is collected begins with the head: moves positions in the chunk's text to where they are in it. */
  #rebase(start: number): void {
    if (this.#targetStart !== -1) {
      this.#targetStart -= start;
      this.#targetEnd -= start;
    }
    const spans = this.#spans;
    for (let at = 0; at < this.#used; at += 1) {
      const position = spans[at] as number;
      if (position !== -1) spans[at] = position - start;
    }
  }

  /** Whether all of it lies in the chunk's own text. */
  get #isInChunk(): boolean {
    return this.#collected === '' && this.#chunkText !== undefined;
  }
}

const NO_BYTES = new Uint8Array(0);
/** Positions of 32 fields: a longer array is not kept for the next head. */
const MOST_KEPT = 128;
