/** What a response is to its caller: its status, its schema, what is shown of it, the way it came. */
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import {
  failedRequestOf,
  HttpResponse,
  HttpStatusError,
  ResponseJsonError,
  ResponseSchemaError,
  type HttpRequest,
} from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const URL_ = 'http://server/path?secret';

describe('throwIfNotOk', () => {
  test('gives the response whose status is 2xx, its body unread', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('body', { status: 201 }));
      const response = await world.client().get(URL_);
      expect(await (await response.throwIfNotOk()).text()).toBe('body');
    }));

  test('fails for another one, with its beginning, which no message and no log shows', () =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.text(`naïve BODY ${'x'.repeat(5_000)}`, { status: 404 }),
      );
      const client = world.client();
      const error = await failureOf((await client.get(URL_)).throwIfNotOk());
      expect(error).toBeInstanceOf(HttpStatusError);
      const { excerpt, message } = error as HttpStatusError;
      expect(error).toMatchObject({ status: 404, reason: 'Not Found', operation: 'throwIfNotOk' });
      expect(excerpt.startsWith('naïve BODY xxx')).toBe(true);
      expect(Buffer.byteLength(excerpt)).toBe(1_024);
      expect(message).toBe('throwIfNotOk: GET at http://server was answered with 404');
      expect(inspect(error)).not.toMatch(/BODY|secret/);
      expect(failedRequestOf(error)).toMatchObject({ phase: 'body', origin: 'http://server' });
    }));

  test('cuts no character in two', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text(`x${'é'.repeat(600)}`, { status: 500 }));
      const error = await failureOf((await world.client().get(URL_)).throwIfNotOk());
      expect((error as HttpStatusError).excerpt).toBe(`x${'é'.repeat(511)}`);
    }));

  test('fails with the status when the body breaks off', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().get(URL_);
      const wire = await server.accept();
      await wire.head();
      await wire.send('HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nstart');
      const failing = failureOf((await answer).throwIfNotOk());
      await wire.finish();
      expect(await failing).toMatchObject({ status: 503, excerpt: 'start' });
    }));
});

describe('a response that is not JSON', () => {
  test.each(['', '{"key":"SECRET"', 'SECRET', '[1,]SECRET', 'undefined'])(
    '%j fails with a separate error, which shows nothing of it',
    (text) =>
      simulated(async (world) => {
        await world.serve(() => HttpResponse.text(text));
        const client = world.client();
        for (const schema of [undefined, z.unknown()]) {
          const response = await client.get(URL_);
          const error = await failureOf(
            schema === undefined ? response.json() : response.json(schema),
          );
          expect(error).toBeInstanceOf(ResponseJsonError);
          expect(error).toMatchObject({ code: 'ERR_HTTP_RESPONSE_JSON', line: undefined });
          expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/SECRET/);
          expect(failedRequestOf(error)).toMatchObject({ method: 'GET', phase: 'body' });
        }
      }),
  );
});

describe('a response that does not match its schema', () => {
  const schema = z.object({ a: z.object({ b: z.number() }) });

  test('is a failure with a class for it, and every violation', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.json({ a: { b: 'SECRET' } }));
      const error = await failureOf((await world.client().get(URL_)).json(schema));
      expect(error).toBeInstanceOf(ResponseSchemaError);
      expect((error as ResponseSchemaError).errors.map(({ path }) => path)).toEqual(['body.a.b']);
      expect(failedRequestOf(error)).toMatchObject({ method: 'GET', phase: 'body' });
    }));

  test('is no fault of the caller of a handler that asked for it: 500, without the violations', () =>
    simulated(async (world) => {
      const upstream = await world.sim.host('upstream').listen(80);
      await world.serve(() => HttpResponse.json({ a: {} }), { listener: upstream });
      const inner = world.client();
      await world.serve(async () => {
        const response = await inner.get('http://upstream/');
        return HttpResponse.json(await response.json(schema));
      });
      const response = await world.client().get('http://server/');
      expect(response.status).toBe(500);
      expect(await response.text()).not.toMatch(/body\.a/);
      expect(world.errors).toEqual([expect.any(ResponseSchemaError)]);
    }));
});

test('a response that is shown says what it is, and no value, path or query', () =>
  simulated(async (world) => {
    await world.serve(() => HttpResponse.text('x', { headers: { 'X-Key': 'SECRET' } }));
    const response = await world.client({ headers: { Authorization: 'SECRET' } }).get(URL_);
    expect(inspect(response)).toMatch(
      /^ClientResponse \{ 200 OK to GET http:\/\/server, headers: .*X-Key.* \}$/,
    );
    expect(inspect(response)).not.toMatch(/secret/i);
  }));

describe('a redirect', () => {
  const serveTo =
    (location: string | string[], status = 302) =>
    (request: HttpRequest) =>
      request.path === '/from'
        ? HttpResponse.text('moved', { status, headers: { Location: location as string } })
        : HttpResponse.text(request.target);

  test('to a Location in UTF-8 goes where a browser goes', () =>
    simulated(async (world) => {
      const bytes = Buffer.from('/안녕?é').toString('latin1');
      await world.serve(serveTo(bytes));
      const response = await world.client().get('http://server/from');
      expect(await response.text()).toBe('/%EC%95%88%EB%85%95?%C3%A9');
    }));

  test('to a Location in latin1 that is no UTF-8 is read as such', () =>
    simulated(async (world) => {
      await world.serve(serveTo('/\xe9x'));
      expect(await (await world.client().get('http://server/from')).text()).toBe('/%C3%A9x');
    }));

  test('inherits the fragment, unless it has its own', () =>
    simulated(async (world) => {
      await world.serve(serveTo('/to'));
      const response = await world.client().get('http://server/from#part');
      expect(response.url).toBe('http://server/to#part');
    }));

  test.each<[string, string | string[], RegExp]>([
    ['two Locations that differ', ['/a', '/b'], /two Location/],
    ['another scheme', 'ftp://server/', /scheme/],
    ['a socket of this machine', 'http+unix://%2Frun%2Fdocker.sock/x', /scheme/],
    ['no URL', 'http://[', /no URL/],
  ])('with %s is given to the caller, with the reason', (_what, location, reason) =>
    simulated(async (world) => {
      await world.serve(serveTo(location));
      const response = await world.client().get('http://server/from');
      expect([response.status, response.redirects]).toEqual([302, 0]);
      expect(response.notFollowed).toMatch(reason);
    }),
  );

  test('of a stream that would have to be sent again says so', () =>
    simulated(async (world) => {
      await world.serve(serveTo('/to', 307));
      const response = await world.client().post('http://server/from', ['a', 'stream']);
      expect(response.notFollowed).toMatch(/stream/);
    }));

  test('with the same Location twice is followed, and no other response has a reason', () =>
    simulated(async (world) => {
      await world.serve(serveTo(['/to', '/to']));
      const response = await world.client().get('http://server/from');
      expect([response.notFollowed, await response.text()]).toEqual([undefined, '/to']);
    }));

  test('to a place with credentials uses them there', () =>
    simulated(async (world) => {
      await world.serve((request) =>
        request.path === '/from'
          ? HttpResponse.empty({ status: 302, headers: { Location: 'http://u:p@server/to' } })
          : HttpResponse.text(String(request.headers.getAll('authorization'))),
      );
      const response = await world
        .client({ headers: { Authorization: 'old' } })
        .get('http://server/from');
      expect(await response.text()).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
      expect(response.url).toBe('http://server/to');
    }));
});

test('trailers are sent with a string, too', () =>
  simulated(async (world) => {
    await world.serve(async (request) => {
      const text = await request.text();
      return HttpResponse.text(`${text} ${request.trailers?.get('x')}`);
    });
    const response = await world
      .client()
      .post('http://server/', 'body', { trailers: { X: 'trailer' } });
    expect(await response.text()).toBe('body trailer');
  }));

test.each([
  [undefined, 'http://a/', {}],
  ['GET', undefined, {}],
  ['GET', null, {}],
  ['GET', 'http://a/', { headers: { x: null } }],
  ['GET', 'http://a/', { headers: 5 }],
])('%p %p %j fails with a typed error that says what is wrong', (method, url, options) =>
  simulated(async (world) => {
    const call = world.client().request(method as string, url as string, options as never);
    expect(((await failureOf(call)) as Error).message).toMatch(/expected/);
  }),
);

test('bytes and fields fit where the web takes them', () =>
  simulated(async (world) => {
    const headers = { 'Set-Cookie': ['a=1', 'b=2'] };
    await world.serve(() => HttpResponse.text('hello', { headers }));
    const response = await world.client().get('http://server/');
    const bytes = await response.bytes();
    // With lib dom, this compiles only for `Uint8Array<ArrayBuffer>`.
    const own: Uint8Array<ArrayBuffer> = bytes;
    expect(await new Blob([own]).text()).toBe('hello');
    expect(response.headers.toWeb().get('content-length')).toBe('5');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  }));
