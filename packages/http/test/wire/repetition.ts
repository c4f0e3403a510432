/**
 * Random streams of requests that repeat themselves, and places to cut them.
 *
 * A client repeats itself in runs: the same head with one body after another, then another head. So a stream is drawn as
 * runs, from few heads: each is as near to another as it can be without being the same. What ends a connection, or cannot
 * be understood, comes at most once; what follows it must not be read.
 */

import fc from 'fast-check';
import type { ProtocolLimits } from '../../src/protocol/vocabulary/limits.ts';
import { binary, chunkedBody, cuts, placesOf } from './arbitrary.ts';
import { textOf } from './memory.ts';
import { cutAt, latin1 } from './observe.ts';

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
export const post = (length: number, before = '', after = ''): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${before}Content-Length: ${length}\r\n${after}\r\n`;
/** A head whose body may be the head itself. */
const SELF = post(post(10).length);
const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
const UPGRADE = 'Connection: upgrade\r\nUpgrade: x\r\n';

/** Last lines whose end the parser finds in different ways. */
const LAST_LINES = [
  'X:',
  'X: \t ',
  'X: y \t',
  'X: \xe9',
  'Connection:',
  'Connection: keep-alive \t',
];
LAST_LINES.push('Connection: x,', 'Upgrade: \t', 'Expect: 100-continue ');

/** Heads that are worth remembering, with the lengths of their bodies. */
export const REPEATABLE: readonly (readonly [head: string, length: number])[] = [
  [GET, 0],
  [GET.replace('a', 'A'), 0],
  ['GET /123 HTTP/1.1\r\nHost: a\r\n\r\n', 0],
  ['GET /1234 HTTP/1.1\r\nHost: a\r\n\r\n', 0],
  [GET.replace('GET', 'HEAD'), 0],
  [post(0), 0],
  [post(5), 5],
  [post(6), 6],
  [post(GET.length), GET.length],
  [SELF, SELF.length],
  [post(1_500), 1_500],
  // With its body, hardly a small chunk.
  [post(4_040), 4_040],
  [post(5, 'Expect: 100-continue\r\n'), 5],
  ['POST / HTTP/1.1\r\nHost:\ta\t\r\nContent-Length:\t5\t\r\n\r\n', 5],
  ['POST / HTTP/1.0\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n', 5],
  ...LAST_LINES.map((line) => [post(5, '', `${line}\r\n`), 5] as const),
];

/** A head, and what may follow it. */
type Kind = readonly [head: string, body: fc.Arbitrary<string>];

/** Requests after which the connection goes on, and which are parsed each time. */
export const PARSED: readonly Kind[] = [
  [CHUNKED, chunkedBody.map(({ bytes }) => bytes)],
  [`OPTIONS / HTTP/1.1\r\nHost: a\r\n${UPGRADE}Content-Length: 0\r\n\r\n`, fc.constant('')],
  [post(5, UPGRADE), fc.constant('hello')],
  [
    'POST / HTTP/1.0\r\nConnection: upgrade, keep-alive\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n',
    fc.constant(''),
  ],
];

/** Requests after which nothing is read: the last, another protocol's beginning, and those that are refused. */
const ENDINGS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  `${post(5, 'Connection: close\r\n')}hello`,
  'GET / HTTP/1.0\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: a\r\n${UPGRADE}Content-Length: 0\r\n\r\n`,
  'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n',
  post(5, 'Expect: more\r\n'),
  post(5, 'Transfer-Encoding: chunked\r\n'),
  `${CHUNKED}x\r\n`,
  `${'\r\n'.repeat(5)}${GET}`,
];

const fit = (text: string, length: number): string =>
  text.repeat(Math.ceil(length / text.length)).slice(0, length);
const exactly = (length: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.constantFrom(GET, SELF, 'a', '\r\n', '\xff'),
      binary(12).filter((text) => text !== ''),
    )
    .map((text) => fit(text, length));

const kind = (isLong: boolean): fc.Arbitrary<Kind> =>
  fc
    .constantFrom(...REPEATABLE.filter(([, length]) => length >= 1_000 === isLong))
    .map(([head, length]) => [head, exactly(length)]);

/** Heads as long as a given one, and the same but for the method, the case of a letter, or the host. */
const NEAR: readonly ((head: string) => string)[] = [
  (head) => head.replace(/^(?:(...)|....) /, (_start, three) => (three ? 'PUT ' : 'LOCK ')),
  (head) => head.replace('Host:', 'HosT:'),
  (head) => head.replace(/(?<=Host:[ \t])a/, 'b'),
];
const same = (head: string): string => head;

/** The same head some times, or one that is near it in turn, with any bodies, now and then behind empty lines. */
const run: fc.Arbitrary<string[]> = fc
  .tuple(
    fc.oneof(
      { arbitrary: kind(false), weight: 12 },
      { arbitrary: kind(true), weight: 1 },
      { arbitrary: fc.constantFrom(...PARSED), weight: 2 },
    ),
    fc.constantFrom(same, same, ...NEAR),
  )
  .chain(([[head, body], near]) => {
    const blank = fc.constantFrom('', '', '', '\r\n', '\r\n'.repeat(4));
    const message = fc
      .tuple(blank, fc.constantFrom(same, near), body)
      .map(([before, to, content]) => before + to(head) + content);
    return fc.array(message, { minLength: 1, maxLength: 6 });
  });
const runs = fc.array(run, { minLength: 1, maxLength: 4 }).map((list) => list.flat());
const fraction = fc.double({ min: 0, max: 0.999, noNaN: true });

/** The runs, with what is behind them: nothing, an ending that must be the last that is read, or part of a request. */
export const stream: fc.Arbitrary<string[]> = fc.oneof(
  runs,
  fc.tuple(runs, fc.constantFrom(...ENDINGS), runs).map((parts) => parts.flat()),
  fc.tuple(runs, fraction).map(([list, part]) => {
    const last = list.at(-1) as string;
    return [...list.slice(0, -1), last.slice(0, Math.floor(part * last.length))];
  }),
);

/** A byte, and where to put it in place of another; or none. */
export type Change = readonly [fraction: number, byte: number] | null;
export const change: fc.Arbitrary<Change> = fc.option(fc.tuple(fraction, fc.nat(255)), { freq: 1 });

/** Limits that some of the heads reach, and some just do not. */
export const limits: fc.Arbitrary<Partial<ProtocolLimits>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 6 },
  fc
    .tuple(fc.constantFrom(...REPEATABLE), fc.nat(1))
    .map(([[head], less]) => ({ headerBytes: head.length - less })),
  fc.constantFrom({ targetBytes: 4 }, { headerCount: 2 }, { bodyBytes: 5 }, { leadingBytes: 2 }),
  fc.constantFrom({ readAheadMessages: 1 }, { readAheadMessages: 2 }, { readAheadBytes: 70 }),
);

/** Where a stream of messages is cut, as places in it. */
export type Cutting = (messages: readonly string[]) => number[];

const ends: Cutting = (messages) => {
  let at = 0;
  return messages.map(({ length }) => {
    at += length;
    return at;
  });
};
const headEnds: Cutting = (messages) => {
  let at = 0;
  return messages.map((text) => {
    const end = at + (/^[\r\n]*[^]*?\r\n\r\n/.exec(text)?.[0].length ?? text.length);
    at += text.length;
    return end;
  });
};

/** All at once, a message at a time or some, heads apart from bodies, byte by byte, and anywhere. */
export const cutting: fc.Arbitrary<Cutting> = fc.oneof(
  fc.constantFrom<Cutting>(
    () => [],
    ends,
    headEnds,
    // Each piece costs a comparison of how the connection stands.
    (messages) => Array.from(messages.join('').slice(0, 500), (_character, at) => at),
  ),
  fc.integer({ min: 2, max: 4 }).map<Cutting>((some) => {
    return (messages) => ends(messages).filter((_end, index) => index % some === 0);
  }),
  cuts.map<Cutting>((fractions) => (messages) => placesOf(fractions, messages.join('').length)),
);

/** The bytes of some messages, cut and with a byte changed. */
export function piecesOf(
  messages: readonly string[],
  placesIn: Cutting,
  changed: Change,
): Uint8Array[] {
  const bytes = latin1(messages.join(''));
  if (changed !== null) bytes[Math.floor(changed[0] * bytes.length)] = changed[1];
  return cutAt(textOf(bytes), placesIn(messages));
}
