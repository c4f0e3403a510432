/**
 * A head that comes again is not parsed again (`repeated-head.ts`), and no program can see it. So that these tests know that
 * they test it, they count how often a head is recognized; and so that the property is known to find what it is for, it is
 * also held against memories with planted bugs.
 */

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RequestHead } from '../../src/protocol/vocabulary/events.ts';
import type { ProtocolLimits } from '../../src/protocol/vocabulary/limits.ts';
import { requestStream } from './arbitrary.ts';
import {
  countingRepeats,
  finds,
  MISTAKES,
  playTwice,
  textOf,
  valueOf,
  type Plant,
} from './memory.ts';
import { byteByByte, latin1, observeServer, whole } from './observe.ts';
import {
  change,
  cutting,
  GET,
  limits,
  PARSED,
  piecesOf,
  post,
  REPEATABLE,
  stream,
  type Change,
  type Cutting,
} from './repetition.ts';

/** GET gets the protocol that it asks for, if any. */
const answer = (head: RequestHead): number => (head.upgrade && head.method === 'GET' ? 101 : 200);

/** What a connection makes of pieces: each event, and how it stood after each `receive`; and every head, as it was taken. */
function converse(pieces: readonly Uint8Array[], some: Partial<ProtocolLimits>, releases: boolean) {
  const trace: unknown[] = [];
  const heads: RequestHead[] = [];
  const { lines, left } = observeServer(pieces, {
    limits: some,
    eof: true,
    answer,
    releases,
    onReceive: ({ hasEvent, isInHead, isIdle }, taken) => {
      trace.push({ taken, hasEvent, isInHead, isIdle });
    },
    onEvent: (event) => {
      trace.push(valueOf(event));
      if (event.type === 'request') heads.push(event);
    },
  });
  return { trace, heads, result: { lines, left } };
}

const RUNS = 300;

/** Holds what a connection makes of a stream against what it makes of it when every head is parsed. */
function compare(
  messages: readonly string[],
  placesIn: Cutting,
  some: Partial<ProtocolLimits>,
  changed: Change,
  isReleasing: boolean,
): void {
  const pieces = piecesOf(messages, placesIn, changed);
  playTwice(() => converse(pieces, some, isReleasing));
}

/** Repeated heads, one byte changed anywhere, any bodies, cut anywhere. */
const releasing = fc.constantFrom(false, false, false, true);
const property = fc.property(stream, cutting, limits, change, releasing, compare);

test('a stream of requests that repeat themselves has the events that it has where every head is parsed', () => {
  // A failure prints its seed and path.
  const repeats = countingRepeats(() => fc.assert(property, { numRuns: RUNS }));
  expect(repeats).toBeGreaterThan(RUNS / 2);
});

test.each<[what: string, plant: Plant]>([
  [
    'takes one host for another',
    { find: (find, text, at) => find(text.replaceAll('Host: b', 'Host: a'), at) },
  ],
  [
    'remembers a head whose body has no length',
    {
      remember: (remember, text, head) => {
        remember(text, Object.assign(head.copy(), { contentLength: 0 }));
      },
    },
  ],
  ...MISTAKES,
])('the property fails for a memory that %s', (_what, plant) => {
  expect(finds(plant, property, RUNS * 5)).toBe(true);
});

test('requests with any fields mean what they were written to mean each time that they are said', () => {
  const repeats = countingRepeats(() => {
    fc.assert(
      fc.property(requestStream, ({ bytes, lines }) => {
        const expected = [lines, lines, lines].flat();
        expect(observeServer(whole(bytes.repeat(3))).lines).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  });
  expect(repeats).toBeGreaterThan(RUNS / 20);
});

test.each(REPEATABLE)('%j is parsed once, and each body is its own', (head, length) => {
  const bodies = ['a', '\xff', '\r\n'].map((text) => text.repeat(length).slice(0, length));
  const pieces = bodies.map((body) => latin1(head + body));
  const data = bodies.filter((body) => body !== '').map((body) => `data ${JSON.stringify(body)}`);
  let lines: readonly string[] = [];
  const count = (some: readonly Uint8Array[]): number =>
    countingRepeats(() => ({ lines } = observeServer(some)));
  expect(count(pieces)).toBe(2);
  expect(lines.filter((line) => line.startsWith('data'))).toEqual(data);
  expect(count(byteByByte(pieces.map(textOf).join('')))).toBe(0);
});

test('a head whose framing is not in it, or that proposes or ends something, is parsed each time', () => {
  const bodies = ['1\r\nx\r\n0\r\n\r\n', '', 'hello', ''];
  const last = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  for (const message of [...PARSED.map(([head], index) => head + bodies[index]), last]) {
    expect(countingRepeats(() => observeServer([message, message].map(latin1)))).toBe(0);
    // It leaves the head that was remembered before it.
    const [before, after] = [GET, GET].map(latin1) as [Uint8Array, Uint8Array];
    const repeats = countingRepeats(() => observeServer([before, latin1(message), after]));
    expect(repeats).toBe(message === last ? 0 : 1);
  }
});

test('a head is forgotten when another comes, when buffers are released, and on another connection', () => {
  const count = (texts: readonly string[], options = {}): number =>
    countingRepeats(() => observeServer(texts.map(latin1), options));
  expect(count([GET, GET, post(0), GET])).toBe(1);
  expect(count([GET, GET], { releases: true })).toBe(0);
  expect(countingRepeats(() => [count([GET]), count([GET])])).toBe(0);
});
