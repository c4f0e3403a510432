/** Contracts on a simulated network: what is sent, what comes, and what is refused on either side. */
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  failedRequestOf,
  HttpProblem,
  HttpResponse,
  HttpStatusError,
  ResponseSchemaError,
  type Handler,
  type HttpClient,
} from '../../src/index.ts';
import { call, contract, contractHandler, implement, openApi } from '../../src/contract/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { addItem, getItem, listItems, removeItem } from './items.ts';

const shop = (): Handler =>
  contractHandler([
    implement(listItems, ({ query }) => ({
      status: 200,
      body: {
        page: query.page,
        items: [query.tag ?? []].flat().map((name, id) => ({ id, name })),
      },
    })),
    implement(getItem, ({ params: { id } }) =>
      id === 7
        ? { status: 200, body: { id, name: 'bolt' } }
        : { status: 404, body: { missing: id } },
    ),
    implement(addItem, ({ body }) => ({
      status: 201,
      body: { id: body.bought?.getUTCFullYear() ?? 0, name: body.name },
      headers: { Location: '/items/1' },
    })),
    implement(removeItem, ({ params }) => ({ status: params.name === 'bolt' ? 204 : 404 })),
  ]);

/** A client whose contracts are resolved against the server. */
const of = (world: World): HttpClient => world.client({ baseUrl: 'http://server/' });

describe('a call of a contract', () => {
  test('gives the response that the server made, typed by its status', () =>
    simulated(async (world) => {
      await world.serve(shop());
      const client = of(world);
      const bolt = { id: 7, name: 'bolt' };
      expect(await call(client, getItem, { params: { id: 7 } })).toMatchObject({
        status: 200,
        body: bolt,
      });
      expect(await call(client, getItem, { params: { id: 8 } })).toMatchObject({
        status: 404,
        body: { missing: 8 },
      });
      const { body } = await call(client, listItems, { query: { tag: ['a b', 'ü&='] } });
      expect(body).toEqual({
        page: 1,
        items: [
          { id: 0, name: 'a b' },
          { id: 1, name: 'ü&=' },
        ],
      });
      const added = await call(client, addItem, {
        body: { name: 'nut', bought: new Date('2026-02-03') },
      });
      expect(added).toMatchObject({ status: 201, body: { id: 2026, name: 'nut' } });
      expect(added.headers.get('location')).toBe('/items/1');
      expect(await call(client, removeItem, { params: { name: 'bolt' } })).toMatchObject({
        status: 204,
        body: undefined,
      });
      expect(world.errors).toEqual([]);
    }));

  test('sends what a plain request would', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = of(world);
      const asking = call(client, addItem, { body: { name: 'nut' } }, { headers: { X: 'y' } });
      const wire = await server.accept();
      expect(await wire.head()).toBe(
        'POST /items HTTP/1.1\r\nHost: server\r\nX: y\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n',
      );
      await wire.send('HTTP/1.1 201 Created\r\nContent-Length: 21\r\n\r\n{"id":1,"name":"nut"}');
      expect((await asking).body).toEqual({ id: 1, name: 'nut' });
    }));

  test.each([
    'a/b',
    'a%2Fb',
    '..a',
    '%2e%2e',
    '?x=1#y',
    'a b+c',
    '안녕',
    '\u{1f600}',
    '__proto__',
    '{name}',
    ';=:@',
    '\r\n',
  ])('brings the parameter %j to the server as it is', (name) =>
    simulated(async (world) => {
      let got: unknown;
      await world.serve(
        implement(removeItem, ({ params }) => {
          got = params.name;
          return { status: 204 };
        }),
      );
      await call(of(world), removeItem, { params: { name } });
      expect(got).toBe(name);
    }),
  );

  test.each(['', '.', '..', '\ud800', undefined, null, {}, Symbol('x')])(
    'refuses the parameter %p, which would change the path',
    (name) =>
      simulated(async (world) => {
        const asking = call(of(world), removeItem, { params: { name: name as string } });
        await expect(asking).rejects.toThrow('call: expected `params.name` to be');
      }),
  );

  test('describes a refused text by its length, without quotes', () =>
    simulated(async (world) => {
      const asking = call(of(world), removeItem, { params: { name: '..' } });
      await expect(asking).rejects.toThrow(/'\.' or '\.\.', got a string of 2 characters$/);
    }));

  test('refuses a parameter that the path does not have', () =>
    simulated(async (world) => {
      const params = { id: 7, nmae: 'bolt' };
      const asking = call(of(world), getItem, { params });
      await expect(asking).rejects.toThrow('call: unknown parameter `params.nmae`');
    }));

  test('goes below the path of the base URL', () =>
    simulated(async (world) => {
      await world.serve((request) => HttpResponse.json({ id: 1, name: request.path }));
      const client = world.client({ baseUrl: 'http://server/v1/' });
      const { body } = await call(client, getItem, { params: { id: 7 } });
      expect(body).toEqual({ id: 1, name: '/v1/items/7' });
    }));

  test.each([
    ['{"id":"7","name":"bolt"}', 'body.id', 'SCHEMA'],
    ['{"id":7}', 'body.name', 'SCHEMA'],
    ['null', 'body', 'SCHEMA'],
    ['{"id":', 'body', 'JSON'],
    ['', 'body', 'JSON'],
    ['<html>', 'body', 'JSON'],
  ])('is a typed error when the server answers %j', (text, path, kind) =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text(text));
      const failure = await call(of(world), getItem, { params: { id: 7 } }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(ResponseSchemaError);
      expect(failure).toMatchObject({ code: `ERR_HTTP_RESPONSE_${kind}`, errors: [{ path }] });
      expect(failedRequestOf(failure)).toMatchObject({ method: 'GET', origin: 'http://server' });
    }),
  );

  test.each([500, 422, 206, 302])(
    'is a typed error when the server answers %i, which is not in the contract',
    (status) =>
      simulated(async (world) => {
        await world.serve(() => HttpResponse.text('why', { status }));
        const failure = await call(of(world), getItem, { params: { id: 7 } }).catch(
          (error: unknown) => error,
        );
        expect(failure).toBeInstanceOf(HttpStatusError);
        expect(failure).toMatchObject({
          code: 'ERR_HTTP_STATUS_NOT_IN_CONTRACT',
          status,
          excerpt: 'why',
        });
        expect(failedRequestOf(failure)).toMatchObject({ method: 'GET', attempt: 1 });
      }),
  );

  test('is cancelled by its signal, and bounded by its limit', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.json({ id: 1, name: 'x'.repeat(1_000) }));
      const client = of(world);
      const params = { id: 7 };
      await expect(call(client, getItem, { params }, { limit: 100 })).rejects.toMatchObject({
        code: 'ERR_BODY_TOO_LONG',
      });
      const signal = AbortSignal.abort(new Error('over'));
      await expect(call(client, getItem, { params }, { signal })).rejects.toThrow('over');
    }));
});

describe('an implementation of a contract', () => {
  const ask = async (
    world: World,
    method: string,
    path: string,
    body?: string,
    type = 'application/json',
  ): Promise<{ status: number; problem: unknown; allow: string | undefined }> => {
    const headers = body === undefined ? {} : { 'Content-Type': type };
    const response = await world
      .client()
      .request(method, `http://server${path}`, { body, headers });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/problem+json';
    const allow = response.headers.get('allow');
    return {
      status: response.status,
      problem: isJson ? JSON.parse(text) : text,
      allow: allow ?? undefined,
    };
  };

  test.each([
    { method: 'GET', path: '/items/x', status: 422, errors: [{ path: 'params.id' }] },
    { method: 'GET', path: '/items?page=0', status: 422, errors: [{ path: 'query.page' }] },
    {
      method: 'POST',
      path: '/items',
      status: 422,
      errors: [{ path: 'body.name' }],
      body: '{"name":""}',
    },
    { method: 'POST', path: '/items', status: 422, errors: [{ path: 'body' }], body: '7' },
    { method: 'POST', path: '/items', status: 400, body: '{' },
    { method: 'POST', path: '/items', status: 415, body: '{"name":"a"}', type: 'text/plain' },
    {
      method: 'POST',
      path: '/items',
      status: 415,
      body: '{"name":"a"}',
      type: 'application/jsonp',
    },
    { method: 'POST', path: '/items', status: 413, body: `"${'x'.repeat(1_048_576)}"` },
    { method: 'GET', path: '/items/', status: 404 },
    { method: 'GET', path: '/items/7/', status: 404 },
    { method: 'GET', path: '//items', status: 404 },
    { method: 'GET', path: '/items/%zz', status: 404 },
    { method: 'GET', path: '/Items', status: 404 },
  ])('answers $method $path with $status', ({ method, path, status, ...row }) =>
    simulated(async (world) => {
      await world.serve(shop());
      const answer = await ask(world, method, path, row.body, row.type);
      expect(answer.status).toBe(status);
      const expected = row.errors === undefined ? {} : { errors: row.errors };
      expect(Object(answer.problem)).toMatchObject(expected);
      expect(world.errors).toEqual([]);
    }),
  );

  test('answers a target that is no path with 404', () =>
    simulated(async (world) => {
      await world.serve(shop());
      const wire = await world.connect();
      await wire.send('OPTIONS * HTTP/1.1\r\nHost: server\r\n\r\n');
      expect((await wire.response()).status).toBe(404);
    }));

  test.each([
    'application/json; charset=utf-8',
    'application/merge-patch+json',
    'APPLICATION/JSON',
  ])('takes %s as JSON', (type) =>
    simulated(async (world) => {
      await world.serve(shop());
      expect((await ask(world, 'POST', '/items', '{"name":"a"}', type)).status).toBe(201);
    }),
  );

  test('answers other methods with 405 and those that there are, and HEAD as GET', () =>
    simulated(async (world) => {
      await world.serve(shop());
      expect(await ask(world, 'PUT', '/items')).toMatchObject({
        status: 405,
        allow: 'GET, POST, HEAD',
      });
      expect(await ask(world, 'POST', '/items/7')).toMatchObject({
        status: 405,
        allow: 'GET, DELETE, HEAD',
      });
      expect(await ask(world, 'HEAD', '/items/7')).toMatchObject({ status: 200, problem: '' });
    }));

  test('that answers with something else than the contract says is a failure of the server', () =>
    simulated(async (world) => {
      const answers: unknown[] = [
        undefined,
        null,
        'text',
        { status: 200 },
        { status: 200, body: { id: 'SECRET', name: 'x' } },
        { status: 500, body: {} },
        { status: '200', body: { id: 1, name: 'x' } },
        { status: 'toString' },
        HttpResponse.json({ id: 1, name: 'x' }),
      ];
      const given = answers.values();
      await world.serve(implement(getItem, () => given.next().value as never));
      for (const _answer of answers) {
        expect(await ask(world, 'GET', '/items/7')).toMatchObject({ status: 500 });
      }
      expect(world.errors).toHaveLength(answers.length);
      for (const error of world.errors) {
        expect(error).toMatchObject({ name: 'InvalidInputError' });
        expect(String(error)).not.toContain('SECRET');
      }
    }));

  test('that gives a body where the contract has none is a failure of the server', () =>
    simulated(async (world) => {
      await world.serve(implement(removeItem, () => ({ status: 204, body: 'x' }) as never));
      expect((await ask(world, 'DELETE', '/items/7')).status).toBe(500);
      expect(String(world.errors[0])).toContain('`answer().body`');
    }));

  test('is not checked where that is not asked for', () =>
    simulated(async (world) => {
      const wrong = { status: 200, body: { id: 'x', name: 'x' } } as never;
      await world.serve(implement(getItem, () => wrong, { checkAnswers: false }));
      expect((await ask(world, 'GET', '/items/7')).status).toBe(200);
    }));

  test('sends what it was given: a schema that transforms does it where the value arrives', () =>
    simulated(async (world) => {
      const shout = contract({
        method: 'POST',
        path: '/shout',
        body: z.string().transform((text) => text.length),
        responses: { 200: z.string().transform((text) => text.length) },
      });
      await world.serve(implement(shout, ({ body }) => ({ status: 200, body: 'x'.repeat(body) })));
      expect((await call(of(world), shout, { body: 'four' })).body).toBe(4);
    }));

  test('may throw a problem, and its limit is that of the body', () =>
    simulated(async (world) => {
      const refusing = implement(
        addItem,
        () => {
          throw new HttpProblem(403);
        },
        { limit: 20 },
      );
      await world.serve(refusing);
      expect((await ask(world, 'POST', '/items', '{"name":"a"}')).status).toBe(403);
      expect((await ask(world, 'POST', '/items', '{"name":"a long name"}')).status).toBe(413);
      expect(world.errors).toEqual([]);
    }));
});

describe('a handler of several contracts', () => {
  const at = (path: string, method: 'GET' | 'POST' = 'GET') =>
    contract({ method, path, responses: { 200: z.string() } });
  const answering = (path: string, method?: 'GET' | 'POST') =>
    implement(at(path, method), () => ({ status: 200, body: path }));

  test.each([
    ['/items/new', '/items/new'],
    ['/items/old', '/items/{id}'],
    ['/items/%6Eew', '/items/new'],
    ['/a/new', '/{kind}/new'],
    ['/a/old', '/{kind}/{id}'],
    ['/', '/'],
    ['/x', '/{kind}'],
    ['/x/', '/{kind}/'],
  ])('gives %s to %s, whatever their order', (path, expected) =>
    simulated(async (world) => {
      const paths = [
        '/{kind}/{id}',
        '/{kind}/new',
        '/items/{id}',
        '/items/new',
        '/{kind}',
        '/{kind}/',
        '/',
      ];
      for (const [port, list] of [paths, paths.toReversed()].entries()) {
        const handler = contractHandler(list.map((each) => answering(each)));
        const listener = await world.sim.host('server').listen(80 + port);
        await world.serve(handler, { listener });
        const response = await world.client().get(`http://server:${80 + port}${path}`);
        expect(await response.json()).toBe(expected);
      }
    }),
  );

  test('refuses two for one method and path, whatever their parameters are called', () => {
    expect(() => contractHandler([answering('/a/{x}'), answering('/a/{y}')])).toThrow(
      'contractHandler: expected one contract for GET /a/{y}, got two with this method and path',
    );
    contractHandler([answering('/a/{x}'), answering('/a/{y}', 'POST')]);
  });

  test('passes on what is for none of them, and serves a document beside them', () =>
    simulated(async (world) => {
      const document = openApi([listItems], { title: 'Shop', version: '1' });
      const handler = contractHandler([answering('/a')], {
        document,
        documentPath: '/doc.json',
        notFound: (request) => HttpResponse.text(`no ${request.path}`),
      });
      await world.serve(handler);
      const client = world.client();
      expect(await (await client.get('http://server/b')).text()).toBe('no /b');
      for (let time = 0; time < 2; time += 1) {
        const response = await client.get('http://server/doc.json');
        expect(response.headers.get('content-type')).toBe('application/json');
        expect(await response.json()).toEqual(document);
      }
      expect((await client.head('http://server/doc.json')).status).toBe(200);
      const posted = await client.post('http://server/doc.json');
      expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }));
});

describe('a contract', () => {
  const definition = { method: 'GET', path: '/', responses: { 204: null } } as const;

  test.each([
    'items',
    '',
    '/a//b',
    '/{id',
    '/{}',
    '/{a b}',
    '/{__proto__}',
    '/x{id}',
    '/{id}.json',
    '/a?b',
    '/a%20b',
    '/../a',
    '/./',
    '/{a}/{a}',
    '/안녕',
    '/a\r\nb',
    '/items/:id',
  ])('refuses the path %j', (path) => {
    expect(() => contract({ ...definition, path })).toThrow('contract: expected `path` to be');
  });

  test('says how a parameter is written where Express would have a colon', () => {
    const path = '/items/:id';
    expect(() => contract({ ...definition, path })).toThrow('a path with {id} for a parameter');
    expect(() => contract({ ...definition, path: '/items:batch' })).not.toThrow();
  });

  test.each([
    [{ body: z.string() }, 'expected no `body`, since GET has none'],
    [{ responses: { 204: z.string() } }, 'expected `responses.204` to be null'],
    [{ responses: { 304: z.string() } }, 'expected `responses.304` to be null'],
    [{ method: 'HEAD', responses: { 200: z.string() } }, 'expected `responses.200` to be null'],
    [{ responses: {} }, 'expected `responses` to be schemas, or null, by status'],
    [{ responses: { 99: null } }, 'expected `responses` to be schemas, or null, by status'],
    [{ responses: { 200: 'string' } }, 'expected `responses` to be schemas, or null, by status'],
    [{ query: { page: 'number' } }, 'expected `query` to be a schema'],
    [{ method: 'TRACE' }, 'expected `method` to be'],
    [{ responses: undefined }, 'expected `responses` to be'],
  ])('refuses %p', (wrong, message) => {
    expect(() => contract({ ...definition, ...wrong } as never)).toThrow(`contract: ${message}`);
  });

  test('cannot be changed once it is made', () => {
    const responses: Record<number, null> = { 204: null };
    const made = contract({ ...definition, responses });
    responses[205] = null;
    expect(Object.keys(made.definition.responses)).toEqual(['204']);
    expect(Object.isFrozen(made.definition)).toBe(true);
  });
});
