/** What docs/fetch.md says of this server, beside Deno.serve, Bun.serve and @hono/node-server: a test for each row. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { serve, type FetchApplication, type FetchInfo } from '../../src/index.ts';
import { inMemory } from '../support/fetch-side.ts';
import { reportOf } from '../support/report-of.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { WireResponse } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** The response to one request as it stands on the wire, and what was reported. */
async function ask(
  application: FetchApplication['fetch'],
  request: string,
  use: (response: WireResponse, world: World) => Promise<void> | void,
): Promise<void> {
  await simulated(async (world) => {
    await world.serve({ fetch: application });
    const wire = await world.connect();
    await wire.send(request);
    await use(await wire.response(request.slice(0, request.indexOf(' '))), world);
  });
}
const urlOf = (request: Request): Response => new Response(request.url);

const ROWS: Readonly<Record<string, () => Promise<void>>> = {
  'where it listens by default': async () => {
    const server = await serve({ fetch: () => new Response('hi') });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    await server.shutdown();
  },
  'the second argument': () =>
    inMemory(
      {
        fetch: (_request, info: FetchInfo) =>
          Response.json([typeof info.remoteAddress, info.request.path, info.context.isDraining]),
      },
      async (server) => {
        const answer = await server.fetch('http://test/a');
        expect(await answer.json()).toEqual(['string', '/a', false]);
      },
    ),
  'the third argument': async () => {
    let isDone = false;
    const work = (): Promise<void> =>
      new Promise((resolve) => {
        setImmediate(() => {
          isDone = true;
          resolve();
        });
      });
    await inMemory(
      {
        fetch: (_request, _info, context) => {
          context.passThroughOnException();
          context.waitUntil(work());
          return Response.json(context.props);
        },
      },
      async (server) => {
        expect(await (await server.fetch('http://test/')).json()).toEqual({});
      },
    );
    expect(isDone).toBe(true);
  },
  'an absolute target': () =>
    ask(urlOf, GET.replace('/', 'http://other/b'), ({ body }) => {
      expect(body).toBe('http://other/b');
    }),
  '`X-Forwarded-Host`': () =>
    ask(urlOf, GET.replace('\r\n\r\n', '\r\nX-Forwarded-Host: b\r\n\r\n'), ({ body }) => {
      expect(body).toBe('http://a/');
    }),
  '`Host: a:99999`': () =>
    ask(urlOf, GET.replace('Host: a', 'Host: a:99999'), ({ status }, { errors }) => {
      expect([status, errors]).toEqual([400, []]);
    }),
  'a request of HTTP/1.1 without `Host`': () =>
    ask(urlOf, 'GET / HTTP/1.1\r\n\r\n', ({ status }) => {
      expect(status).toBe(400);
    }),
  'the method `TRACE`': () =>
    ask(urlOf, GET.replace('GET', 'TRACE'), ({ status }, { errors }) => {
      expect([status, errors]).toEqual([501, []]);
    }),
  '`fetch` throws': () =>
    ask(
      () => {
        throw new Error('a secret');
      },
      GET,
      ({ status, body }, { errors }) => {
        expect([status, body]).toEqual([500, 'The server failed to answer.\n']);
        expect(errors).toEqual([expect.objectContaining({ message: 'a secret' })]);
      },
    ),
  '`fetch` returns nothing': () =>
    ask((() => undefined) as never, GET, ({ status }, { errors }) => {
      expect(status).toBe(500);
      expect(String(errors[0])).toContain('expected fetch to return a Response, got nothing');
    }),
  'a `Response` that was sent before': () => {
    const once = new Response('once');
    return inMemory({ fetch: () => once }, async (server, errors) => {
      expect((await server.fetch('http://test/')).status).toBe(200);
      expect((await server.fetch('http://test/')).status).toBe(500);
      expect(errors).toEqual([expect.objectContaining({ code: 'ERR_BODY_USED' })]);
    });
  },
  'the length of a text': () =>
    ask(
      () => new Response('hello'),
      GET,
      ({ get }) => {
        expect([get('content-length'), get('transfer-encoding')]).toEqual(['5', undefined]);
      },
    ),
  'a `Content-Length` that the body does not have': () =>
    ask(
      () => new Response('hello', { headers: { 'content-length': '9' } }),
      GET,
      ({ status }, { errors }) => {
        expect(status).toBe(500);
        expect(errors).toHaveLength(1);
      },
    ),
  'the length in a response to `HEAD`': () =>
    ask(
      () => new Response('hello'),
      GET.replace('GET', 'HEAD'),
      ({ status, get }) => {
        expect([status, get('content-length')]).toEqual([200, undefined]);
      },
    ),
  '`request.signal` behind a complete response': () => {
    let signal: AbortSignal | undefined;
    return ask(
      (request) => {
        ({ signal } = request);
        return new Response('whole');
      },
      GET,
      async (_response, world) => {
        await world.sleep(1_000);
        expect(signal?.aborted).toBe(false);
      },
    );
  },
  'the client leaves a quiet stream by FIN': () =>
    simulated(async (world) => {
      const seen: [string, number][] = [];
      await world.serve({
        fetch: (request) => {
          request.signal.addEventListener('abort', () => seen.push(['signal', world.now]));
          return new Response(
            new ReadableStream({ cancel: () => void seen.push(['cancel', world.now]) }),
          );
        },
      });
      const wire = await world.connect();
      await wire.send(GET);
      await wire.head();
      const since = world.now;
      await wire.finish();
      await world.sleep(20_000);
      expect(seen.map(([what]) => what)).toEqual(['signal', 'cancel']);
      expect((seen[0]?.[1] ?? 0) - since).toBeLessThan(10);
      expect((seen[1]?.[1] ?? 0) - since).toBeGreaterThanOrEqual(10_000);
    }),
  'a form': () =>
    inMemory(
      { fetch: async (request) => Response.json([...(await request.formData()).keys()]) },
      async (server) => {
        const headers = { 'content-type': 'multipart/form-data; boundary=b' };
        const part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n';
        const post = (body: string): Promise<Response> =>
          server.fetch('http://test/', { method: 'POST', headers, body });
        expect((await post(`${part}--b--`)).status).toBe(200);
        expect((await post(`${part.repeat(1_001)}--b--`)).status).toBe(413);
        expect((await post(part.replace('--b', '--bx'))).status).toBe(400);
      },
    ),
  'the globals `Request` and `Response`': async () => {
    const { Request: before, Response: answer } = globalThis;
    await inMemory(
      { fetch: (request) => Response.json(request instanceof Request) },
      async (server) => {
        expect(await (await server.fetch('http://test/')).json()).toBe(true);
      },
    );
    expect([globalThis.Request, globalThis.Response]).toEqual([before, answer]);
  },
  stopping: async () => {
    const server = await serve({ fetch: () => new Response('hi') });
    expect(await server.shutdown()).toEqual(reportOf({}));
  },
};

describe('beside other servers', () => {
  test.each(Object.entries(ROWS))('%s', (_title, row) => expect(row()).resolves.toBeUndefined());

  test('the page has these rows, in this order', () => {
    const page = readFileSync(new URL('../../../../docs/fetch.md', import.meta.url), 'utf8');
    const table = page.slice(page.indexOf('| what happens'));
    const titles = [...table.matchAll(/^\| (.*?) +\|/gm)].map(([, title = '']) => title.trim());
    expect(titles.slice(2)).toEqual(Object.keys(ROWS));
  });
});

test('the default export of a module for Bun, Deno or Workers is served as it is', async () => {
  const module = {
    default: {
      port: 3000,
      answer: 'from this',
      fetch(request: Request) {
        return new Response(`${this.answer}: ${new URL(request.url).pathname}`);
      },
    },
  };
  await inMemory(module.default, async (server) => {
    expect(await (await server.fetch('http://test/a')).text()).toBe('from this: /a');
  });
});
