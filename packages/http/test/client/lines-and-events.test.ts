/** Bodies that come line by line, and as events: whole, byte by byte, and left. */
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { LimitError } from '@awaitio/core';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import {
  failedRequestOf,
  HttpResponse,
  ResponseJsonError,
  ResponseSchemaError,
  type ClientResponse,
} from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

const all = async <T>(each: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = [];
  for await (const one of each) list.push(one);
  return list;
};

/** A response with this body, in pieces of so many bytes. */
async function responseOf(world: World, body: string, size: number): Promise<ClientResponse> {
  const bytes = new TextEncoder().encode(body);
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  await world.serve(() => HttpResponse.stream(pieces()));
  return world.client().get('http://server/');
}

describe.each([1, 3, 1_000_000])('in pieces of %i bytes', (size) => {
  test.each([
    ['', []],
    ['\n', ['']],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\r\nb', ['a', 'b']],
    ['a\n\nb\n', ['a', '', 'b']],
    ['é\n안녕\n', ['é', '안녕']],
    ['a\rb\n', ['a\rb']],
  ])('the lines of %j are %j', (body, expected) =>
    simulated(async (world) => {
      expect(await all((await responseOf(world, body, size)).lines())).toEqual(expected);
    }),
  );

  test.each<[string, unknown[]]>([
    ['data: a\n\n', [['message', 'a', '', undefined]]],
    [
      'data:a\r\rdata:b\r\n\r\n',
      [
        ['message', 'a', '', undefined],
        ['message', 'b', '', undefined],
      ],
    ],
    ['\ufeffdata: a\ndata\ndata:  b\n\n', [['message', 'a\n\n b', '', undefined]]],
    [': comment\n\nevent: x\n\nevent: y\ndata: 1\n\n', [['y', '1', '', undefined]]],
    [
      'id: 7\nretry: 50\ndata: a\n\ndata: b\n\n',
      [
        ['message', 'a', '7', 50],
        ['message', 'b', '7', 50],
      ],
    ],
    [
      'id: 7\ndata: a\n\nid\ndata: b\n\n',
      [
        ['message', 'a', '7', undefined],
        ['message', 'b', '', undefined],
      ],
    ],
    ['id: a\0b\nretry: 1x\ndata: a\n\n', [['message', 'a', '', undefined]]],
    ['data: cut short\n', []],
    ['data: cut short', []],
    ['other: x\ndata: é\n\n', [['message', 'é', '', undefined]]],
  ])('the events of %j are as the standard says', (body, expected) =>
    simulated(async (world) => {
      const events = await all((await responseOf(world, body, size)).events());
      expect(events.map(({ event, data, id, retry }) => [event, data, id, retry])).toEqual(
        expected,
      );
    }),
  );

  test('lines of JSON are validated one by one', () =>
    simulated(async (world) => {
      const schema = z.object({ a: z.number() });
      const response = await responseOf(world, '{"a":1}\n\n{"a":2}\n{"a":"x"}\n', size);
      const got: unknown[] = [];
      const error = await failureOf(
        (async () => {
          for await (const value of response.lines(schema)) got.push(value.a);
        })(),
      );
      expect(got).toEqual([1, 2]);
      expect(error).toBeInstanceOf(ResponseSchemaError);
      expect((error as ResponseSchemaError).errors[0]?.path).toBe('line[4].a');
    }));

  test('a line that is not JSON fails with its number, and nothing of it; the lines before it have come', () =>
    simulated(async (world) => {
      const response = await responseOf(world, '1\r\n\r\n2\r\n{"key":"SECRET"\r\n3\r\n', size);
      const got: unknown[] = [];
      const error = await failureOf(
        (async () => {
          for await (const value of response.lines(z.unknown())) got.push(value);
        })(),
      );
      expect(got).toEqual([1, 2]);
      expect(error).toBeInstanceOf(ResponseJsonError);
      expect(error).toMatchObject({ line: 4, errors: [{ path: 'line[4]' }] });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/SECRET/);
      expect(failedRequestOf(error)).toMatchObject({ method: 'GET', phase: 'body' });
    }));

  test('a line or an event above its limit ends the iteration', () =>
    simulated(async (world) => {
      const response = await responseOf(world, `data: ${'x'.repeat(50)}\n\n`, size);
      expect(await failureOf(all(response.lines({ limit: 20 })))).toBeInstanceOf(LimitError);
      const other = await world.client().get('http://server/');
      expect(await failureOf(all(other.events({ limit: 20 })))).toBeInstanceOf(LimitError);
    }));
});

test('comments between events, which are not kept, count towards no limit', () =>
  simulated(async (world) => {
    const body = `${': still there\n'.repeat(10)}data: x\n\n`;
    const response = await responseOf(world, body, 1_000);
    expect((await all(response.events({ limit: 20 }))).map(({ data }) => data)).toEqual(['x']);
  }));

test('leaving the lines of a body that goes on lets its connection go', () =>
  simulated(async (world) => {
    function* endless(): Generator<string> {
      for (;;) yield 'line\n';
    }
    await world.serve(() => HttpResponse.stream(endless()));
    const client = world.client();
    for await (const _line of (await client.get('http://server/')).lines()) break;
    expect(client.statistics()['http://server']?.open).toBe(0);
  }));
