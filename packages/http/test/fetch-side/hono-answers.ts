/** The middleware and helpers of Hono that make or change a response. */

import { accepts } from 'hono/accepts';
import { compress } from 'hono/compress';
import { contextStorage, getContext } from 'hono/context-storage';
import { etag } from 'hono/etag';
import { html } from 'hono/html';
import { HTTPException } from 'hono/http-exception';
import { languageDetector } from 'hono/language';
import { logger } from 'hono/logger';
import { poweredBy } from 'hono/powered-by';
import { prettyJSON } from 'hono/pretty-json';
import { appendTrailingSlash, trimTrailingSlash } from 'hono/trailing-slash';
import { hello, app, post, LONG, type Rows } from './hono-apps.ts';

export const ANSWERS: Rows = [
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
    'language',
    app((hono) =>
      hono
        .use(languageDetector({ supportedLanguages: ['en', 'de'], fallbackLanguage: 'en' }))
        .get('/', (c) => c.text(c.get('language'))),
    ),
    [{ init: { headers: { 'accept-language': 'de' } }, status: 200, body: 'de' }],
  ],
  [
    'logger',
    app((hono) => hono.use(logger(() => {})).get('/', hello)),
    [{ status: 200, body: 'hello' }],
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
