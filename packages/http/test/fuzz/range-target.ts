/**
 * Byte ranges, for fuzzing: a text is the size of a representation, LF, and the value of a `Range` field.
 *
 * What must hold: the ranges are those that a reader with whole numbers of any size finds, joined where they meet, and otherwise in the
 * client's order (RFC 9110 section 14.1.1, 15.3.7.2); and the client finds in the parts of the response the bytes that they name.
 */

import {
  multipartRanges,
  selectRanges,
  type ByteRange,
} from '../../src/batteries/selection/ranges.ts';
import { choice, oneOf, rarely, repeat, sequence, write } from './rules.ts';
import type { Target, Verdict } from './target.ts';

const MAX_RANGES = 3;
const BOUNDARY = 'awaitio-0';

const SIZE = choice('10', '0', '1', '100', '1000');
const NUMBER = oneOf(
  choice('0', '1', '5', '9', '10', '50', '99', '999', '1000'),
  choice('99999999999999999999', '9007199254740993', '9007199254740992', '4294967296', '00', '05'),
  choice('+1', '1.5', '0x1', '1e1', ' 1', '1 ', 'a', '', '\u0661'),
);
const SINGLE = choice('0-0', '2-2', '4-4', '6-6', '8-8', '20-29');
const SPEC = oneOf(
  choice(sequence(NUMBER, '-', NUMBER), SINGLE, SINGLE),
  sequence(NUMBER, '-'),
  sequence('-', NUMBER),
  choice('0-4,5-9', '5-9,0-4', '0-1, 2-3', '5-9,0-5'),
  choice('-', '--1', '1', '1-2-3', '1--2', '1\u20132', '- 1', ''),
);
const BETWEEN = oneOf(',', ', ', ' ,\t', ',,', choice(';', ' ', '\xa0,', ',\x0b', ', \xa0'));
const VALUE = sequence(
  oneOf('bytes=', 'BYTES=', 'bytes= ', 'bytes =', 'bytes:', 'lines=', 'xbytes=', 'bytes', ''),
  SPEC,
  repeat(sequence(BETWEEN, SPEC), 0, 8),
  rarely(0.1, BETWEEN),
);
const TEXT = sequence(SIZE, '\n', VALUE);

const DICTIONARY = ['0', '9', '-', ',', ' ', '\t', '\xa0', '\n', '=', 'bytes=', '0-0', '-1', '1-'];

/** What is judged. */
export interface Ranges {
  readonly selectRanges: typeof selectRanges;
  readonly multipartRanges: typeof multipartRanges;
}

/** @param by - What is judged, for a test of the judge. */
export const rangeTarget = (by: Ranges = { selectRanges, multipartRanges }): Target => ({
  name: 'range',
  weight: 3,
  dictionary: DICTIONARY,
  generate: (random) => write(random, TEXT),
  judge: (text) => judgeRange(by, text),
});

function judgeRange(by: Ranges, text: string): Verdict {
  const [, digits = '', value = ''] = /^(\d{0,4})[^\n]*\n?([^]*)$/.exec(text) ?? [];
  const size = Number(digits);
  try {
    const found = by.selectRanges(value, size, MAX_RANGES);
    const expected = readRanges(value, size);
    const steps = [typeof found === 'string' ? found : `${found.length} of ${expected.asked}`];
    const [one, other] = [JSON.stringify(expected.result), JSON.stringify(found)];
    if (one !== other) return { complaint: `expected ${one}, got ${other}`, steps };
    const isSeveral = typeof found !== 'string' && found.length > 1;
    return { complaint: isSeveral ? badParts(by, found, size) : undefined, steps };
  } catch (error) {
    return { complaint: `it threw: ${(error as Error).stack ?? String(error)}`, steps: [] };
  }
}

/** A second reader of the field, and how many ranges it asks for that are there. */
function readRanges(value: string, size: number): { result: unknown; asked: number } {
  const ignored = { result: 'whole', asked: 0 };
  if (!/^bytes=/i.test(value) || size === 0) return ignored;
  const elements = value
    .slice(6)
    .split(',')
    .map((element) => element.replace(/^[\t ]+|[\t ]+$/g, ''))
    .filter((element) => element !== '');
  if (elements.length === 0) return ignored;
  const all = BigInt(size);
  const asked: [start: bigint, end: bigint][] = [];
  for (const element of elements) {
    const [, first, last, suffix] = /^(?:([0-9]+)-([0-9]*)|-([0-9]+))$/.exec(element) ?? [];
    if (suffix !== undefined) {
      const length = BigInt(suffix);
      if (length > 0n) asked.push([length > all ? 0n : all - length, all]);
      continue;
    }
    if (first === undefined) return ignored;
    const start = BigInt(first);
    const end = last === '' || last === undefined ? all : BigInt(last) + 1n;
    if (last !== '' && end <= start) return ignored;
    if (start < all) asked.push([start, end > all ? all : end]);
  }
  if (asked.length === 0) return { result: 'unsatisfiable', asked: 0 };
  // By the bytes themselves: which ones are wanted, and where their runs begin and end.
  const wanted = new Uint8Array(size + 1);
  for (const [start, end] of asked) wanted.fill(1, Number(start), Number(end));
  const runs: ByteRange[] = [];
  for (let at = 0; at < size; at += 1) {
    if (wanted[at] === 0) continue;
    const end = wanted.indexOf(0, at);
    runs.push({ start: at, end });
    at = end;
  }
  if (runs.length > MAX_RANGES) return { ...ignored, asked: asked.length };
  const given = asked.map(([start, end]) => ({ start: Number(start), end: Number(end) }));
  return { result: runs.length === asked.length ? given : runs, asked: asked.length };
}

const contents = Buffer.from(Array.from({ length: 10_000 }, (_, at) => (at * 7) % 251)).toString(
  'latin1',
);

/** Writes the parts, and reads them as a client does. */
function badParts(by: Ranges, ranges: readonly ByteRange[], size: number): string | undefined {
  const { type, heads, tail, length } = by.multipartRanges(ranges, size, BOUNDARY, 'a/b');
  const body = ranges.map(({ start, end }, at) => heads[at] + contents.slice(start, end)).join('');
  const text = body + tail;
  if (text.length !== length) return `its parts have ${text.length} bytes, announced are ${length}`;
  if (type !== `multipart/byteranges; boundary=${BOUNDARY}`) return `its type is ${type}`;
  const [preamble, ...rest] = `\r\n${text}`.split(`\r\n--${BOUNDARY}`);
  if (preamble !== '' || rest.pop() !== '--\r\n')
    return 'its parts do not begin or end as parts do';
  if (rest.length !== ranges.length) return `it has ${rest.length} parts, not ${ranges.length}`;
  for (const [at, part] of rest.entries()) {
    const [, first, last, all, bytes] =
      /^\r\nContent-Type: a\/b\r\nContent-Range: bytes (\d+)-(\d+)\/(\d+)\r\n\r\n([^]*)$/.exec(
        part,
      ) ?? [];
    const { start, end } = ranges.at(at) as ByteRange;
    const isNamed = Number(first) === start && Number(last) === end - 1 && Number(all) === size;
    if (!isNamed) return `part ${at} is named wrongly`;
    if (bytes !== contents.slice(start, end)) return `part ${at} has other bytes`;
  }
  return undefined;
}
