/** H3 and itty-router with what they bring along, behind `serve`: they answer as they do alone. */

import { describe, expect, test } from '@jest/globals';
import {
  basicAuth,
  bodyLimit,
  EventStream,
  getCookie,
  H3,
  handleCacheHeaders,
  handleCors,
  HTTPError,
  iterable,
  readBody,
  redirect,
  serveStatic,
  setCookie,
  updateSession,
  getSession,
} from 'h3';
import {
  AutoRouter,
  cors,
  error,
  html,
  json,
  StatusError,
  withContent,
  withCookies,
  type IRequest,
} from 'itty-router';
import type { FetchApplication } from '../../src/index.ts';
import { expectRows, inMemory, type Row } from '../support/fetch-side.ts';
import { simulated } from '../support/simulated.ts';

const post = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers,
  body,
});
const JSON_TYPE = { 'content-type': 'application/json' };
const preflight: RequestInit = {
  method: 'OPTIONS',
  headers: { origin: 'https://app.example', 'access-control-request-method': 'PUT' },
};
const h3 = (build: (app: H3) => unknown) => (): FetchApplication => {
  const app = new H3();
  build(app);
  return app;
};

const H3_ROWS: readonly (readonly [string, () => FetchApplication, readonly Row[]])[] = [
  [
    'bodies and errors',
    h3((app) =>
      app
        .post('/json', async (event) => ({ got: await readBody(event) }))
        .post('/form', async (event) => (await event.req.formData()).get('a'))
        .get('/teapot', () => {
          throw new HTTPError({ status: 418, message: 'short and stout' });
        })
        .get('/moved', () => redirect('/json'))
        .get('/none', () => null),
    ),
    [
      {
        path: '/json',
        init: post('{"a":1}', JSON_TYPE),
        status: 200,
        body: /"got":\s*\{\s*"a":\s*1/,
      },
      {
        path: '/form',
        init: post('a=1', { 'content-type': 'application/x-www-form-urlencoded' }),
        status: 200,
        body: '1',
      },
      { path: '/teapot', status: 418, body: /short and stout/ },
      { path: '/moved', init: { redirect: 'manual' }, status: 302, headers: { location: '/json' } },
      { path: '/x', status: 404 },
    ],
  ],
  [
    'cookies and cache headers',
    h3((app) =>
      app
        .get('/set', (event) => {
          setCookie(event, 'a', '1', { httpOnly: true });
          setCookie(event, 'b', '2');
          return 'set';
        })
        .get('/read', (event) => getCookie(event, 'b') ?? 'none')
        .get('/cached', (event) => {
          if (handleCacheHeaders(event, { etag: '"1"', maxAge: 60 })) return null;
          return 'fresh';
        }),
    ),
    [
      { path: '/set', status: 200, body: 'set' },
      { path: '/read', init: { headers: { cookie: 'a=1; b=2' } }, status: 200, body: '2' },
      { path: '/cached', status: 200, headers: { etag: '"1"' }, body: 'fresh' },
      { path: '/cached', init: { headers: { 'if-none-match': '"1"' } }, status: 304 },
    ],
  ],
  [
    'CORS',
    h3((app) =>
      app.use((event) => {
        const handled = handleCors(event, { origin: ['https://app.example'], methods: '*' });
        return handled === false ? undefined : handled;
      }),
    ),
    [{ init: preflight, status: 204, headers: { 'access-control-allow-origin': /app\.example/ } }],
  ],
  [
    'basic authentication',
    h3((app) => app.use(basicAuth({ username: 'ada', password: 'x' })).get('/', () => 'in')),
    [
      { status: 401, headers: { 'www-authenticate': /Basic/ } },
      { init: { headers: { authorization: `Basic ${btoa('ada:x')}` } }, status: 200, body: 'in' },
    ],
  ],
  [
    'a limit on bodies',
    h3((app) =>
      app.use(bodyLimit(10)).post('/', async (event) => String((await event.req.text()).length)),
    ),
    [
      { init: post('0123456789'), status: 200, body: '10' },
      { init: post('0123456789a'), status: 413 },
    ],
  ],
  [
    'iterables and static files',
    h3((app) =>
      app
        .get('/iterable', () =>
          iterable(function* () {
            yield 'one ';
            yield 'two';
          }),
        )
        .use('/files/**', (event) =>
          serveStatic(event, {
            getContents: (id) => `contents of ${id}`,
            getMeta: (id) =>
              id.includes('none') ? undefined : { size: 12 + id.length, type: 'text/plain' },
          }),
        ),
    ),
    [
      { path: '/iterable', status: 200, body: 'one two' },
      { path: '/files/a.txt', status: 200, body: 'contents of /files/a.txt' },
      { path: '/files/none', status: 404 },
    ],
  ],
];

const itty = (build: () => unknown) => (): FetchApplication => build() as FetchApplication;
const { preflight: before, corsify } = cors({ origin: 'https://app.example' });
const ITTY_ROWS: readonly (readonly [string, () => FetchApplication, readonly Row[]])[] = [
  [
    'routes, contents, cookies and errors',
    itty(() =>
      AutoRouter({ before: [withCookies] })
        .get('/json', () => ({ a: 1 }))
        .get('/html', () => html('<p>hi</p>'))
        .get('/made', () => json({ made: true }, { status: 201 }))
        .get('/cookie', ({ cookies }: IRequest) => (cookies as Record<string, string>)['a'])
        .post('/content', withContent, ({ content }: IRequest) => ({ content }))
        .get('/teapot', () => error(418, 'short and stout'))
        .get('/thrown', () => {
          throw new StatusError(409, 'twice');
        }),
    ),
    [
      { path: '/json', status: 200, body: '{"a":1}' },
      { path: '/html', status: 200, headers: { 'content-type': /^text\/html/ }, body: '<p>hi</p>' },
      { path: '/made', status: 201, body: '{"made":true}' },
      { path: '/cookie', init: { headers: { cookie: 'a=1; b=2' } }, status: 200 },
      {
        path: '/content',
        init: post('{"a":1}', JSON_TYPE),
        status: 200,
        body: '{"content":{"a":1}}',
      },
      { path: '/teapot', status: 418, body: /short and stout/ },
      { path: '/thrown', status: 409, body: /twice/ },
      { path: '/x', status: 404 },
    ],
  ],
  [
    'CORS',
    itty(() => AutoRouter({ before: [before], finally: [corsify] }).get('/', () => 'hello')),
    [
      { init: preflight, status: 204, headers: { 'access-control-allow-origin': /app\.example/ } },
      {
        init: { headers: { origin: 'https://app.example' } },
        status: 200,
        headers: { 'access-control-allow-origin': 'https://app.example' },
      },
    ],
  ],
];

describe('H3', () => {
  test.each(H3_ROWS)('%s', (_name, makeApplication, rows) => expectRows(makeApplication, rows));

  test('a session is kept in a sealed cookie', () => {
    const config = { password: 'a password of at least thirty-two characters', name: 's' };
    const app = new H3()
      .get('/in', async (event) => {
        await updateSession(event, config, { user: 'ada' });
        return 'in';
      })
      .get('/who', async (event) => (await getSession(event, config)).data);
    return inMemory(app, async (server, errors) => {
      const first = await server.fetch('http://test/in');
      const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      const second = await server.fetch('http://test/who', { headers: { cookie } });
      expect(await second.json()).toEqual({ user: 'ada' });
      expect(errors).toEqual([]);
    });
  });

  test.each(['FIN', 'RST'])('an event stream is closed when its client leaves by %s', (how) =>
    simulated(async (world) => {
      const seen: string[] = [];
      const app = new H3().get('/', (event) => {
        const stream = new EventStream(event);
        stream.onClosed(() => {
          seen.push('closed');
        });
        void stream.push('hello');
        return stream;
      });
      const server = await world.serve(app);
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await wire.stream.readUntil('data: hello\n\n');
      if (how === 'FIN') await wire.finish();
      else wire.stream.reset();
      await world.sleep(15_000);
      expect(seen).toEqual(['closed']);
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([]);
    }),
  );
});

describe('itty-router', () => {
  test.each(ITTY_ROWS)('%s', (_name, makeApplication, rows) => expectRows(makeApplication, rows));
});
