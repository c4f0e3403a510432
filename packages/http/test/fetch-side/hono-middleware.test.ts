/** Every middleware of Hono that has something to do on Node, behind `serve`: it answers as it does alone. */

import { describe, expect, test } from '@jest/globals';
import { Hono, type Context } from 'hono';
import { accepts } from 'hono/accepts';
import { basicAuth } from 'hono/basic-auth';
import { bearerAuth } from 'hono/bearer-auth';
import { bodyLimit } from 'hono/body-limit';
import { every, some } from 'hono/combine';
import { compress } from 'hono/compress';
import { contextStorage, getContext } from 'hono/context-storage';
import { deleteCookie, getCookie, getSignedCookie, setCookie, setSignedCookie } from 'hono/cookie';
import { cors } from 'hono/cors';
import { csrf } from 'hono/csrf';
import { etag } from 'hono/etag';
import { html } from 'hono/html';
import { HTTPException } from 'hono/http-exception';
import { ipRestriction } from 'hono/ip-restriction';
import { jwt, sign } from 'hono/jwt';
import { languageDetector } from 'hono/language';
import { logger } from 'hono/logger';
import { methodOverride } from 'hono/method-override';
import { poweredBy } from 'hono/powered-by';
import { prettyJSON } from 'hono/pretty-json';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timeout } from 'hono/timeout';
import { endTime, startTime, timing } from 'hono/timing';
import { appendTrailingSlash, trimTrailingSlash } from 'hono/trailing-slash';
import type { FetchApplication, FetchInfo } from '../../src/index.ts';
import { expectRows, inMemory, type Row } from '../support/fetch-side.ts';

const hello = (c: Context): Response => c.text('hello');
const app = (build: (hono: Hono) => unknown): (() => FetchApplication) => {
  return () => {
    const hono = new Hono();
    build(hono);
    return hono as FetchApplication;
  };
};
const post = (body: string | FormData, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers,
  body,
});
const streamed = (...pieces: readonly string[]): RequestInit =>
  ({
    method: 'POST',
    duplex: 'half',
    body: new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(Buffer.from(piece));
        controller.close();
      },
    }),
  }) as RequestInit;
const basic = (text: string): RequestInit => ({
  headers: { authorization: `Basic ${btoa(text)}` },
});
const LONG = 'again and again '.repeat(200);
const SECRET = 'a secret of at least thirty-two characters';

const MIDDLEWARE: readonly (readonly [string, () => FetchApplication, readonly Row[]])[] = [
  [
    'accepts',
    app((hono) =>
      hono.get('/', (c) =>
        c.text(accepts(c, { header: 'Accept-Language', supports: ['en', 'de'], default: 'en' })),
      ),
    ),
    [
      { status: 200, body: 'en' },
      { init: { headers: { 'accept-language': 'de;q=0.9, en;q=0.5' } }, status: 200, body: 'de' },
    ],
  ],
  [
    'basic-auth',
    app((hono) => hono.use(basicAuth({ username: 'ada', password: 'lovelace' })).get('/', hello)),
    [
      { status: 401, headers: { 'www-authenticate': /^Basic realm=/ }, body: 'Unauthorized' },
      { init: basic('ada:wrong'), status: 401 },
      { init: basic('ada:lovelace'), status: 200, body: 'hello' },
    ],
  ],
  [
    'bearer-auth',
    app((hono) => hono.use(bearerAuth({ token: 'abc' })).get('/', hello)),
    [
      { status: 401 },
      { init: { headers: { authorization: 'Bearer abc' } }, status: 200, body: 'hello' },
    ],
  ],
  [
    'body-limit, with a length',
    app((hono) =>
      hono.use(bodyLimit({ maxSize: 10 })).post('/', async (c) => c.text(await c.req.text())),
    ),
    [
      { init: post('0123456789'), status: 200, body: '0123456789' },
      { init: post('0123456789a'), status: 413, body: 'Payload Too Large' },
    ],
  ],
  [
    'combine',
    app((hono) =>
      hono
        .use(some(every(bearerAuth({ token: 'abc' })), basicAuth({ username: 'a', password: 'b' })))
        .get('/', hello),
    ),
    [
      { init: basic('a:b'), status: 200, body: 'hello' },
      { init: { headers: { authorization: 'Bearer abc' } }, status: 200 },
      { status: 401 },
    ],
  ],
  [
    'compress',
    app((hono) =>
      hono
        .use(compress())
        .get('/', (c) => c.text(LONG))
        .get('/short', hello),
    ),
    [
      {
        init: { headers: { 'accept-encoding': 'gzip' } },
        status: 200,
        headers: { 'content-encoding': 'gzip', vary: /accept-encoding/i },
      },
      { init: { headers: { 'accept-encoding': 'identity' } }, status: 200, body: LONG },
    ],
  ],
  [
    'context-storage',
    app((hono) => hono.use(contextStorage()).get('/', (c) => c.text(getContext().req.path))),
    [{ status: 200, body: '/' }],
  ],
  [
    'cookie',
    app((hono) =>
      hono
        .get('/', async (c) => {
          setCookie(c, 'plain', 'a b', { path: '/', httpOnly: true });
          await setSignedCookie(c, 'signed', 'value', SECRET);
          deleteCookie(c, 'gone');
          return c.text('set');
        })
        .get('/read', async (c) =>
          c.json([getCookie(c), (await getSignedCookie(c, SECRET, 'signed')) ?? null]),
        ),
    ),
    [
      { status: 200, body: 'set' },
      {
        path: '/read',
        init: { headers: { cookie: 'a=1; b=2; signed=value.forged' } },
        status: 200,
      },
    ],
  ],
  [
    'cors',
    app((hono) =>
      hono
        .use(cors({ origin: 'https://app.example', credentials: true, maxAge: 60 }))
        .get('/', hello),
    ),
    [
      {
        init: { headers: { origin: 'https://app.example' } },
        status: 200,
        headers: { 'access-control-allow-origin': 'https://app.example' },
      },
      {
        init: {
          method: 'OPTIONS',
          headers: { origin: 'https://app.example', 'access-control-request-method': 'PUT' },
        },
        status: 204,
        headers: { 'access-control-allow-methods': /PUT/, 'access-control-max-age': '60' },
      },
    ],
  ],
  [
    'csrf',
    app((hono) => hono.use(csrf()).post('/', hello)),
    [
      {
        init: post('a=1', {
          'content-type': 'application/x-www-form-urlencoded',
          origin: 'http://evil.example',
        }),
        status: 403,
      },
      {
        init: post('a=1', {
          'content-type': 'application/x-www-form-urlencoded',
          origin: 'http://test',
        }),
        status: 200,
      },
    ],
  ],
  [
    'etag',
    app((hono) => hono.use(etag()).get('/', (c) => c.text('tagged'))),
    [
      { status: 200, headers: { etag: /^"[^"]+"$/ }, body: 'tagged' },
      { init: { headers: { 'if-none-match': '*, "other"' } }, status: 200 },
    ],
  ],
  [
    'html',
    app((hono) => hono.get('/', (c) => c.html(html`<p>${'<b>'}</p>`))),
    [{ status: 200, headers: { 'content-type': /^text\/html/ }, body: '<p>&lt;b&gt;</p>' }],
  ],
  [
    'ip-restriction',
    app((hono) =>
      hono
        .use(
          ipRestriction(
            (c) => (c.env as FetchInfo).remoteAddress.replace(/:\d+$/, '') || '10.0.0.1',
            { denyList: ['10.0.0.1'] },
          ),
        )
        .get('/', hello),
    ),
    [{ status: 403 }],
  ],
  [
    'jwt',
    app((hono) =>
      hono
        .use(jwt({ secret: SECRET, alg: 'HS256' }))
        .get('/', (c) => c.json(c.get('jwtPayload' as never))),
    ),
    [{ status: 401, headers: { 'www-authenticate': /Bearer/ } }],
  ],
  [
    'language',
    app((hono) =>
      hono
        .use(languageDetector({ supportedLanguages: ['en', 'de'], fallbackLanguage: 'en' }))
        .get('/', (c) => c.text(c.get('language' as never))),
    ),
    [{ init: { headers: { 'accept-language': 'de' } }, status: 200, body: 'de' }],
  ],
  [
    'logger',
    app((hono) => hono.use(logger(() => {})).get('/', hello)),
    [{ status: 200, body: 'hello' }],
  ],
  [
    'method-override',
    app((hono) => {
      hono
        .use(methodOverride({ app: hono, header: 'x-method' }))
        .delete('/', (c) => c.text('deleted'));
    }),
    [{ init: post('', { 'x-method': 'DELETE' }), status: 200, body: 'deleted' }],
  ],
  [
    'powered-by',
    app((hono) => hono.use(poweredBy()).get('/', hello)),
    [{ status: 200, headers: { 'x-powered-by': 'Hono' } }],
  ],
  [
    'pretty-json',
    app((hono) => hono.use(prettyJSON()).get('/', (c) => c.json({ a: 1 }))),
    [
      { status: 200, body: '{"a":1}' },
      { path: '/?pretty', status: 200, body: '{\n  "a": 1\n}' },
    ],
  ],
  [
    'request-id',
    app((hono) => hono.use(requestId()).get('/', hello)),
    [
      {
        init: { headers: { 'x-request-id': 'mine' } },
        status: 200,
        headers: { 'x-request-id': 'mine' },
      },
      { status: 200, headers: { 'x-request-id': /^[\da-f-]{36}$/ }, varying: ['x-request-id'] },
    ],
  ],
  [
    'secure-headers',
    app((hono) => hono.use(secureHeaders()).get('/', hello)),
    [{ status: 200, headers: { 'x-content-type-options': 'nosniff', 'x-frame-options': /./ } }],
  ],
  [
    'timing',
    app((hono) =>
      hono.use(timing()).get('/', (c) => {
        startTime(c, 'db');
        endTime(c, 'db');
        return c.text('timed');
      }),
    ),
    [
      {
        status: 200,
        headers: { 'server-timing': /db;dur=/ },
        body: 'timed',
        varying: ['server-timing'],
      },
    ],
  ],
  [
    'trailing-slash',
    app((hono) => hono.use(trimTrailingSlash()).get('/a', hello)),
    [
      {
        path: '/a/',
        init: { redirect: 'manual' },
        status: 301,
        headers: { location: 'http://test/a' },
      },
    ],
  ],
  [
    'trailing-slash, the other way',
    app((hono) => hono.use(appendTrailingSlash()).get('/a/', hello)),
    [
      {
        path: '/a',
        init: { redirect: 'manual' },
        status: 301,
        headers: { location: 'http://test/a/' },
      },
    ],
  ],
  [
    'exceptions, and what nothing matches',
    app((hono) =>
      hono
        .onError((error, c) =>
          error instanceof HTTPException ? error.getResponse() : c.text(error.message, 500),
        )
        .notFound((c) => c.text('nothing here', 404))
        .get('/teapot', () => {
          throw new HTTPException(418, { message: 'short and stout' });
        })
        .get('/broken', () => {
          throw new Error('broken');
        }),
    ),
    [
      { path: '/teapot', status: 418, body: 'short and stout' },
      { path: '/broken', status: 500, body: 'broken' },
      { path: '/x', status: 404, body: 'nothing here' },
    ],
  ],
  [
    'bodies of every kind',
    app((hono) =>
      hono
        .post('/json', async (c) => c.json(await c.req.json()))
        .post('/blob', async (c) => c.body(await (await c.req.blob()).arrayBuffer()))
        .post('/form', async (c) => {
          const form = await c.req.parseBody({ all: true });
          const file = form['file'] as File;
          return c.json([form['a'], file.name, file.type, await file.text()]);
        })
        .on('PURGE', '/', hello),
    ),
    [
      { path: '/json', init: post('{"a":[1]}'), status: 200, body: '{"a":[1]}' },
      { path: '/blob', init: post('bytes'), status: 200, body: 'bytes' },
      {
        path: '/form',
        init: post(
          [
            '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1',
            '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n2',
            '--b\r\nContent-Disposition: form-data; name="file"; filename="f.css"\r\nContent-Type: text/css\r\n\r\np{}',
            '--b--\r\n',
          ].join('\r\n'),
          { 'content-type': 'multipart/form-data; boundary=b' },
        ),
        status: 200,
        body: '[["1","2"],"f.css","text/css","p{}"]',
      },
    ],
  ],
];

describe('middleware of Hono', () => {
  test.each(MIDDLEWARE)('%s answers as it does alone', (_name, makeApplication, rows) =>
    expectRows(makeApplication, rows),
  );

  test('etag: 304 for what the client has', () =>
    inMemory(new Hono().use(etag()).get('/', hello), async (server) => {
      const first = await server.fetch('http://test/');
      const tag = first.headers.get('etag') ?? '';
      const second = await server.fetch('http://test/', { headers: { 'if-none-match': tag } });
      expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([
        304,
        '',
        tag,
      ]);
    }));

  test('jwt: the payload of a signed token', async () => {
    const token = await sign({ sub: 'ada' }, SECRET);
    const hono = new Hono()
      .use(jwt({ secret: SECRET, alg: 'HS256' }))
      .get('/', (c) => c.json(c.get('jwtPayload')));
    await inMemory(hono, async (server) => {
      const headers = { authorization: `Bearer ${token}` };
      expect(await (await server.fetch('http://test/', { headers })).json()).toEqual({
        sub: 'ada',
      });
    });
  });

  test('body-limit: a body without a length is read to the limit, and no further', () =>
    inMemory(
      new Hono().use(bodyLimit({ maxSize: 10 })).post('/', async (c) => c.text(await c.req.text())),
      async (server, errors) => {
        const ask = (...pieces: readonly string[]) =>
          server.fetch('http://test/', streamed(...pieces));
        const short = await ask('01234', '56789');
        expect([short.status, await short.text()]).toEqual([200, '0123456789']);
        expect((await ask('01234', '56789', 'a')).status).toBe(413);
        expect(errors).toEqual([]);
      },
    ));

  test('timeout: 504 when the handler takes too long', () =>
    inMemory(
      new Hono().use(timeout(5)).get('/', async (c) => {
        await new Promise<void>((resolve) => {
          c.req.raw.signal.addEventListener('abort', () => resolve());
        });
        return c.text('never');
      }),
      async (server, errors) => {
        expect((await server.fetch('http://test/')).status).toBe(504);
        expect(errors).toEqual([]);
      },
    ));
});
