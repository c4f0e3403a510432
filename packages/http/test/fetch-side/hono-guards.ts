/** The middleware of Hono that looks at a request, and may refuse it. */

import { basicAuth } from 'hono/basic-auth';
import { bearerAuth } from 'hono/bearer-auth';
import { bodyLimit } from 'hono/body-limit';
import { every, some } from 'hono/combine';
import { deleteCookie, getCookie, getSignedCookie, setCookie, setSignedCookie } from 'hono/cookie';
import { cors } from 'hono/cors';
import { csrf } from 'hono/csrf';
import { ipRestriction } from 'hono/ip-restriction';
import { jwt } from 'hono/jwt';
import { methodOverride } from 'hono/method-override';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { endTime, startTime, timing } from 'hono/timing';
import type { FetchInfo } from '../../src/index.ts';
import { hello, app, post, basic, SECRET, type Rows } from './hono-apps.ts';

export const GUARDS: Rows = [
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
      hono.use(jwt({ secret: SECRET, alg: 'HS256' })).get('/', (c) => c.json(c.get('jwtPayload'))),
    ),
    [{ status: 401, headers: { 'www-authenticate': /Bearer/ } }],
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
];
