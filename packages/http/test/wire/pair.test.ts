/**
 * Two machines against each other: what one sends, the other receives.
 *
 * The bytes between them are cut at random places in both directions. h11's `ConnectionPair`, with random programs.
 */

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HttpConnection } from '../../src/protocol/connection.ts';
import { NEED_DATA, PAUSED, type ConnectionEvent } from '../../src/protocol/vocabulary/events.ts';
import { binary, cuts, fields, fieldValue, placesOf } from './arbitrary.ts';
import { cutAt } from './observe.ts';

type Pairs = readonly (readonly [name: string, value: string])[];

interface Message {
  readonly fields: Pairs;
  readonly data: readonly string[];
  readonly isLengthKnown: boolean;
  readonly trailers: Pairs;
}

const message: fc.Arbitrary<Message> = fc.record({
  fields: fields(4),
  data: fc.array(binary(50), { maxLength: 4 }),
  isLengthKnown: fc.boolean(),
  trailers: fields(2),
});

const exchange = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'),
  request: message,
  hints: fc.array(fields(2), { maxLength: 2 }),
  status: fc.constantFrom(200, 204, 304, 404, 500),
  reason: fieldValue,
  response: message,
  cuts,
});

/** Events as values to compare: data joined, heads and trailers as pairs. */
function received(connection: HttpConnection): unknown[] {
  const list: unknown[] = [];
  let data = '';
  const push = (entry: unknown): void => {
    if (data !== '') list.push(data);
    data = '';
    list.push(entry);
  };
  for (;;) {
    const event: ConnectionEvent | symbol = connection.nextEvent();
    if (event === NEED_DATA || event === PAUSED) {
      if (data !== '') list.push(data);
      return list;
    }
    if (typeof event === 'symbol') continue;
    if (event.type === 'data') data += Buffer.from(event.bytes).toString('latin1');
    else if (event.type === 'end') push(['end', [...(event.trailers ?? [])]]);
    else if (event.type === 'request') push([event.method, event.target, own(event.headers)]);
    else if (event.type !== 'closed') push([event.status, event.reason, own(event.headers)]);
  }
}

/** The application's fields, without those that the connection added. */
const own = (headers: Iterable<[string, string]>): [string, string][] =>
  [...headers].filter(([name]) => name.startsWith('x-'));

const flat = (pairs: Pairs): string[] => pairs.flat();

/** Sends a body; returns the bytes, and what the other side must get of it. */
function sendBody(sender: HttpConnection, { data, trailers }: Message): [string, unknown[]] {
  let bytes = '';
  const { sendsBody } = sender;
  for (const piece of sendsBody ? data : []) {
    if (piece !== '') bytes += sender.sendData(piece.length) + piece + sender.dataEnd;
  }
  const end = sender.sendEnd(flat(trailers));
  const text = sendsBody ? data.join('') : '';
  const isChunked = end !== '';
  return [
    bytes + end,
    [...(text === '' ? [] : [text]), ['end', isChunked ? trailers.map(([n, v]) => [n, v]) : []]],
  ];
}

const lengthOf = ({ data, isLengthKnown }: Message): number | undefined =>
  isLengthKnown ? data.join('').length : undefined;

describe('a client and a server', () => {
  test('send each other what they are given, over one connection', () => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 4 }), (exchanges) => {
        const client = new HttpConnection('client');
        const server = new HttpConnection('server');
        for (const {
          method,
          request,
          hints,
          status,
          reason,
          response,
          cuts: places,
        } of exchanges) {
          const head = client.sendRequest({
            method,
            target: '/',
            fields: ['Host', 'a', ...flat(request.fields)],
            hasBody: method !== 'GET',
            length: lengthOf(request),
          });
          const [body, expectedBody] = sendBody(client, request);
          feed(server, head + body, places);
          expect(received(server)).toEqual([[method, '/', request.fields], ...expectedBody]);

          let answer = hints.map((hint) => server.sendInformational(103, hint)).join('');
          answer += server.sendResponse({
            status,
            reason,
            fields: flat(response.fields),
            length: lengthOf(response),
            date: '',
          });
          const [answerBody, expectedAnswer] = sendBody(server, response);
          feed(client, answer + answerBody, places);
          expect(received(client)).toEqual([
            ...hints.map((hint) => [103, 'Early Hints', hint]),
            [status, reason, response.fields],
            ...expectedAnswer,
          ]);

          expect([client.isCycleDone, server.isCycleDone]).toEqual([true, true]);
          client.startNextCycle();
          server.startNextCycle();
        }
      }),
      { numRuns: 100 },
    );
  });
});

function feed(receiver: HttpConnection, text: string, fractions: readonly number[]): void {
  for (const piece of cutAt(text, placesOf(fractions, text.length))) {
    expect(receiver.receive(piece)).toBe(piece.length);
  }
}
