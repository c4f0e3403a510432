import { describe, expect, test } from '@jest/globals';
import { IoError } from '@awaitio/core';
import { HttpResponse, type HttpRequest } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

/** What a server saw of a request. */
interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function seenOf(request: HttpRequest): Promise<Seen> {
  const headers = Object.fromEntries(request.headers.toArray());
  return { method: request.method, target: request.target, headers, body: await request.text() };
}

/**
 * Serves two origins: `server:80` redirects `/STATUS?LOCATION` with that status to that location; both answer everything
 * else with what they saw.
 */
async function serveRedirects(world: World): Promise<Seen[]> {
  const seen: Seen[] = [];
  const handler = async (request: HttpRequest): Promise<HttpResponse> => {
    const request_ = await seenOf(request);
    seen.push(request_);
    const match = /^\/(30\d)\?(.*)$/.exec(request.target);
    if (match === null) return HttpResponse.json(request_);
    const [, status, location] = match;
    return HttpResponse.text('moved', {
      status: Number(status),
      headers: { Location: decodeURIComponent(location ?? '') },
    });
  };
  await world.serve(handler);
  await world.serve(handler, { listener: await world.sim.host('server').listen(8080) });
  return seen;
}

const ORIGIN = 'http://server';
const redirect = (status: number, to: string): string =>
  `${ORIGIN}/${status}?${encodeURIComponent(to)}`;

describe('a redirect', () => {
  test.each([
    ['/path?query', '/path?query', `${ORIGIN}/path?query`],
    ['other', '/other', `${ORIGIN}/other`],
    ['./a/../b', '/b', `${ORIGIN}/b`],
    ['//server:8080/x', '/x', 'http://server:8080/x'],
    ['http://server:8080/x#fragment', '/x', 'http://server:8080/x#fragment'],
  ])('to %s is followed', (location, target, url) =>
    simulated(async (world) => {
      await serveRedirects(world);
      const response = await world.client().get(redirect(302, location));
      expect([response.status, response.url, response.redirects]).toEqual([200, url, 1]);
      expect(((await response.json()) as Seen).target).toBe(target);
    }),
  );

  test.each([
    [301, 'GET', 'GET', false],
    [301, 'POST', 'GET', false],
    [301, 'PUT', 'PUT', true],
    [301, 'HEAD', 'HEAD', false],
    [302, 'POST', 'GET', false],
    [302, 'DELETE', 'DELETE', false],
    [303, 'POST', 'GET', false],
    [303, 'PUT', 'GET', false],
    [303, 'HEAD', 'HEAD', false],
    [307, 'POST', 'POST', true],
    [307, 'PUT', 'PUT', true],
    [308, 'POST', 'POST', true],
    [308, 'GET', 'GET', false],
  ])('%i of %s is followed with %s, with its body: %j', (status, method, then, keepsBody) =>
    simulated(async (world) => {
      const seen = await serveRedirects(world);
      const hasBody = method === 'POST' || method === 'PUT';
      const response = await world.client().request(method, redirect(status, '/end'), {
        headers: { 'Content-Type': 'text/x', 'Content-Language': 'de', 'X-Own': '1' },
        body: hasBody ? 'body' : undefined,
      });
      expect(response.status).toBe(200);
      await response.bytes();
      expect(seen.map((one) => one.method)).toEqual([method, then]);
      const last = seen[1];
      expect(last?.body).toBe(keepsBody ? 'body' : '');
      const wasRewritten = then !== method;
      expect(last?.headers['content-type']).toBe(wasRewritten ? undefined : 'text/x');
      expect(last?.headers['content-language']).toBe(wasRewritten ? undefined : 'de');
      expect(last?.headers['x-own']).toBe('1');
    }),
  );

  test.each([
    [300, '/end'],
    [304, '/end'],
    [305, '/end'],
    [306, '/end'],
    [302, 'http://['],
    [302, 'ftp://server/'],
    [302, 'javascript:alert(1)'],
  ])('is not what %i to %s is', (status, location) =>
    simulated(async (world) => {
      await serveRedirects(world);
      const response = await world.client().get(redirect(status, location));
      expect([response.status, response.redirects]).toEqual([status, 0]);
    }),
  );

  test('without a location is an answer as any other', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('where?', { status: 302 }));
      const response = await world.client().get(`${ORIGIN}/`);
      expect([response.status, await response.text()]).toEqual([302, 'where?']);
    }));

  test.each([307, 308])(
    '%i of a streamed body is given to the caller, who has the rest of it',
    (status) =>
      simulated(async (world) => {
        await serveRedirects(world);
        const response = await world.client().post(redirect(status, '/end'), ['a', 'stream']);
        expect([response.status, await response.text()]).toEqual([status, 'moved']);
      }),
  );

  test('is followed ten times, and no more', () =>
    simulated(async (world) => {
      let requests = 0;
      await world.serve((request) => {
        requests += 1;
        const left = Number(request.path.slice(1));
        return left === 0
          ? HttpResponse.text('end')
          : HttpResponse.empty({ status: 302, headers: { Location: `/${left - 1}` } });
      });
      const client = world.client();
      const response = await client.get(`${ORIGIN}/10`);
      expect([await response.text(), response.redirects]).toEqual(['end', 10]);
      const failure = client.get(`${ORIGIN}/11`);
      await expect(failure).rejects.toBeInstanceOf(IoError);
      await expect(failure).rejects.toMatchObject({ code: 'ERR_HTTP_TOO_MANY_REDIRECTS' });
      requests = 0;
      await expect(client.get(`${ORIGIN}/9`, { maxRedirects: 3 })).rejects.toMatchObject({
        code: 'ERR_HTTP_TOO_MANY_REDIRECTS',
      });
      expect(requests).toBe(4);
      expect((await client.get(`${ORIGIN}/9`, { maxRedirects: 0 })).status).toBe(302);
      expect(client.statistics()[ORIGIN]).toMatchObject({ waiting: 0 });
    }));

  test('of a long body does not hold its connection', () =>
    simulated(async (world) => {
      await world.serve((request) =>
        request.path === '/end'
          ? HttpResponse.text('end')
          : HttpResponse.stream(['x'.repeat(500_000)], {
              status: 302,
              headers: { Location: '/end' },
            }),
      );
      const client = world.client({ maxConnectionsPerOrigin: 1 });
      for (let n = 0; n < 3; n += 1) {
        expect(await (await client.get(`${ORIGIN}/`)).text()).toBe('end');
      }
    }));
});

describe('credentials', () => {
  const secrets = {
    Authorization: 'Bearer secret',
    Cookie: 'session=secret',
    'Proxy-Authorization': 'Basic secret',
    'X-Own': 'not a secret',
  };

  test('stay with a redirect within the origin', () =>
    simulated(async (world) => {
      const seen = await serveRedirects(world);
      await (await world.client().get(redirect(302, '/end'), { headers: secrets })).bytes();
      expect(seen[1]?.headers).toMatchObject({
        authorization: 'Bearer secret',
        cookie: 'session=secret',
        'x-own': 'not a secret',
      });
    }));

  test.each([
    ['another port', 'http://server:8080/end'],
    ['another host', 'http://other/end'],
  ])('do not go to another origin: %s', (_what, location) =>
    simulated(async (world) => {
      const seen = await serveRedirects(world);
      const listener = await world.sim.host('other').listen(80);
      await world.serve(async (request) => HttpResponse.json(await seenOf(request)), { listener });
      const client = world.client({ headers: { Authorization: 'of the client' } });
      const response = await client.get(redirect(302, location), {
        headers: { ...secrets, Host: 'server' },
      });
      const last = (await response.json()) as Seen;
      expect(last.headers).toEqual({
        host: new URL(location).host,
        'x-own': 'not a secret',
      });
      expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret' });
    }),
  );

  test('do not come back when the way leads back', () =>
    simulated(async (world) => {
      const seen = await serveRedirects(world);
      const back = `http://server:8080/302?${encodeURIComponent(`${ORIGIN}/end`)}`;
      await (await world.client().get(redirect(302, back), { headers: secrets })).bytes();
      expect(seen).toHaveLength(3);
      expect(seen[2]?.headers).toEqual({ host: 'server', 'x-own': 'not a secret' });
    }));
});

test('fields of the client go with every request, unless the request has its own', () =>
  simulated(async (world) => {
    await serveRedirects(world);
    const client = world.client({ headers: { 'User-Agent': 'awaitio', 'X-A': 'client' } });
    const first = (await (await client.get(`${ORIGIN}/`)).json()) as Seen;
    expect(first.headers).toEqual({ host: 'server', 'user-agent': 'awaitio', 'x-a': 'client' });
    const second = await client.get(`${ORIGIN}/`, { headers: { 'x-a': 'request' } });
    expect(((await second.json()) as Seen).headers).toMatchObject({
      'user-agent': 'awaitio',
      'x-a': 'request',
    });
  }));
