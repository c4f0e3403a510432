/**
 * Random messages that are right, with what a connection must make of them.
 *
 * The expected lines come from the same random choices as the bytes and not from any parser, so a whole run can be wrong
 * too, not only one that was cut.
 */

import fc from 'fast-check';

export interface Written {
  readonly bytes: string;
  readonly lines: readonly string[];
}

const TOKEN_CHARACTERS =
  "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TARGET_CHARACTERS = "/?&=%.~-_!$'()*+,;:@0123456789abcxyzABC";

const ofCharacters = (
  characters: string,
  minLength: number,
  maxLength: number,
): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...characters.split('')), { minLength, maxLength })
    .map((parts) => parts.join(''));

/** Bytes as latin1 text. */
export const binary = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));

/** Names that no rule knows. */
const name = ofCharacters(TOKEN_CHARACTERS, 1, 12).map((rest) => `x-${rest}`);
/** Field values: no white space at either end, and not empty more often than not. */
export const fieldValue = fc
  .array(
    fc.oneof(
      { arbitrary: fc.integer({ min: 0x21, max: 0x7e }), weight: 8 },
      { arbitrary: fc.integer({ min: 0x80, max: 0xff }), weight: 1 },
      { arbitrary: fc.constantFrom(0x20, 0x09), weight: 2 },
    ),
    { maxLength: 20 },
  )
  .map((codes) => trimBlanks(String.fromCharCode(...codes)));
const blank = ofCharacters(' \t', 0, 3);

export const trimBlanks = (text: string): string => text.replaceAll(/^[\t ]+|[\t ]+$/g, '');

/** Fields as pairs. */
export const fields = (maxLength = 5): fc.Arbitrary<[name: string, value: string][]> =>
  fc.array(fc.tuple(name, fieldValue), { maxLength });

/** Field lines with white space around their values. */
const fieldLines = fc
  .array(fc.tuple(name, fieldValue, blank, blank), { maxLength: 5 })
  .map((list) =>
    list.map(([one, value, before, after]) => `${one}:${before}${value}${after}\r\n`).join(''),
  );

const trailerLines = fields(3).map((list) => ({
  bytes: list.map(([one, value]) => `${one}: ${value}\r\n`).join(''),
  lines: list.map(([one, value]) => `  ${one}: ${value}`),
}));

/** Chunk sizes, as text: any case, any number of leading zeros, any extension. */
const sizeLine = (size: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.boolean(), fc.nat(3), fc.constantFrom('', ';a', ';a=b', ';a="b c"', ';a="\\"";b=c'))
    .map(([isUpper, zeros, extension]) => {
      const digits = size.toString(16);
      return `${'0'.repeat(zeros)}${isUpper ? digits.toUpperCase() : digits}${extension}\r\n`;
    });

const data = (text: string): string[] => (text === '' ? [] : [`data ${JSON.stringify(text)}`]);

/** A body in chunks, from its first size line to its last empty line. */
export const chunkedBody: fc.Arbitrary<Written> = fc
  .tuple(
    fc.array(
      binary(40).filter((text) => text !== ''),
      { maxLength: 5 },
    ),
    trailerLines,
  )
  .chain(([chunks, trailers]) =>
    fc.tuple(...chunks.map((chunk) => sizeLine(chunk.length)), sizeLine(0)).map((sizes) => ({
      bytes: `${chunks.map((chunk, at) => `${sizes[at]}${chunk}\r\n`).join('')}${sizes.at(-1)}${trailers.bytes}\r\n`,
      lines: [...data(chunks.join('')), 'end', ...trailers.lines],
    })),
  );

interface Body extends Written {
  readonly field: string;
  readonly flag: string;
}

const body: fc.Arbitrary<Body> = fc.oneof(
  fc.constant({ field: '', flag: '', bytes: '', lines: ['end'] }),
  binary(60).map((text) => ({
    field: `Content-Length: ${text.length}\r\n`,
    flag: text === '' ? '' : ` length=${text.length}`,
    bytes: text,
    lines: [...data(text), 'end'],
  })),
  chunkedBody.map((chunks) => ({
    field: 'transfer-encoding: chunked\r\n',
    flag: ' unknown-length',
    ...chunks,
  })),
);

/** A request that keeps its connection alive. */
const request: fc.Arbitrary<Written> = fc
  .record({
    blankLines: fc.constantFrom('', '', '', '\r\n', '\r\n\r\n'),
    method: fc.constantFrom('GET', 'POST', 'DELETE', 'OPTIONS', 'M-SEARCH', 'PROPFIND', 'QUERY'),
    target: ofCharacters(TARGET_CHARACTERS, 0, 30).map((rest) => `/${rest}`),
    before: fieldLines,
    after: fieldLines,
    body,
  })
  .map(({ blankLines, method, target, before, after, body: content }) => ({
    bytes: `${blankLines}${method} ${target} HTTP/1.1\r\n${before}Host: a\r\n${content.field}${after}\r\n${content.bytes}`,
    lines: [`${method} ${target}${content.flag}`, ...content.lines],
  }));

/** Pipelined requests. */
export const requestStream: fc.Arbitrary<Written> = fc
  .array(request, { minLength: 1, maxLength: 4 })
  .map((requests) => ({
    bytes: requests.map(({ bytes }) => bytes).join(''),
    lines: requests.flatMap(({ lines }) => lines),
  }));

/** A response to GET, behind any number of informational ones. */
export const responseStream: fc.Arbitrary<Written> = fc
  .record({
    hints: fc.array(fc.constantFrom(100, 102, 103), { maxLength: 2 }),
    status: fc.constantFrom(200, 201, 404, 500, 799),
    reason: fieldValue,
    before: fieldLines,
    body: body.filter(({ field }) => field !== ''),
  })
  .map(({ hints, status, reason, before, body: content }) => ({
    bytes: `${hints.map((hint) => `HTTP/1.1 ${hint} \r\n${before}\r\n`).join('')}HTTP/1.1 ${status} ${reason}\r\n${before}${content.field}\r\n${content.bytes}`,
    lines: [
      ...hints.map(String),
      `${status}${reason === '' ? '' : ` ${reason}`}${content.flag}`,
      ...content.lines,
    ],
  }));

/** Places to cut bytes at, as fractions of their length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
  maxLength: 12,
});

/** The cuts as places in so many bytes. */
export const placesOf = (fractions: readonly number[], length: number): number[] =>
  fractions.map((fraction) => Math.floor(fraction * length)).toSorted((one, other) => one - other);
