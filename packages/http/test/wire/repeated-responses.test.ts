/**
 * The head of a response that comes again is not parsed again, and no program can see it: as `repeated-heads.test.ts`, for clients. What a
 * response means depends on the request as well.
 */

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HttpConnection } from '../../src/protocol/connection.ts';
import { RemoteProtocolError } from '../../src/protocol/vocabulary/errors.ts';
import { NEED_DATA, PAUSED, type ResponseHead } from '../../src/protocol/vocabulary/events.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../../src/protocol/vocabulary/limits.ts';
import { countingRepeats, finds, MISTAKES, playTwice, valueOf, type Plant } from './memory.ts';
import { latin1 } from './observe.ts';
import { change, cutting, piecesOf, type Change, type Cutting } from './repetition.ts';

/** What a client asks, and the bytes that answer. */
interface Exchange {
  readonly method: 'GET' | 'HEAD' | 'CONNECT';
  readonly isSwitchProposed?: boolean;
  readonly text: string;
}

const ok = (length: number, more = ''): string =>
  `HTTP/1.1 200 OK\r\n${more}Content-Length: ${length}\r\n\r\n`;
const NEAR = ok(5).replace('200', '201');
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const EARLY = 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';

/** Heads that are worth remembering, with the lengths of their bodies. */
const REPEATABLE: readonly (readonly [head: string, length: number])[] = [
  [ok(0), 0],
  [ok(5), 5],
  [ok(6), 6],
  [NEAR, 5],
  [ok(5, 'Date: x\r\n'), 5],
  [ok(5, 'Connection: keep-alive \t\r\n'), 5],
  [ok(1_500), 1_500],
  ['HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n', 5],
  ['HTTP/1.1 304 \r\nContent-Length: 5\r\n\r\n', 0],
  ['HTTP/1.1 204 No Content\r\n\r\n', 0],
];
/** What is parsed each time. */
const PARSED = [
  `${CHUNKED}1\r\nx\r\n0\r\n\r\n`,
  `${EARLY}${ok(5)}hello`,
  `${EARLY}${EARLY}${ok(0)}`,
  `${ok(5, 'Connection: close\r\n')}hello`,
  'HTTP/1.1 200 OK\r\n\r\nto the end',
  SWITCH,
  `${ok(5, 'Transfer-Encoding: chunked\r\n')}0\r\n\r\n`,
];
const bodyOf = (length: number): string => 'HTTP/1.1 200 OK\r\n'.repeat(100).slice(0, length);

/** All that a client can see of responses that come in pieces, one after another. */
function converse(
  exchanges: readonly Exchange[],
  pieces: readonly Uint8Array[],
  limits: Partial<ProtocolLimits>,
) {
  const connection = new HttpConnection('client', { ...DEFAULT_LIMITS, ...limits });
  const trace: unknown[] = [];
  const heads: ResponseHead[] = [];
  const left = [...exchanges];
  const ask = (): void => {
    const exchange = left.shift();
    if (exchange === undefined) return;
    const { method, isSwitchProposed = false } = exchange;
    const fields = isSwitchProposed ? ['Connection', 'upgrade', 'Upgrade', 'x'] : [];
    const target = method === 'CONNECT' ? 'a:80' : '/';
    connection.sendRequest({ method, target, fields, hasBody: false, length: undefined });
    connection.sendEnd();
  };
  const take = (): boolean => {
    for (let isMoved = false; ; isMoved = true) {
      const event = connection.nextEvent();
      if (event === NEED_DATA || event === PAUSED) return isMoved;
      trace.push(valueOf(event));
      if (event.type === 'response') heads.push(event);
      if (event.type === 'end' && connection.isCycleDone) {
        connection.startNextCycle();
        ask();
      }
    }
  };
  try {
    ask();
    for (const piece of pieces) {
      for (let rest = Uint8Array.from(piece); ;) {
        const taken = connection.receive(rest);
        const { hasEvent, isInHead, isIdle } = connection;
        trace.push({ taken, hasEvent, isInHead, isIdle });
        rest = rest.subarray(taken);
        if ((!take() && taken === 0) || rest.length === 0) break;
      }
    }
    connection.receiveEnd();
    take();
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    trace.push(error.code);
  }
  return { trace, heads };
}

const RUNS = 300;

const repeatable = fc.constantFrom(...REPEATABLE);
const asked: fc.Arbitrary<Pick<Exchange, 'method' | 'isSwitchProposed'>> = fc.oneof(
  { arbitrary: fc.constant({ method: 'GET' as const }), weight: 10 },
  { arbitrary: fc.constant({ method: 'HEAD' as const }), weight: 2 },
  { arbitrary: fc.constant({ method: 'CONNECT' as const, isSwitchProposed: true }), weight: 1 },
  { arbitrary: fc.constant({ method: 'GET' as const, isSwitchProposed: true }), weight: 1 },
);
/** Few heads in turn, so that they repeat, to requests that change what they mean. */
const stream: fc.Arbitrary<Exchange[]> = fc
  .uniqueArray(repeatable, { minLength: 1, maxLength: 2 })
  .chain((some) =>
    fc.array(fc.tuple(asked, fc.constantFrom(...some), fc.nat(12), fc.constantFrom(...PARSED)), {
      minLength: 1,
      maxLength: 10,
    }),
  )
  .map((list) =>
    list.map(([request, [head, length], odd, parsed]) => {
      const text = request.method === 'HEAD' ? head : head + bodyOf(length);
      return { ...request, text: odd === 0 ? parsed : text };
    }),
  );
const limits: fc.Arbitrary<Partial<ProtocolLimits>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 6 },
  fc.tuple(repeatable, fc.nat(1)).map(([[head], less]) => ({ headerBytes: head.length - less })),
  fc.constantFrom({ headerCount: 1 }, { bodyBytes: 5 }),
);

function compare(
  exchanges: readonly Exchange[],
  placesIn: Cutting,
  some: Partial<ProtocolLimits>,
  changed: Change,
): void {
  const messages = exchanges.map(({ text }) => text);
  const pieces = piecesOf(messages, placesIn, changed);
  playTwice(() => converse(exchanges, pieces, some));
}

const property = fc.property(stream, cutting, limits, change, compare);

test('a stream of responses that repeat themselves has the events that it has where every head is parsed', () => {
  // A failure prints its seed and path.
  const repeats = countingRepeats(() => fc.assert(property, { numRuns: RUNS }));
  expect(repeats).toBeGreaterThan(RUNS / 4);
});

test.each<[what: string, plant: Plant]>([
  [
    'takes one status for another',
    { find: (find, text, at) => find(text.replaceAll('201', '200'), at) },
  ],
  ...MISTAKES,
])('the property fails for a memory that %s', (_what, plant) => {
  expect(finds(plant, property, RUNS * 5)).toBe(true);
});

/** How many heads of these exchanges, each in a separate piece, were recognized; and what became of the bodies. */
function exchanged(...exchanges: readonly Exchange[]): { repeats: number; bodies: unknown[] } {
  let bodies: unknown[] = [];
  const repeats = countingRepeats(() => {
    const { trace } = converse(
      exchanges,
      exchanges.map(({ text }) => latin1(text)),
      {},
    );
    bodies = trace.filter((entry) => Object.hasOwn(entry as object, 'data'));
  });
  return { repeats, bodies };
}

test.each(REPEATABLE)('%j is parsed once', (head, length) => {
  const exchange: Exchange = { method: 'GET', text: head + bodyOf(length) };
  const { repeats, bodies } = exchanged(exchange, exchange, exchange);
  expect(repeats).toBe(2);
  expect(bodies).toHaveLength(length === 0 ? 0 : 3);
});

test('what a response means by its request is not remembered, nor found: to HEAD, and where a protocol may follow', () => {
  const get: Exchange = { method: 'GET', text: `${ok(5)}hello` };
  const proposing: Exchange = { ...get, isSwitchProposed: true };
  const head: Exchange = { method: 'HEAD', text: ok(5) };
  expect(exchanged(get, head, get)).toMatchObject({
    repeats: 1,
    bodies: [{ length: 5 }, { length: 5 }],
  });
  expect(exchanged(head, head, head, get)).toMatchObject({ repeats: 0, bodies: [{ length: 5 }] });
  expect(exchanged(proposing, proposing)).toMatchObject({ repeats: 0 });
});

test.each(PARSED)('%j is parsed each time', (text) => {
  const isSwitchProposed = text === SWITCH;
  const exchange: Exchange = { method: 'GET', text, isSwitchProposed };
  // The final head behind an early one is as good as any other.
  const expected = text.startsWith(EARLY) ? 1 : 0;
  expect(exchanged(exchange, exchange).repeats).toBe(expected);
});
