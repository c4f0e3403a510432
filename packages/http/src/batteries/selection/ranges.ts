/**
 * Byte ranges (RFC 9110 section 14): which parts of a representation a request asks for, and how several parts are written.
 *
 * A client may ask for the same bytes a thousand times over in one line. So ranges that overlap are joined, and a request for
 * too many, or for more bytes than there are, gets the whole (section 14.2 allows both).
 */

import { trimBlanks } from '../../protocol/vocabulary/lists.ts';

/** A part of a representation: `start` is its first byte, `end` the one behind its last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The parts that were asked for · `unsatisfiable`: none of them is there, 416 · `whole`: the field is to be ignored. */
export type RangeSelection = readonly ByteRange[] | 'unsatisfiable' | 'whole';

/** One part, as `0-499`, `500-` or `-500`. */
const SPEC = /^(\d*)-(\d*)$/;

/**
 * Reads a `Range` field.
 *
 * @param value - The field's value.
 * @param size - The length of the representation in bytes.
 * @param maxRanges - How many parts a response may have.
 */
export function selectRanges(value: string, size: number, maxRanges: number): RangeSelection {
  const unit = /^bytes=/i.exec(value);
  if (unit === null) return 'whole';
  const ranges: ByteRange[] = [];
  let hasSpec = false;
  for (const element of value.slice(unit[0].length).split(',')) {
    const text = trimBlanks(element);
    if (text === '') continue;
    hasSpec = true;
    const range = rangeOf(text, size);
    if (range === undefined) return 'whole';
    if (range.start < range.end) ranges.push(range);
  }
  // Some clients ask for a range of everything, also of what is empty: they get it, as from Go's server.
  if (!hasSpec || size === 0) return 'whole';
  if (ranges.length === 0) return 'unsatisfiable';
  const joined = joinOverlapping(ranges);
  const total = joined.reduce((sum, { start, end }) => sum + end - start, 0);
  return joined.length > maxRanges || (joined.length > 1 && total >= size) ? 'whole' : joined;
}

/** One part, cut to what is there; empty when nothing of it is. `undefined` when it is malformed. */
function rangeOf(text: string, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = SPEC.exec(text) ?? [];
  if (first === '') {
    if (last === '') return undefined;
    return { start: Math.max(0, size - Number(last)), end: size };
  }
  const start = Number(first);
  if (last !== '' && isLess(last, first)) return undefined;
  const end = last === '' ? size : Math.min(size, Number(last) + 1);
  return { start, end };
}

/** Whether one number is less than another, also where they are too large to differ as `number`. */
function isLess(digits: string, than: string): boolean {
  const [a, b] = [digits.replace(/^0+/, ''), than.replace(/^0+/, '')];
  return a.length === b.length ? a < b : a.length < b.length;
}

/** Joins those that overlap or touch; where none do, the order stays the client's (section 15.3.7.2). */
function joinOverlapping(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const sorted = ranges.toSorted((a, b) => a.start - b.start);
  const joined: ByteRange[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last === undefined || range.start > last.end) joined.push(range);
    else joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return joined.length === ranges.length ? ranges : joined;
}

/** The value of `Content-Range` for a part. */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}

/** The parts of a `multipart/byteranges` body (section 14.6): what stands before each, and behind the last. */
export interface MultipartRanges {
  readonly type: string;
  /** One text for each range. */
  readonly heads: readonly string[];
  readonly tail: string;
  /** Of the whole body, in bytes. */
  readonly length: number;
}

/**
 * Frames several parts.
 *
 * @param boundary - A text that no part holds: a client finds the parts by it.
 * @param type - The representation's own type.
 */
export function multipartRanges(
  ranges: readonly ByteRange[],
  size: number,
  boundary: string,
  type: string | undefined,
): MultipartRanges {
  const typeLine = type === undefined ? '' : `Content-Type: ${type}\r\n`;
  const heads = ranges.map(
    (range, index) =>
      `${index === 0 ? '' : '\r\n'}--${boundary}\r\n${typeLine}Content-Range: ${contentRange(range, size)}\r\n\r\n`,
  );
  const tail = `\r\n--${boundary}--\r\n`;
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  const framing = heads.reduce((sum, { length }) => sum + length, tail.length);
  return {
    type: `multipart/byteranges; boundary=${boundary}`,
    heads,
    tail,
    length: bytes + framing,
  };
}
