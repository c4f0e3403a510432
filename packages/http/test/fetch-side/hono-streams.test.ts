/** What Hono streams, serves from files and goes on with: behind `serve`, with clients that stay and clients that leave. */

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { Hono, type Context } from 'hono';
import { compress as honoCompress } from 'hono/compress';
import { proxy } from 'hono/proxy';
import { serveStatic } from 'hono/serve-static';
import { stream, streamSSE, streamText } from 'hono/streaming';
import { compress, fetchHandler, staticFiles } from '../../src/batteries/index.ts';
import { serve, type FetchInfo } from '../../src/index.ts';
import { inMemory } from '../support/fetch-side.ts';
import { simulated } from '../support/simulated.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('a stream of Hono', () => {
  test.each<[string, (c: Context) => Response, string]>([
    [
      'stream()',
      (c) =>
        stream(c, async (out) => {
          await out.write(Buffer.from('one '));
          await out.pipe(new Blob(['two ']).stream());
          await out.write('three');
        }),
      'one two three',
    ],
    [
      'streamText()',
      (c) =>
        streamText(c, async (out) => {
          await out.writeln('one');
          await out.write('two');
        }),
      'one\ntwo',
    ],
    [
      'streamSSE()',
      (c) =>
        streamSSE(c, async (out) => {
          await out.writeSSE({ data: 'one\ntwo', event: 'tick', id: '1' });
        }),
      'event: tick\ndata: one\ndata: two\nid: 1\n\n',
    ],
    [
      'c.body() of a ReadableStream',
      (c) => c.body(new Blob(['a whole ', 'blob']).stream()),
      'a whole blob',
    ],
  ])('%s arrives whole', (_name, handler, expected) =>
    inMemory(new Hono().get('/', handler), async (server, errors) => {
      expect(await (await server.fetch('http://test/')).text()).toBe(expected);
      expect(errors).toEqual([]);
    }),
  );

  test('that fails in its middle reports to its own handler, and ends', () =>
    inMemory(
      new Hono().get('/', (c) =>
        streamText(
          c,
          async (out) => {
            await out.write('one ');
            throw new Error('lost');
          },
          async (error, out) => {
            await out.write(`(${error.message})`);
          },
        ),
      ),
      async (server, errors) => {
        expect(await (await server.fetch('http://test/')).text()).toBe('one (lost)');
        expect(errors).toEqual([]);
      },
    ));

  test('is as far ahead as the client reads', () =>
    inMemory(
      new Hono().get('/', (c) =>
        stream(c, async (out) => {
          for (let n = 0; n < 200; n += 1) {
            await out.write(new Uint8Array(10_000));
            written += 10_000;
          }
        }),
      ),
      async (server) => {
        written = 0;
        const answer = await server.fetch('http://test/');
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        expect(written).toBeLessThan(2_000_000);
        expect((await answer.arrayBuffer()).byteLength).toBe(2_000_000);
      },
    ));
  let written = 0;

  test.each(['FIN', 'RST'])(
    'is aborted, with c.req.raw.signal, when the client leaves by %s',
    (how) =>
      simulated(async (world) => {
        const seen: string[] = [];
        const hono = new Hono().get('/', (c) => {
          c.req.raw.signal.addEventListener('abort', () => seen.push('signal'));
          return stream(c, async (out) => {
            out.onAbort(() => {
              seen.push('onAbort');
            });
            await out.write('begun');
            while (!out.aborted) await world.sleep(1_000);
          });
        });
        const server = await world.serve(hono);
        const wire = await world.connect();
        await wire.send(GET);
        await wire.stream.readUntil('begun');
        expect(seen).toEqual([]);
        if (how === 'FIN') await wire.finish();
        else wire.stream.reset();
        await world.sleep(15_000);
        expect(seen.toSorted()).toEqual(['onAbort', 'signal']);
        expect(server.statistics().connections.open).toBe(0);
        expect(world.errors).toEqual([]);
      }),
  );

  test.each(['the client leaves by FIN', 'the server drains'])(
    'without a word ends at once, if its signals say so, when %s',
    (how) =>
      simulated(async (world) => {
        const ends: string[] = [];
        const hono = new Hono<{ Bindings: FetchInfo }>().get('/', (c) =>
          streamSSE(c, async (out) => {
            const { drainSignal } = c.env.context;
            const end = (): void => out.abort();
            c.req.raw.signal.addEventListener('abort', end);
            drainSignal.addEventListener('abort', end);
            const ended = new Promise<void>((resolve) => out.onAbort(resolve));
            await out.writeSSE({ data: 'begun' });
            await ended;
            ends.push(how);
            drainSignal.removeEventListener('abort', end);
          }),
        );
        const server = await world.serve(hono);
        const wire = await world.connect();
        await wire.send(GET);
        await wire.stream.readUntil('begun\n\n');
        await world.sleep(1_000);
        expect(ends).toEqual([]);
        if (how === 'the server drains') void server.shutdown({ grace: 60_000 });
        else await wire.finish();
        // Without its signals: after `grace`, and after `deadlines.halfClosed`.
        await world.sleep(500);
        expect(ends).toHaveLength(1);
        expect(await wire.rest()).toMatch(/\r\n0\r\n\r\n$/);
        expect(world.errors).toEqual([]);
      }),
  );

  test('is compressed by Hono, and by compress() around the application', async () => {
    const hono = (): Hono => new Hono().get('/', (c) => c.text('again and again '.repeat(500)));
    const headers = { 'accept-encoding': 'gzip' };
    const expected = 'again and again '.repeat(500);
    for (const application of [
      hono().use(honoCompress()),
      new Hono().use(honoCompress()).route('/', hono()),
    ]) {
      await inMemory(application, async (server) => {
        const answer = await server.fetch('http://test/', { headers });
        const bytes = Buffer.from(await answer.arrayBuffer());
        const isCoded = answer.headers.get('content-encoding') === 'gzip';
        expect((isCoded ? gunzipSync(bytes) : bytes).toString()).toBe(expected);
      });
    }
    const around = compress(fetchHandler(hono()));
    const server = await serve(around, { listener: new MemoryListener() });
    const answer = await server.fetch('http://test/', { headers });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()).toBe(expected);
    await server.shutdown();
  });
});

describe('files and other servers', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awaitio-hono-'));
    await writeFile(join(folder, 'a.txt'), 'a file');
    await writeFile(join(folder, 'index.html'), '<p>index</p>');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('serveStatic of Hono serves files', () =>
    inMemory(
      new Hono().use(
        '/static/*',
        serveStatic({
          root: folder,
          join,
          rewriteRequestPath: (path) => path.replace(/^\/static/, ''),
          getContent: (path) => readFile(path).catch(() => null),
          isDir: async (path) => (await stat(path).catch(() => undefined))?.isDirectory(),
        }),
      ),
      async (server, errors) => {
        const answer = await server.fetch('http://test/static/a.txt');
        expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
          200,
          'text/plain; charset=utf-8',
          'a file',
        ]);
        expect(await (await server.fetch('http://test/static/')).text()).toBe('<p>index</p>');
        expect((await server.fetch('http://test/static/none')).status).toBe(404);
        expect(errors).toEqual([]);
      },
    ));

  test('staticFiles serves files with ranges, and passes the rest to the application', async () => {
    const hono = new Hono().get('/api', (c) => c.json({ api: true }));
    const handler = staticFiles(folder, { notFound: fetchHandler(hono) });
    const server = await serve(handler, { listener: new MemoryListener() });
    const part = await server.fetch('http://test/a.txt', { headers: { range: 'bytes=2-' } });
    expect([part.status, await part.text()]).toEqual([206, 'file']);
    expect(await (await server.fetch('http://test/api')).json()).toEqual({ api: true });
    expect((await server.fetch('http://test/none')).status).toBe(404);
    await server.shutdown();
  });

  test('proxy() passes requests and responses on, streamed both ways', () =>
    inMemory(
      new Hono().post('/', async (c) => c.text((await c.req.text()).toUpperCase(), 201)),
      (upstream) =>
        inMemory(
          new Hono().all('*', (c) =>
            proxy('http://upstream/', {
              raw: c.req.raw,
              customFetch: (request) => upstream.fetch(request),
            }),
          ),
          async (server, errors) => {
            const answer = await server.fetch('http://test/', { method: 'POST', body: 'quiet' });
            expect([answer.status, await answer.text()]).toEqual([201, 'QUIET']);
            expect(errors).toEqual([]);
          },
        ),
    ));
});
