/** URLs, queries and credentials: what a client makes of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, UnixListener } from '@awaitio/core';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import { HttpClient, HttpResponse, serve, type RequestOptions } from '../../src/index.ts';
import { parseTarget } from '../../src/client/routes/target.ts';
import { simulated, type World } from '../support/simulated.ts';

/** Serves what it was asked: method, host, target, and the fields that matter here. */
async function serveSeen(world: World, port = 80): Promise<void> {
  const listener = await world.sim.host('server').listen(port);
  await world.serve(
    (request) =>
      HttpResponse.json([
        request.method,
        request.headers.get('host'),
        request.target,
        request.headers.get('authorization') ?? null,
      ]),
    { listener },
  );
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a URL', () => {
  test.each([
    "/files/%2e%2e/secret?q='x'",
    '/a/%2E/b',
    '/a/.%2e/b',
    "/it's?it's",
    '/a/../b',
    '/a/./b?x=%2e',
    '/plain?a=b&c=%20d',
    '/a%2fb',
    '/%',
    '/ä ö?ü',
    '/a\\b',
    '/a|b^c`d{e}?f|g^h`i{j}',
    '//a//b',
    '/a?b#c',
    '?only',
    '#only',
    '',
  ])('is read each time as the URL standard says: %j', (path) => {
    const text = `http://read.test${path}`;
    const url = new URL(text);
    for (let time = 0; time < 3; time += 1) {
      const target = parseTarget(text);
      expect(target.path).toBe(url.pathname + url.search);
      expect(new URL(target.url).href).toBe(url.href);
    }
  });

  test('of random parts is read the second time as the first', () => {
    const parts = ['/', '.', '..', '%2e', '%2E', "'", '?', 'a', '%', '\\', '"', '<', 'é', ' ', '#'];
    let seed = 20_260;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    parseTarget('http://again.test/');
    for (let run = 0; run < 5_000; run += 1) {
      const path = Array.from({ length: random(8) }, () => parts[random(parts.length)]).join('');
      const url = new URL(`http://again.test/${path}`);
      const { path: target } = parseTarget(`http://again.test/${path}`);
      expect([path, target]).toEqual([path, url.pathname + url.search]);
    }
  });

  test.each([
    ['user:pass', 'user:pass'],
    ['user', 'user:'],
    ['a%40b:%C3%A9%25', 'a@b:é%'],
    [':only', ':only'],
    ['100%:x', '100%:x'],
  ])('with %s in it is sent with Basic credentials, and shown without', (text, credentials) =>
    simulated(async (world) => {
      await serveSeen(world);
      const response = await world.client().get(`http://${text}@server/x`);
      expect(response.url).toBe('http://server/x');
      expect(await response.json()).toEqual(['GET', 'server', '/x', basic(credentials)]);
    }),
  );

  test('that is none shows none of its credentials in the error', async () => {
    await using client = new HttpClient();
    const error = (await failureOf(client.get('http://u:secret@[/'))) as Error;
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).not.toContain('secret');
  });

  test.each(['http+unix://SOCKET/x?y', 'unix:PATH:/x?y'])(
    '%s is asked on a Unix socket',
    async (url) => {
      const folder = await mkdtemp(join(tmpdir(), 'awaitio-client-'));
      const path = join(folder, 's');
      const server = await serve(
        (request) => HttpResponse.text(`${request.headers.get('host')} ${request.target}`),
        {
          listener: await UnixListener.bind(path),
        },
      );
      await using client = new HttpClient();
      const asked = url.replace('SOCKET', encodeURIComponent(path)).replace('PATH', path);
      const response = await client.get(asked);
      expect(await response.text()).toBe('localhost /x?y');
      expect(response.url).toBe(`http+unix://${encodeURIComponent(path)}/x?y`);
      await client.close();
      await server.shutdown();
      await rm(folder, { recursive: true });
    },
  );

  test.each(['unix:', 'http+unix:///x', 'unix://host/x', 'ftp://a/', 'mailto:a'])(
    '%s is refused',
    async (url) => {
      await using client = new HttpClient();
      expect(await failureOf(client.get(url))).toBeInstanceOf(InvalidInputError);
    },
  );
});

describe('a base URL', () => {
  test.each([
    ['http://server/v1/', 'users', '/v1/users'],
    ['http://server/v1/', '/users', '/users'],
    ['http://server/v1', 'users', '/users'],
    ['http://server/v1/', '?a=b', '/v1/?a=b'],
    ['http://server/v1/', '', '/v1/'],
    ['http://server/v1/', 'http://server/else', '/else'],
  ])('%s with %j asks for %s', (baseUrl, url, expected) =>
    simulated(async (world) => {
      await serveSeen(world);
      const seen = (await (await world.client({ baseUrl }).get(url)).json()) as string[];
      expect(seen[2]).toBe(expected);
    }),
  );

  test.each(['//evil/x', '\\\\evil/x', '///evil/x'])(
    'is not left by a relative URL: %j is refused',
    async (url) => {
      await using client = new HttpClient({ baseUrl: 'http://server/' });
      expect(await failureOf(client.get(url))).toBeInstanceOf(InvalidInputError);
    },
  );

  test('keeps the credentials of the client to its origin', () =>
    simulated(async (world) => {
      await serveSeen(world);
      await serveSeen(world, 8080);
      const client = world.client({ baseUrl: 'http://server/', auth: { bearer: 'token' } });
      const at = async (url: string): Promise<unknown> =>
        ((await (await client.get(url)).json()) as unknown[])[3];
      expect(await at('/here')).toBe('Bearer token');
      expect(await at('http://server/too')).toBe('Bearer token');
      expect(await at('http://server:8080/elsewhere')).toBeNull();
    }));
});

describe('a query', () => {
  test.each<[string, NonNullable<RequestOptions['query']>, string]>([
    [
      '/',
      { a: 1, b: 'x y', c: [1, 'ü'], d: undefined, e: null, f: true },
      '/?a=1&b=x+y&c=1&c=%C3%BC&e=&f=true',
    ],
    ['/?x', { y: 2 }, '/?x&y=2'],
    ['/?', { y: 2 }, '/?y=2'],
    ['/#f', { y: 2 }, '/?y=2'],
    ['/', new URLSearchParams('a=b&a=c'), '/?a=b&a=c'],
    [
      '/',
      [
        ['a', '1'],
        ['a', '2'],
      ],
      '/?a=1&a=2',
    ],
    ['/', {}, '/'],
  ])('is added to %s: %j', (path, query, expected) =>
    simulated(async (world) => {
      await serveSeen(world);
      const response = await world.client().get(`http://server${path}`, { query });
      expect(((await response.json()) as string[])[2]).toBe(expected);
      expect(new URL(response.url).search).toBe(new URL(`http://server${expected}`).search);
    }),
  );

  test.each([{ a: {} }, { a: [{}] }, 5, [1, 2], { a: Symbol('x') }, null])(
    'is not %p',
    async (query) => {
      await using client = new HttpClient();
      const error = await failureOf(client.get('http://a/', { query: query as never }));
      expect(error).toBeInstanceOf(InvalidInputError);
    },
  );
});

describe('credentials', () => {
  const send = async (client: HttpClient, options?: RequestOptions) => {
    const response = await client.get('http://server/', options);
    return ((await response.json()) as unknown[])[3];
  };

  test('of the request come before those of the client, and a header before both', () =>
    simulated(async (world) => {
      await serveSeen(world);
      const auth = { basic: { username: 'ü', password: 'a:b' } };
      const client = world.client({ auth });
      expect(await send(client)).toBe(basic('ü:a:b'));
      expect(await send(client, { auth: { bearer: 'a.b-c' } })).toBe('Bearer a.b-c');
      const headers = { authorization: 'Own' };
      expect(await send(client, { auth: { bearer: 'x' }, headers })).toBe('Own');
      expect(await send(world.client({ auth, headers }))).toBe('Own');
    }));

  test.each([
    { basic: { username: 'a:SECRET', password: '' } },
    { basic: { username: 'SECRET' } },
    { bearer: 'SECRET\r\nX: y' },
    { bearer: '' },
    { basic: { username: 'a', password: 'b' }, bearer: 'c' },
    { SECRET: 1 },
    [],
  ])('that are wrong are refused, and not shown: %#', async (auth) => {
    await using client = new HttpClient();
    const error = (await failureOf(client.get('http://a/', { auth: auth as never }))) as Error;
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).not.toContain('SECRET');
    expect(() => new HttpClient({ auth: auth as never })).toThrow(InvalidInputError);
  });
});

describe('a method', () => {
  test('may be in lower case', () =>
    simulated(async (world) => {
      await serveSeen(world);
      const response = await world.client().request('patch', 'http://server/');
      expect(await response.json()).toEqual(['PATCH', 'server', '/', null]);
    }));

  test.each(['patch', 'options'] as const)('%s has a call', (name) =>
    simulated(async (world) => {
      await serveSeen(world);
      const response = await world.client()[name]('http://server/');
      expect(((await response.json()) as unknown[])[0]).toBe(name.toUpperCase());
    }),
  );
});

test('a User-Agent is sent unless there is another one, or none is wanted', () =>
  simulated(async (world) => {
    await world.serve((request) => HttpResponse.text(String(request.headers.get('user-agent'))));
    const ask = async (client: HttpClient, options?: RequestOptions) =>
      (await client.get('http://server/', options)).text();
    const plain = world.client({ userAgent: undefined });
    expect(await ask(plain)).toBe('awaitio');
    expect(await ask(plain, { headers: { 'user-agent': 'x' } })).toBe('x');
    expect(await ask(world.client({ userAgent: 'mine/1' }))).toBe('mine/1');
    expect(await ask(world.client({ userAgent: 'a', headers: { 'USER-AGENT': 'b' } }))).toBe('b');
    expect(await ask(world.client({ userAgent: false }))).toBe('null');
  }));
