import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { HttpProblem, HttpResponse, type Handler } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const throwing =
  (error: unknown): Handler =>
  () => {
    throw error;
  };

describe('a problem', () => {
  test('is a document with all members of RFC 9457, and with its header fields', () =>
    simulated(async (world) => {
      const problem = new HttpProblem(403, {
        type: 'https://example.test/out-of-credit',
        title: 'You do not have enough credit.',
        detail: 'The balance is 30, and that costs 50.',
        instance: '/account/12345/msgs/abc',
        extensions: { balance: 30, accounts: ['/account/12345'] },
        headers: { 'Retry-After': 60, 'Content-Language': 'en' },
      });
      await world.serve(throwing(problem));
      const answer = await world.client().get('http://server/');
      expect(answer.status).toBe(403);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('retry-after')).toBe('60');
      expect(answer.headers.get('content-language')).toBe('en');
      expect(await answer.json()).toEqual({
        type: 'https://example.test/out-of-credit',
        title: 'You do not have enough credit.',
        status: 403,
        detail: 'The balance is 30, and that costs 50.',
        instance: '/account/12345/msgs/abc',
        balance: 30,
        accounts: ['/account/12345'],
      });
    }));

  test('takes header fields of its response over its own', () => {
    const problem = new HttpProblem(401, { headers: { 'WWW-Authenticate': 'Basic', A: '1' } });
    const response = HttpResponse.problem(problem, { headers: { 'www-authenticate': 'Bearer' } });
    expect([...response.fields]).toEqual([
      'Content-Type',
      'application/problem+json',
      'www-authenticate',
      'Bearer',
      'A',
      '1',
    ]);
  });

  test.each<[number, object, string]>([
    [
      200,
      {},
      'HttpProblem: expected `status` to be a whole number from 400 to 599, got 200 (number)',
    ],
    [
      NaN,
      {},
      'HttpProblem: expected `status` to be a whole number from 400 to 599, got NaN (number)',
    ],
    [
      400,
      { extensions: { status: 5 } },
      'HttpProblem: expected `extensions` to have other names, got `status`, which is an option',
    ],
  ])('of status %p with %j is refused', (status, init, message) => {
    expect(() => new HttpProblem(status, init)).toThrow(message);
  });
});

describe("the server's own error responses", () => {
  const LIMITED: Handler = async (request) => HttpResponse.json(await request.json({ limit: 5 }));
  const ask = (handler: Handler, accept?: string): Promise<{ type: unknown; body: string }> => {
    const got: { type: unknown; body: string } = { type: undefined, body: '' };
    return simulated(async (world) => {
      await world.serve(handler);
      const headers = accept === undefined ? {} : { accept };
      const answer = await world.client().post('http://server/', '"too long"', { headers });
      got.type = answer.headers.get('content-type');
      got.body = await answer.text();
    }).then(() => got);
  };
  const DOCUMENT = {
    type: 'about:blank',
    title: 'Payload Too Large',
    status: 413,
    detail: 'The request body is too large.',
  };

  test.each([
    'application/json',
    'application/problem+json',
    'text/html, application/json;q=0.5',
    'Application/JSON, */*;q=0.1',
  ])('are problem documents for a client that accepts %s', async (accept) => {
    const { type, body } = await ask(LIMITED, accept);
    expect(type).toBe('application/problem+json');
    expect(JSON.parse(body)).toEqual(DOCUMENT);
  });

  test.each([
    undefined,
    '*/*',
    'text/html',
    'application/json;q=0',
    'application/jsonp',
    'text/json5',
  ])('are text for one that accepts %s', async (accept) => {
    const { type, body } = await ask(LIMITED, accept);
    expect(type).toBe('text/plain; charset=utf-8');
    expect(body).toBe('The request body is too large.\n');
  });

  test('repeat nothing of the error of a handler', async () => {
    const { body } = await ask(throwing(new Error('secret')), 'application/json');
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'The server failed to answer.',
    });
  });
});

describe('a body with a limit', () => {
  const post = async (handler: Handler, body: string, type: string): Promise<[number, string]> => {
    let got: [number, string] = [0, ''];
    await simulated(async (world) => {
      await world.serve(handler);
      const answer = await world
        .client()
        .post('http://server/', body, { headers: { 'content-type': type } });
      got = [answer.status, await answer.text()];
    });
    return got;
  };
  const FORM = 'application/x-www-form-urlencoded';
  const Page = z.object({ page: z.coerce.number() });

  test('is JSON with a schema, without one, and with neither', async () => {
    const json = (handler: Handler) => post(handler, '{"page":5}', 'application/json');
    const whole = [200, '{"page":5}'];
    expect(await json(async (r) => HttpResponse.json(await r.json()))).toEqual(whole);
    expect(await json(async (r) => HttpResponse.json(await r.json({ limit: 10 })))).toEqual(whole);
    expect(await json(async (r) => HttpResponse.json(await r.json(Page, { limit: 10 })))).toEqual(
      whole,
    );
    expect((await json(async (r) => HttpResponse.json(await r.json({ limit: 9 }))))[0]).toBe(413);
    expect((await json(async (r) => HttpResponse.json(await r.json(Page, { limit: 9 }))))[0]).toBe(
      413,
    );
  });

  test('is a form with a schema and without one', async () => {
    const form = (handler: Handler) => post(handler, 'page=5', FORM);
    const page = (data: FormData) => HttpResponse.json(data.get('page'));
    expect(await form(async (r) => page(await r.form({ limit: 6 })))).toEqual([200, '"5"']);
    expect((await form(async (r) => page(await r.form({ limit: 5 }))))[0]).toBe(413);
    const typed = await form(async (r) =>
      HttpResponse.json((await r.form(Page, { limit: 6 })).page),
    );
    expect(typed).toEqual([200, '5']);
  });

  test('is read by a client, too', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.json([1, 2, 3]));
      const client = world.client();
      expect(await (await client.get('http://server/')).json({ limit: 7 })).toEqual([1, 2, 3]);
      const tooLong = (await client.get('http://server/')).json({ limit: 6 });
      await expect(tooLong).rejects.toMatchObject({ code: 'ERR_BODY_TOO_LONG' });
    }));

  test.each<[unknown, string]>([
    [{ limt: 5 }, 'json: unknown option `limt`: did you mean `limit`?'],
    [
      null,
      "json: expected `schema` to be a schema with the Standard Schema interface, such as zod 4's, or options { limit }, got null",
    ],
    [{ limit: NaN }, 'json: expected `limit` to be a number of bytes from 0, got NaN (number)'],
  ])('is refused with %j in place of a schema or options', (given, message) =>
    simulated(async (world) => {
      await world.serve(async (request) => HttpResponse.json(await request.json(given as never)));
      expect((await world.client().post('http://server/', '{}')).status).toBe(500);
      expect(world.errors.map((error) => (error as Error).message)).toEqual([message]);
    }),
  );
});

describe('a handler that returns', () => {
  test.each<[string, unknown, string]>([
    [
      'a fetch Response',
      new Response('x'),
      'a fetch Response: return an HttpResponse; a fetch Response is served by serve({ fetch })',
    ],
    ['a string', 'secret', 'a string: return HttpResponse.text(...)'],
    ['bytes', new Uint8Array(1), 'bytes: return HttpResponse.bytes(...)'],
    ['nothing', undefined, 'nothing: it may lack a `return`'],
    ['null', null, 'null: return HttpResponse.json(...), or another HttpResponse'],
    [
      'an object',
      { secret: 1 },
      'a value of type object: return HttpResponse.json(...), or another HttpResponse',
    ],
    [
      'the response of another copy',
      { constructor: { name: 'HttpResponse' } },
      'an HttpResponse of another copy of @awaitio/http: install one version of it',
    ],
  ])('%s is a 500, and the error says what came and what to do', (_what, returned, text) =>
    simulated(async (world) => {
      await world.serve(() => returned as never);
      expect((await world.client().get('http://server/')).status).toBe(500);
      expect(world.errors).toEqual([
        new TypeError(`serve: expected the handler to return an HttpResponse, got ${text}`),
      ]);
    }),
  );

  test.each<[string, unknown, string]>([
    [
      'an HttpResponse',
      HttpResponse.text('x'),
      'an HttpResponse: return a Response, or pass serve a function in place of { fetch }',
    ],
    ['a string', 'secret', 'a string: return new Response(...)'],
    ['nothing', undefined, 'nothing: it may lack a `return`'],
  ])('%s from fetch is a 500, and the error says what came', (_what, returned, text) =>
    simulated(async (world) => {
      await world.serve({ fetch: () => returned as never });
      expect((await world.client().get('http://server/')).status).toBe(500);
      expect(world.errors).toEqual([
        new TypeError(`serve: expected fetch to return a Response, got ${text}`),
      ]);
    }),
  );
});
