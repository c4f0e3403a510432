/** What a client does wrong is answered with its status by frameworks as well, which handle the errors of their handlers themselves. */
import { describe, expect, jest, test } from '@jest/globals';
import { H3 } from 'h3';
import { Hono } from 'hono';
import { AutoRouter, type IRequest } from 'itty-router';
import type { FetchApplication, FetchInfo } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

/** Reads a body by its path, or upgrades. */
async function read(request: Request, info: FetchInfo): Promise<string> {
  const { pathname } = new URL(request.url);
  if (pathname === '/text') return request.text();
  if (pathname === '/form') return String([...(await request.formData())].length);
  await info.context.upgrade({ headers: { Upgrade: 'chat' } });
  return 'upgraded';
}

const applications: readonly (readonly [string, () => FetchApplication])[] = [
  [
    'Hono',
    () =>
      new Hono<{ Bindings: FetchInfo }>().all('*', async (c) =>
        c.text(await read(c.req.raw, c.env)),
      ),
  ],
  [
    'H3',
    () => {
      // H3 gives its handlers the request alone.
      const infos = new WeakMap<Request, FetchInfo>();
      const app = new H3({ silent: true }).all('/**', (event) => {
        const request = event.req as unknown as Request;
        return read(request, infos.get(request) as FetchInfo);
      });
      return {
        fetch: (request, info) => {
          infos.set(request, info);
          return app.fetch(request);
        },
      };
    },
  ],
  [
    'itty-router',
    () => {
      const router = AutoRouter();
      router.all('*', (request: IRequest, info: FetchInfo) => read(request, info));
      return router;
    },
  ],
];

const CHUNKED = 'Transfer-Encoding: chunked\r\n';

describe.each(applications)('%s', (_name, make) => {
  test.each([
    ['a chunk that is none', 'POST /text', `${CHUNKED}\r\nx\r\n`, 400],
    ['a body beyond the limit', 'POST /text', `${CHUNKED}\r\n7\r\n1234567\r\n`, 413],
    [
      'what is no form',
      'POST /form',
      'Content-Type: text/plain\r\nContent-Length: 1\r\n\r\na',
      415,
    ],
    [
      'a malformed form',
      'POST /form',
      'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 3\r\n\r\n--x',
      400,
    ],
    ['an upgrade that it does not propose', 'GET /lines', '\r\n', 426],
  ])('answers %s with its status', async (_what, line, rest, status) => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await simulated(async (world) => {
        await world.serve(make(), { limits: { bodyBytes: 5 } });
        const wire = await world.connect();
        await wire.send(`${line} HTTP/1.1\r\nHost: a\r\n${rest}`);
        expect(await wire.head()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
        await wire.close();
        expect(world.errors).toEqual([]);
        expect(log).not.toHaveBeenCalled();
      });
    } finally {
      log.mockRestore();
    }
  });
});
