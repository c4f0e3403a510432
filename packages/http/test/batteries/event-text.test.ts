import { describe, expect, test } from '@jest/globals';
import { InvalidInputError } from '@awaitio/core';
import * as fc from 'fast-check';
import { readEvents } from '../support/event-stream-reader.ts';
import {
  HEARTBEAT,
  writeEvent,
  type ServerSentEvent,
} from '../../src/batteries/event-stream/write-event.ts';

describe('an event', () => {
  test.each<[ServerSentEvent | string, string]>([
    ['hello', 'data: hello\n\n'],
    ['', 'data: \n\n'],
    [' indented', 'data:  indented\n\n'],
    ['YHOO\n+2\n10', 'data: YHOO\ndata: +2\ndata: 10\n\n'],
    ['a\r\nb\rc\nd', 'data: a\ndata: b\ndata: c\ndata: d\n\n'],
    ['\r\n', 'data: \ndata: \n\n'],
    ['\n\r', 'data: \ndata: \ndata: \n\n'],
    ['a\u2028b\u0085c', 'data: a\u2028b\u0085c\n\n'],
    [{ data: 'x', event: 'add' }, 'event: add\ndata: x\n\n'],
    [{ data: 'x', event: '' }, 'data: x\n\n'],
    [{ data: 'x', id: '7' }, 'id: 7\ndata: x\n\n'],
    [{ data: 'x', id: '' }, 'id: \ndata: x\n\n'],
    [{ data: 'x', retry: 0 }, 'retry: 0\ndata: x\n\n'],
    [{ retry: 2_500 }, 'retry: 2500\n\n'],
    [{ comment: 'seen by curl' }, ': seen by curl\n\n'],
    [{ comment: 'two\ndata: lines' }, ': two\n: data: lines\n\n'],
    [
      { comment: 'c', event: 'e', id: 'i', retry: 1, data: 'd\nd' },
      ': c\nevent: e\nid: i\nretry: 1\ndata: d\ndata: d\n\n',
    ],
    [{ data: undefined, id: undefined }, '\n'],
  ])('%j is written as %j', (event, text) => {
    expect(writeEvent(event)).toBe(text);
  });

  test.each<[unknown, string]>([
    [{ event: 'a\ndata: injected' }, 'event'],
    [{ event: 'a\rdata: injected' }, 'event'],
    [{ id: '1\r\ndata: injected' }, 'id'],
    [{ id: '1\n\ndata: injected' }, 'id'],
    [{ id: '1\0' }, 'id'],
    [{ id: 5 }, 'id'],
    [{ event: null }, 'event'],
    [{ data: { a: 1 } }, 'data'],
    [{ data: new Uint8Array(1) }, 'data'],
    [{ comment: 5 }, 'comment'],
    [{ retry: '5' }, 'retry'],
    [{ retry: '5\ndata: injected' }, 'retry'],
    [{ retry: -1 }, 'retry'],
    [{ retry: 1.5 }, 'retry'],
    [{ retry: Number.NaN }, 'retry'],
    [{ retry: Infinity }, 'retry'],
    [{ message: 'x' }, 'event'],
    [5, 'event'],
    [null, 'event'],
    [undefined, 'event'],
  ])('%j is refused', (event, name) => {
    const write = (): string => writeEvent(event);
    expect(write).toThrow(InvalidInputError);
    expect(write).toThrow(`events: expected \`${name}\` to be `);
  });

  test('is read as it was written, by a client that gets it in any pieces', () => {
    const line = fc.string({
      unit: fc.constantFrom('a', ':', ' ', 'data', '\uFEFF', 'é', '😀', '\0'),
    });
    const name = line.map((text) => text.replaceAll('\0', ''));
    const text = fc
      .array(fc.oneof(line, fc.constantFrom('\n', '\r', '\r\n', '', ': ', 'id: 1')))
      .map((parts) => parts.join(''));
    const event = fc.record(
      { data: text, event: name, id: name, retry: fc.nat(), comment: text },
      { requiredKeys: [] },
    );
    const sent = fc.array(fc.oneof(event, text, fc.constant('heartbeat' as const)));
    fc.assert(
      fc.property(sent, fc.array(fc.nat({ max: 7 })), (stream, cuts) => {
        const expected: unknown[] = [];
        let lastEventId = '';
        let retry: number | undefined;
        let written = '';
        for (const one of stream) {
          written += one === 'heartbeat' ? HEARTBEAT : writeEvent(one);
          if (one === 'heartbeat') continue;
          const given: ServerSentEvent = typeof one === 'string' ? { data: one } : one;
          lastEventId = given.id ?? lastEventId;
          retry = given.retry ?? retry;
          if (given.data === undefined) continue;
          const data = given.data.replaceAll(/\r\n|\r/g, '\n');
          expected.push({ type: given.event || 'message', data, lastEventId });
        }
        const bytes = Buffer.from(written);
        for (const pieces of [
          [bytes],
          [...bytes].map((byte) => Uint8Array.of(byte)),
          cut(bytes, cuts),
        ]) {
          expect(readEvents(pieces)).toEqual({ events: expected, lastEventId, retry });
        }
      }),
    );
  });
});

function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...pieces, bytes.subarray(at)];
}

describe('the reference reader', () => {
  // The examples of WHATWG HTML, section 9.2.6.
  test.each<[string, unknown[]]>([
    ['data: YHOO\ndata: +2\ndata: 10\n\n', [['message', 'YHOO\n+2\n10', '']]],
    [
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
      [
        ['message', 'first event', '1'],
        ['message', 'second event', ''],
        ['message', ' third event', ''],
      ],
    ],
    [
      'data\n\ndata\ndata\n\ndata:',
      [
        ['message', '', ''],
        ['message', '\n', ''],
      ],
    ],
    [
      'data:test\n\ndata: test\n\n',
      [
        ['message', 'test', ''],
        ['message', 'test', ''],
      ],
    ],
    ['\uFEFFevent: add\rdata: x\r\r', [['add', 'x', '']]],
    ['event: add\n\ndata: x\r\n\r\n', [['message', 'x', '']]],
    ['id: 1\0\ndata: x\n\nfoo: y\nretry: 1x\n\n', [['message', 'x', '']]],
  ])('reads %j', (text, expected) => {
    const { events } = readEvents([Buffer.from(text)]);
    expect(events.map(({ type, data, lastEventId }) => [type, data, lastEventId])).toEqual(
      expected,
    );
  });
});
