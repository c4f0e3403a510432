import { AsyncLocalStorage } from 'node:async_hooks';
import zlib from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { compress, type CompressOptions } from '../../src/batteries/index.ts';
import {
  HttpClient,
  HttpProblem,
  HttpResponse,
  serve,
  type Handler,
  type ResponseInit,
} from '../../src/index.ts';
import { ask, gzipped, LONG, stream } from '../support/ask.ts';
import { hasZstd } from '../support/zstd.ts';

const answering = (text: string, init?: ResponseInit, options?: CompressOptions): Handler =>
  compress(() => HttpResponse.text(text, init), options);

async function* inPieces(...pieces: readonly (string | Uint8Array)[]) {
  yield* pieces;
}

describe('a response that is compressed', () => {
  test.each<[string, string]>([
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0.5, gzip', 'gzip'],
    ...(hasZstd ? ([['zstd', 'zstd']] as [string, string][]) : []),
  ])('is, to a client that accepts %s, in %s', async (accepted, coding) => {
    const answer = await ask(answering(LONG), { headers: { 'Accept-Encoding': accepted } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-encoding')).toBe(coding);
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    expect(answer.headers.get('content-length')).toBe(String(answer.bytes.length));
    expect(answer.bytes.length).toBeLessThan(LONG.length / 5);
    expect(answer.text).toBe(LONG);
  });

  test.each<[string, () => HttpResponse]>([
    ['a text', () => HttpResponse.text(LONG)],
    ['a text beyond ASCII', () => HttpResponse.text(LONG.replaceAll('a', 'ä'))],
    ['JSON', () => HttpResponse.json({ text: LONG })],
    [
      'bytes',
      () => new HttpResponse(Buffer.from(LONG), { headers: { 'Content-Type': 'text/css' } }),
    ],
    ['a generator', () => stream(inPieces('again ', Buffer.from('and '), '', LONG))],
    ['a generator of nothing', () => stream(inPieces())],
    ['a list', () => stream(['again ', LONG])],
    ['a web stream', () => stream(new Blob([LONG]).stream() as ReadableStream<Uint8Array>)],
    ['a body of an announced length', () => stream(['again', LONG], { length: 5 + LONG.length })],
    ['a text of 3 MiB', () => HttpResponse.text('0123456789abcdef'.repeat(196_608))],
    ['an error', () => HttpResponse.text(LONG, { status: 500 })],
    ['a problem', () => HttpResponse.problem(new HttpProblem(400, { detail: LONG }))],
  ])('may be %s', async (_what, make) => {
    const plain = await ask(make);
    for (const coding of ['br', 'gzip', ...(hasZstd ? ['zstd'] : [])]) {
      const answer = await ask(compress(make), { headers: { 'Accept-Encoding': coding } });
      expect(answer.headers.get('content-encoding')).toBe(coding);
      expect([answer.status, answer.text, answer.errors]).toEqual([plain.status, plain.text, []]);
      expect(answer.headers.get('content-type')).toBe(plain.headers.get('content-type'));
    }
  });

  test('may come from a handler that takes its time', async () => {
    const handler = compress(async (request) => HttpResponse.text(LONG + (await request.text())));
    expect((await ask(handler, gzipped)).text).toBe(LONG);
  });

  test('keeps its status, reason, other fields, trailers and close', async () => {
    const handler = compress(() =>
      stream([LONG], {
        status: 203,
        reason: 'Changed',
        headers: [
          ['X-A', '1'],
          ['X-A', '2'],
          ['Content-Type', 'text/plain'],
        ],
        trailers: () => ({ 'X-Sum': 'after' }),
        close: true,
      }),
    );
    const listener = new MemoryListener();
    const server = await serve(handler, { listener });
    const client = new HttpClient({ connect: () => listener.connect(), decompress: false });
    const response = await client.get('http://memory/', gzipped);
    expect([response.status, response.reason]).toEqual([203, 'Changed']);
    expect(response.headers.getAll('x-a')).toEqual(['1', '2']);
    expect(response.headers.get('connection')).toBe('close');
    expect(zlib.gunzipSync(await response.bytes()).toString()).toBe(LONG);
    expect(response.trailers?.get('x-sum')).toBe('after');
    await client.close();
    await server.shutdown();
  });

  test.each([
    ['compressed', gzipped],
    ['left as it is', {}],
  ])('is produced in the context in which it was made, %s', async (_how, asking) => {
    const store = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    async function* body(): AsyncGenerator<string> {
      for (let at = 0; at < 3; at += 1) {
        seen.push(store.getStore());
        yield LONG;
        await Promise.resolve();
      }
    }
    const trailers = (): Record<string, string> => {
      seen.push(store.getStore());
      return {};
    };
    const handler = compress(() =>
      store.run('the request', async () => stream(body(), { trailers })),
    );
    await ask(handler, asking);
    expect(seen).toEqual(Array.from({ length: 4 }, () => 'the request'));
  });

  test('is held to the length that was announced', async () => {
    const errors: unknown[] = [];
    const listener = new MemoryListener();
    const server = await serve(
      compress(() => stream([LONG], { length: LONG.length + 1 })),
      { listener, onError: (error) => errors.push(error) },
    );
    const client = new HttpClient({ connect: () => listener.connect(), decompress: false });
    // A status, unless zlib has taken so long that the head was sent: never a whole response.
    const outcome = client
      .get('http://memory/', gzipped)
      .then(async (response) => (await response.bytes()) && response.status);
    expect([500, 'cut']).toContain(await outcome.catch(() => 'cut'));
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_HTTP_BODY_TOO_SHORT' })]);
    await client.close();
    await server.shutdown();
  });

  test('has a weak entity tag, and no ranges', async () => {
    const headers = { ETag: '"a"', 'Accept-Ranges': 'bytes', Vary: 'Origin' };
    const answer = await ask(answering(LONG, { headers }), gzipped);
    expect(answer.headers.get('etag')).toBe('W/"a"');
    expect(answer.headers.get('accept-ranges')).toBeNull();
    expect(answer.headers.get('vary')).toBe('Origin, Accept-Encoding');
    const weak = await ask(answering(LONG, { headers: { ETag: 'W/"a"' } }), gzipped);
    expect(weak.headers.get('etag')).toBe('W/"a"');
  });

  test('is said by its head alone to HEAD, and its source is closed', async () => {
    const closed: string[] = [];
    const body: Iterator<string> = {
      next: () => ({ done: false, value: LONG }),
      return: () => {
        closed.push('x');
        return { done: true, value: undefined };
      },
    };
    const handler = compress((request) =>
      request.headers.has('x-stream')
        ? stream({ [Symbol.iterator]: () => body })
        : HttpResponse.text(LONG),
    );
    for (const extra of [{}, { 'X-Stream': '1' }]) {
      const headers = { 'Accept-Encoding': 'gzip', ...extra };
      const answer = await ask(handler, { method: 'HEAD', headers });
      expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      expect(answer.headers.get('content-length')).toBeNull();
      expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    }
    expect(closed).toEqual(['x']);
  });
});
