/** Every middleware of Hono that has something to do on Node, behind `serve`: it answers as it does alone. */

import { describe, expect, test } from '@jest/globals';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { etag } from 'hono/etag';
import { jwt, sign } from 'hono/jwt';
import { timeout } from 'hono/timeout';
import { expectRows, inMemory } from '../support/fetch-side.ts';
import { ANSWERS } from './hono-answers.ts';
import { hello, SECRET } from './hono-apps.ts';
import { GUARDS } from './hono-guards.ts';

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

describe('middleware of Hono', () => {
  test.each([...GUARDS, ...ANSWERS])(
    '%s answers as it does alone',
    (_name, makeApplication, rows) => expectRows(makeApplication, rows),
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
