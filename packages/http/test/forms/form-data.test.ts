import { describe, expect, jest, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { Hono } from 'hono';
import { formData, type MultipartOptions } from '../../src/batteries/index.ts';
import { serve } from '../../src/index.ts';
import { ask, failureOf, handling, part, THREE, TYPE } from './ask-form.ts';

describe('a whole form', () => {
  test.each([
    ['multipart', THREE, TYPE],
    ['urlencoded', 'a=one&b=two&c=three', 'application/x-www-form-urlencoded; charset=utf-8'],
  ])('is a FormData: %s', async (_name, body, type) => {
    const answer = await ask(
      handling(async (request) => [...(await formData(request))]),
      body,
      type,
    );
    expect(JSON.parse(answer.body)).toEqual([
      ['a', 'one'],
      ['b', 'two'],
      ['c', 'three'],
    ]);
  });

  test.each<[string, MultipartOptions, string, string, number]>([
    ['above the default of 1 MiB', {}, `${part('a', 'x'.repeat(1_048_576))}--b--`, TYPE, 413],
    [
      'of more fields than allowed',
      { limits: { parts: 1 } },
      'a=1&b=2',
      'application/x-www-form-urlencoded',
      413,
    ],
    [
      'of more bytes than allowed',
      { limits: { bodyBytes: 3 } },
      'a=12',
      'application/x-www-form-urlencoded',
      413,
    ],
    ['of another type', {}, '{}', 'application/json', 415],
  ])('is refused %s', async (_name, options, body, type, status) => {
    const answer = await ask(
      handling((request) => formData(request, options)),
      body,
      type,
    );
    expect([answer.status, answer.errors]).toEqual([status, []]);
  });
});

describe('an urlencoded form', () => {
  const type = 'application/x-www-form-urlencoded';
  const read = (body: string, options?: MultipartOptions) =>
    ask(
      handling(async (request) => [...(await formData(request, options))]),
      body,
      type,
    );

  test('of more pairs than allowed is refused before any of them is made', async () => {
    const parsers = jest.spyOn(globalThis, 'URLSearchParams');
    const answer = await read('&a'.repeat(500_000));
    expect([answer.status, parsers.mock.calls.length]).toEqual([413, 0]);
    parsers.mockRestore();
  });

  test.each([
    [
      'a&&b=&=c&',
      [
        ['a', ''],
        ['b', ''],
        ['', 'c'],
      ],
    ],
    ['?a=1', [['?a', '1']]],
    ['\uFEFFa=1', [['\uFEFFa', '1']]],
    ['', []],
  ])('%j has the pairs %j, empty ones left out', async (body, pairs) => {
    const limits = { parts: pairs.length };
    expect(JSON.parse((await read(body, { limits })).body)).toEqual(pairs);
  });
});

describe('a form of a fetch application', () => {
  const fetchForm = async (
    init: RequestInit,
    use: (request: Request) => Promise<unknown>,
  ): Promise<Response> => {
    const server = await serve(
      { fetch: async (request) => Response.json((await use(request)) ?? null) },
      { listener: new MemoryListener(), onError: () => {} },
    );
    const answer = await server.fetch('http://test/', { method: 'POST', ...init });
    const copy = new Response(await answer.text(), { status: answer.status });
    await server.shutdown({ grace: 0 });
    return copy;
  };
  const headers = { 'Content-Type': TYPE };

  test('is read by `request.formData()`, once', async () => {
    const answer = await fetchForm({ headers, body: THREE }, async (request) => {
      const form = await request.formData();
      const again = await failureOf(request.formData());
      return [form.get('c'), request.bodyUsed, again instanceof TypeError];
    });
    expect(await answer.json()).toEqual(['three', true, true]);
  });

  test('is refused with the status that says why', async () => {
    const answer = await fetchForm({ headers, body: '--bx' }, (request) => request.formData());
    expect(answer.status).toBe(400);
    const none = await fetchForm({ headers }, (request) => request.formData());
    expect(none.status).toBe(400);
  });

  test('is read by Hono, and by the platform where the request was cloned', async () => {
    const app = new Hono();
    app.post('/', async (c) => {
      const copy = c.req.raw.clone();
      const { a, b } = await c.req.parseBody();
      return c.json([a, b, (await copy.formData()).get('c')]);
    });
    const server = await serve(app, { listener: new MemoryListener() });
    const init = { method: 'POST', headers, body: THREE };
    expect(await (await server.fetch('http://test/', init)).json()).toEqual([
      'one',
      'two',
      'three',
    ]);
    await server.shutdown();
  });

  test('has parts, names and sections within limits', async () => {
    const many = `${part('a', '').repeat(1_001)}--b--`;
    const answer = await fetchForm({ headers, body: many }, (request) => request.formData());
    expect(answer.status).toBe(413);
  });
});
