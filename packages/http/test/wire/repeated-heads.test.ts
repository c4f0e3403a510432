/**
 * A head that comes again is not parsed again (`repeated-head.ts`), and nobody can tell. So that these tests know that they
 * test it, they count how often it is recognized.
 */

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { HttpConnection } from '../../src/protocol/connection.ts';
import { NEED_DATA, PAUSED, type RequestHead } from '../../src/protocol/vocabulary/events.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../../src/protocol/vocabulary/limits.ts';
import { RepeatedHead } from '../../src/protocol/receiving/repeated-head.ts';
import { requestStream } from './arbitrary.ts';
import { byteByByte, cutAt, latin1, observeServer, whole } from './observe.ts';
import {
  CHUNKED,
  converse,
  countingRepeats,
  cutting,
  GET,
  meaning,
  post,
  REPEATABLE,
  SELF,
  someLimits,
  stream,
  type Told,
} from './repetition.ts';

/** What is told of messages that each come whole, over a connection of their own, up to the one that ends it. */
function oneByOne(
  messages: readonly string[],
  limits: Partial<ProtocolLimits>,
): { readonly told: readonly Told[]; readonly left: string } {
  const told: Told[] = [];
  for (const [index, message] of messages.entries()) {
    const alone = converse(whole(message), limits, { hasEnd: false });
    const isLast = !alone.goesOn || index === messages.length - 1;
    if (!isLast) told.push(...alone.told);
    else {
      const { told: last, heads } = converse(whole(message), limits);
      const after = messages.slice(index + 1).join('');
      return { told: meaning([...told, ...last]), left: isSwitch(heads[0]) ? after : '' };
    }
  }
  return { told, left: '' };
}

const isSwitch = (head: RequestHead | undefined): boolean =>
  head?.upgrade === true && ['CONNECT', 'GET'].includes(head.method);

const RUNS = 300;

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a stream of requests that repeat themselves', () => {
  test('means what each of them means to a connection that has heard nothing before', () => {
    let repeats = 0;
    fc.assert(
      fc.property(stream, cutting, someLimits, (messages, placesIn, limits) => {
        const pieces = cutAt(messages.join(''), placesIn(messages));
        const { told, left, repeats: more } = converse(pieces, limits);
        expect({ told: meaning(told), left }).toEqual(oneByOne(messages, limits));
        repeats += more;
      }),
      { numRuns: RUNS },
    );
    expect(repeats).toBeGreaterThan(RUNS / 2);
  });

  test('is told as by a connection that parses every head: piece by piece, and as many bytes taken', () => {
    let repeats = 0;
    fc.assert(
      fc.property(
        stream,
        cutting,
        someLimits,
        fc.option(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), {
          freq: 1,
        }),
        (messages, placesIn, limits, change) => {
          const bytes = latin1(messages.join(''));
          if (change !== null) bytes[Math.floor(change[0] * bytes.length)] = change[1];
          const pieces = cutAt(Buffer.from(bytes).toString('latin1'), placesIn(messages));
          const { repeats: more, ...conversation } = converse(pieces, limits);
          const find = jest.spyOn(RepeatedHead.prototype, 'find').mockReturnValue(undefined);
          const { repeats: none, ...expected } = converse(pieces, limits);
          find.mockRestore();
          expect(conversation).toEqual(expected);
          expect(none).toBe(0);
          repeats += more;
        },
      ),
      { numRuns: RUNS },
    );
    expect(repeats).toBeGreaterThan(RUNS / 2);
  });
});

test('requests with any fields mean what they were written to mean each time that they are said', () => {
  let repeats = 0;
  fc.assert(
    fc.property(requestStream, ({ bytes, lines }) => {
      const pieces = whole(bytes.repeat(3));
      expect(observeServer(pieces).lines).toEqual([lines, lines, lines].flat());
      repeats += converse(pieces).repeats;
    }),
    { numRuns: RUNS },
  );
  expect(repeats).toBeGreaterThan(RUNS / 20);
});

/** The data of each request, and how many were not parsed. */
function bodiesOf(pieces: readonly Uint8Array[], limits: Partial<ProtocolLimits> = {}) {
  const { told, repeats, left } = converse(pieces, limits, { hasEnd: false });
  const list = meaning(told).flatMap(({ type, data }) =>
    type === 'request' ? ['request'] : data === undefined ? [] : [data],
  );
  return { list, repeats, left };
}

describe('a head that comes again', () => {
  describe.each(REPEATABLE)('$what', ({ head, length }) => {
    const bodies = ['a', '\xff', '\r\n'].map((text) => text.repeat(length).slice(0, length));
    const messages = bodies.map((body) => head + body);
    const list = bodies.flatMap((body) => (body === '' ? ['request'] : ['request', body]));

    test('is not parsed again, and each body is its own', () => {
      expect(bodiesOf(messages.map(latin1))).toEqual({ list, repeats: 2, left: '' });
    });

    test('means the same byte by byte, where it is parsed each time', () => {
      expect(bodiesOf(byteByByte(messages.join('')))).toEqual({ list, repeats: 0, left: '' });
    });

    test('means the same in one chunk with what is before and behind it', () => {
      const text = `\r\n${messages.join('\r\n')}${CHUNKED}1\r\nx\r\n0\r\n\r\n`;
      expect(bodiesOf(whole(text)).list).toEqual([...list, 'request', 'x']);
    });
  });

  test.each<[string, string, number]>([
    ['is chunked', `${CHUNKED}1\r\nx\r\n0\r\n\r\n`, 2],
    [
      'proposes another protocol',
      'OPTIONS / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
      2,
    ],
    [
      'proposes another protocol and has a body',
      `${post(1, 'Connection: upgrade\r\nUpgrade: x\r\n')}x`,
      2,
    ],
    ['ends the connection', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', 1],
  ])('is parsed again when it %s', (_what, message, requests) => {
    const { heads, repeats } = converse([message, message].map(latin1));
    expect(heads).toHaveLength(requests);
    expect(repeats).toBe(0);
  });

  test('is still known after heads that are the parser’s own', () => {
    const chunked = `${CHUNKED}1\r\nx\r\n0\r\n\r\n`;
    expect(converse([GET, chunked, GET].map(latin1)).repeats).toBe(1);
  });

  test('is not known when another came in between', () => {
    expect(converse([GET, post(0), GET].map(latin1)).repeats).toBe(0);
  });

  test('is not known to another connection', () => {
    const [one, other] = [converse(whole(GET)), converse(whole(GET))];
    expect([one.repeats, other.repeats]).toEqual([0, 0]);
  });

  test('is another object each time, so that what a program hangs on one is not on the next', () => {
    const { heads, repeats } = converse(whole(GET + GET));
    expect(repeats).toBe(1);
    expect(heads[1]).toEqual(heads[0]);
    expect(heads[1]).not.toBe(heads[0]);
    expect(heads[1]?.headers).not.toBe(heads[0]?.headers);
  });

  test('has the new body, where the same head has another one', () => {
    const text = `${post(5)}hello${post(5)}world${post(5)}\x00\x80\xff\r\n`;
    const list = ['request', 'hello', 'request', 'world', 'request', '\x00\x80\xff\r\n'];
    expect(bodiesOf(whole(text))).toEqual({ list, repeats: 2, left: '' });
  });

  test('is no head where it is the body of another one, or of itself', () => {
    const text = `${SELF}${SELF}${SELF}${SELF}`;
    const list = ['request', SELF, 'request', SELF];
    expect(bodiesOf(whole(text))).toEqual({ list, repeats: 1, left: '' });
    expect(bodiesOf(whole(`${GET}${post(GET.length)}${GET}${GET}`)).list).toEqual([
      'request',
      'request',
      GET,
      'request',
    ]);
  });

  test('waits for a body that comes later, wherever that is cut', () => {
    const second = `${post(5)}world`;
    for (let cut = 0; cut <= second.length; cut += 1) {
      const pieces = [`${post(5)}hello`, second.slice(0, cut), second.slice(cut), GET].map(latin1);
      const { list } = bodiesOf(pieces);
      expect(list).toEqual(['request', 'hello', 'request', 'world', 'request']);
    }
  });

  test('whose body never comes is refused, as any other that breaks off', () => {
    const { told } = converse([`${post(5)}hello`, `${post(5)}worl`].map(latin1));
    expect(told.at(-1)).toMatchObject({ code: 'ERR_HTTP_TRUNCATED', statusHint: 400 });
    expect(meaning(told).at(-2)).toEqual({ data: 'worl', length: 4 });
  });

  test('is not heard behind a request that ends the connection, and stops nobody from ending it', () => {
    const close = `${post(5, 'Connection: close\r\n')}hello`;
    const { told, heads, left } = converse(whole(`${GET}${GET}${close}${close}${GET}`));
    expect(heads.map(({ keepAlive }) => keepAlive)).toEqual([true, true, false]);
    expect(meaning(told).at(-1)).toEqual({ type: 'end', trailers: undefined });
    expect(left).toBe('');
  });

  test('is left to the other protocol behind a request that switches to it', () => {
    const connect = 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n';
    const { heads, left } = converse([`${GET}${GET}${connect}${GET}`, connect].map(latin1));
    expect(heads.map(({ method }) => method)).toEqual(['GET', 'GET', 'CONNECT']);
    expect(left).toBe(GET + connect);
  });

  test('may have as many empty lines before it as the first, each time', () => {
    const blank = '\r\n'.repeat(4);
    const { list, repeats } = bodiesOf(whole(`${blank}${GET}`.repeat(3)));
    expect(list).toEqual(['request', 'request', 'request']);
    expect(repeats).toBe(2);
    const { told } = converse(whole(`${GET}${blank}${GET}${blank}\r\n${GET}`));
    expect(told.at(-1)).toMatchObject({ code: 'ERR_HTTP_LINE' });
    expect(meaning(told).filter(({ type }) => type === 'request')).toHaveLength(2);
  });

  test('is within limits that the first has just not reached', () => {
    const head = post(5);
    const limits = { headerBytes: head.length, headerCount: 2, targetBytes: 1, bodyBytes: 5 };
    const { list, repeats } = bodiesOf(whole(`${head}hello${head}world`), limits);
    expect(list).toEqual(['request', 'hello', 'request', 'world']);
    expect(repeats).toBe(1);
  });
});

describe('a server’s connection that hears the same head again', () => {
  const server = (limits: Partial<ProtocolLimits> = {}): HttpConnection =>
    new HttpConnection('server', { ...DEFAULT_LIMITS, ...limits });

  /** The next event, or what stands for none. */
  const next = (connection: HttpConnection): string => {
    const event = connection.nextEvent();
    if (typeof event !== 'symbol') return event.type;
    return event === NEED_DATA ? 'none' : event === PAUSED ? 'paused' : 'unknown';
  };
  const finishCycle = (connection: HttpConnection): void => {
    connection.sendWholeResponse({ status: 200, fields: [], length: 0, date: '' });
    connection.startNextCycle();
  };
  const takeRequest = (connection: HttpConnection): void => {
    while (next(connection) !== 'end');
    finishCycle(connection);
  };

  test.each<[string, string, Partial<ProtocolLimits>]>([
    ['messages', GET, { readAheadMessages: 3 }],
    ['bytes', `${post(5)}hello`, { readAheadBytes: 3 * (5 + 64) }],
  ])(
    'takes no more %s than it may read ahead, and goes on when they are handed out',
    (_what, message, limits) => {
      const connection = server(limits);
      const { length } = message;
      const bytes = latin1(message.repeat(10));
      expect(connection.receive(bytes)).toBe(3 * length);
      expect(connection.receive(bytes.subarray(3 * length))).toBe(0);
      takeRequest(connection);
      expect(connection.receive(bytes.subarray(3 * length))).toBe(length);
      for (let count = 0; count < 3; count += 1) takeRequest(connection);
      expect(next(connection)).toBe('none');
      expect(connection.receive(bytes.subarray(4 * length))).toBe(3 * length);
    },
  );

  test('takes all of a chunk, up to the part of a head at its end', () => {
    const connection = server();
    const bytes = latin1(`${GET}${GET}${GET.slice(0, 10)}`);
    expect(connection.receive(bytes)).toBe(bytes.length);
    expect(connection.isInHead).toBe(true);
    takeRequest(connection);
    takeRequest(connection);
    expect(next(connection)).toBe('none');
    expect(connection.receive(latin1(GET.slice(10)))).toBe(GET.length - 10);
    takeRequest(connection);
    expect([connection.isInHead, connection.isIdle]).toEqual([false, true]);
  });

  test('hands out no event of the next one before this one is answered', () => {
    const connection = server();
    connection.receive(latin1(GET + GET));
    expect([next(connection), next(connection), next(connection)]).toEqual([
      'request',
      'end',
      'paused',
    ]);
    expect([connection.hasEvent, connection.isIdle, connection.isInHead]).toEqual([
      true,
      false,
      false,
    ]);
    finishCycle(connection);
    takeRequest(connection);
    expect([connection.hasEvent, connection.isIdle]).toEqual([false, true]);
  });

  test('forgets it when it rests, and hears it as it did the first time', () => {
    const connection = server();
    const ask = (): number =>
      countingRepeats(() => {
        connection.receive(latin1(`${post(5)}hello`));
        const head = connection.nextEvent();
        expect(head).toMatchObject({ type: 'request', method: 'POST', contentLength: 5 });
        expect(connection.nextEvent()).toMatchObject({ type: 'data', bytes: latin1('hello') });
        expect(next(connection)).toBe('end');
        finishCycle(connection);
        return {};
      }).repeats;
    const repeats = [ask(), ask()];
    connection.releaseBuffers();
    repeats.push(ask(), ask());
    expect(repeats).toEqual([0, 1, 0, 1]);
  });
});
