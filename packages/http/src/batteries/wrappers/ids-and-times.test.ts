import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { HttpProblem, HttpResponse, type Handler } from '../../index.ts';
import { fetched, type Fetched } from '../../../test/support/fetched.ts';
import { requestId, requestIdOf, type RequestIdOptions } from './request-id.ts';
import { serverTiming, timing, type ServerTimingOptions } from './server-timing.ts';

const ask = (handler: Handler, headers: Record<string, string> = {}): Promise<Fetched> =>
  fetched(handler, { headers });

describe('the id of a request', () => {
  const idOf = async (
    options: RequestIdOptions | undefined,
    headers: Record<string, string>,
  ): Promise<readonly [field: string | null, seen: string]> => {
    const handler = requestId((request) => HttpResponse.text(requestIdOf(request) ?? ''), options);
    const { answer, body } = await ask(handler, headers);
    return [answer.headers.get(options?.header ?? 'x-request-id'), body];
  };
  const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

  test.each(['abc', '0'.repeat(128), 'Root=1-67891233-abcdef', 'a.b:c+d/e@f_g-h='])(
    'is the client’s when that is valid: %s',
    async (id) => {
      expect(await idOf(undefined, { 'X-Request-Id': id })).toEqual([id, id]);
    },
  );

  test.each([
    ['none', {}],
    ['an empty one', { 'X-Request-Id': '' }],
    ['a long one', { 'X-Request-Id': '0'.repeat(129) }],
    ['one with a blank', { 'X-Request-Id': 'a b' }],
    ['one with a quote', { 'X-Request-Id': 'a"b' }],
  ])('is a new UUID where the client sends %s', async (_name, headers) => {
    const [field, seen] = await idOf(undefined, headers);
    expect(field).toMatch(UUID);
    expect(seen).toBe(field);
  });

  test('is from the generator that is passed in, in the field that is', async () => {
    const options = { random: seededRandom(1), header: 'X-Trace', inbound: false };
    const [first] = await idOf(options, { 'X-Trace': 'abc' });
    const [again] = await idOf({ ...options, random: seededRandom(1) }, {});
    expect(first).toMatch(UUID);
    expect(again).toBe(first);
  });

  test('is in a problem too, and replaces what the handler says', async () => {
    const failing = requestId(() => {
      throw new HttpProblem(404, { headers: { 'x-request-id': 'other' } });
    });
    const { answer } = await ask(failing, { 'X-Request-Id': 'abc' });
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([404, 'abc']);
  });

  test('is of one request', async () => {
    let outside: string | undefined = 'unset';
    await ask((request) => {
      outside = requestIdOf(request);
      return HttpResponse.text('');
    });
    expect(outside).toBeUndefined();
  });
});

describe('the times of a response', () => {
  const timesOf = async (handler: Handler, options?: ServerTimingOptions): Promise<string | null> =>
    (await ask(serverTiming(handler, options))).answer.headers.get('server-timing');

  test('are the handler’s, and what it adds, in the grammar of the W3C', async () => {
    const clock = new ManualClock();
    const handler: Handler = async (request) => {
      timing(request, 'miss');
      timing(request, 'db', 12.34567, 'find "ada" \\');
      timing(request, 'none', 0, '');
      await clock.advance(40);
      return HttpResponse.text('');
    };
    expect(await timesOf(handler, { clock })).toBe(
      String.raw`miss, db;desc="find \"ada\" \\";dur=12.346, none;desc="";dur=0, total;dur=40`,
    );
  });

  test('have no total, or one of another name', async () => {
    const clock = new ManualClock();
    const handler: Handler = () => HttpResponse.text('');
    expect(await timesOf(handler, { clock, total: false })).toBeNull();
    expect(await timesOf(handler, { clock, total: 'all' })).toBe('all;dur=0');
  });

  test('are as many as allowed, the total among them', async () => {
    const handler: Handler = (request) => {
      for (let n = 0; n < 5; n += 1) timing(request, `t${n}`);
      return HttpResponse.text('');
    };
    expect(await timesOf(handler, { clock: new ManualClock(), maxTimes: 3 })).toBe(
      't0, t1, total;dur=0',
    );
    expect(await timesOf(handler, { total: false, maxTimes: 2 })).toBe('t0, t1');
  });

  test('are shown to some', async () => {
    const handler: Handler = (request) => {
      timing(request, 'db', 1);
      return HttpResponse.text('');
    };
    expect(await timesOf(handler, { isShown: () => false })).toBeNull();
    expect(
      await timesOf(handler, { isShown: (request) => request.path === '/', total: false }),
    ).toBe('db;dur=1');
  });

  test('are nothing outside of it', async () => {
    const { answer, errors } = await ask((request) => {
      timing(request, 'db', 1);
      return HttpResponse.text('');
    });
    expect([answer.headers.get('server-timing'), errors]).toEqual([null, []]);
  });

  test.each<[string, [string, number?, string?]]>([
    ['a name with a blank', ['a b']],
    ['no number', ['a', Number.NaN]],
    ['a negative time', ['a', -1]],
    ['a description with a line end', ['a', 1, 'x\r\ny']],
  ])('refuse %s', async (_name, args) => {
    const { errors } = await ask((request) => {
      timing(request, ...args);
      return HttpResponse.text('');
    });
    expect(errors).toMatchObject([{ message: expect.stringMatching(/^timing: expected /) }]);
  });
});
