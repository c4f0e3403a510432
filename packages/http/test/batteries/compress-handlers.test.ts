import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  compress,
  fetchHandler,
  staticFiles,
  type CompressOptions,
  type ContentCoding,
} from '../../src/batteries/index.ts';
import { HttpResponse, type Handler, type ResponseInit } from '../../src/index.ts';
import { ask, gzipped, LONG } from '../support/ask.ts';
import { hasZstd } from '../support/zstd.ts';

const answering = (text: string, init?: ResponseInit, options?: CompressOptions): Handler =>
  compress(() => HttpResponse.text(text, init), options);

describe('the options of compress', () => {
  test('say which codings are offered, and which is preferred', async () => {
    const all = { headers: { 'Accept-Encoding': 'gzip, br' } };
    for (const codings of [['gzip', 'br'], ['gzip'], ['br', 'gzip']] as ContentCoding[][]) {
      const answer = await ask(answering(LONG, {}, { codings }), all);
      expect(answer.headers.get('content-encoding')).toBe(codings[0]);
    }
    const zstd = await ask(answering(LONG, {}, { codings: ['zstd'] }), {
      headers: { 'Accept-Encoding': 'zstd, gzip' },
    });
    expect(zstd.headers.get('content-encoding')).toBe(hasZstd ? 'zstd' : null);
    expect(zstd.text).toBe(LONG);
  });

  test('say which types are compressed', async () => {
    const types = ['image/x-mine', 'audio/*', '+cbor'];
    const rows: [string, boolean][] = [
      ['image/x-mine', true],
      ['IMAGE/X-Mine; a=b', true],
      ['image/x-mine2', false],
      ['audio/midi', true],
      ['audio', false],
      ['application/geo+cbor', true],
      ['application/cbor', false],
      ['text/plain', false],
    ];
    for (const [type, isCoded] of rows) {
      const answer = await ask(
        answering(LONG, { headers: { 'Content-Type': type } }, { types }),
        gzipped,
      );
      expect([type, answer.headers.has('content-encoding')]).toEqual([type, isCoded]);
    }
  });

  test('say from which length on', async () => {
    const four = await ask(answering('aaaa'.repeat(100), {}, { threshold: 400 }), gzipped);
    expect(four.headers.get('content-encoding')).toBe('gzip');
    const more = await ask(answering('aaaa'.repeat(100), {}, { threshold: 401 }), gzipped);
    expect(more.headers.get('content-encoding')).toBeNull();
    const empty = await ask(answering('', {}, { threshold: 0 }), gzipped);
    expect(empty.headers.get('content-encoding')).toBeNull();
  });

  test('say how hard each coding tries', async () => {
    const names = ['price', 'part', 'colour', 'weight', 'catalogue', 'number', 'in stock'];
    const words = Array.from(
      { length: 5_000 },
      (_, at) => `${names[(at * at) % 7]}: ${((at * 7_919) % 997) * ((at * 31) % 11)},`,
    );
    const body = words.join(' ');
    for (const [coding, low, high] of [
      ['gzip', 1, 9],
      ['br', 0, 11],
      ['zstd', 1, 19],
    ] as const) {
      if (coding === 'zstd' && !hasZstd) continue;
      const accepting = { headers: { 'Accept-Encoding': coding } };
      const fast = await ask(answering(body, {}, { levels: { [coding]: low } }), accepting);
      const small = await ask(answering(body, {}, { levels: { [coding]: high } }), accepting);
      expect(small.bytes.length).toBeLessThan(fast.bytes.length);
      expect([fast.text, small.text]).toEqual([body, body]);
    }
  });
});

describe('compress around staticFiles', () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'awaitio-compress-'));
    await writeFile(join(root, 'index.html'), `<h1>${LONG}</h1>`);
  });
  afterAll(() => rm(root, { recursive: true }));

  test('compresses, and answers conditions by the weakened tag', async () => {
    const handler = compress(staticFiles(root));
    const first = await ask(handler, gzipped);
    const etag = first.headers.get('etag') as string;
    expect(first.text).toBe(`<h1>${LONG}</h1>`);
    expect(etag).toMatch(/^W\/"/);
    for (const tag of [etag, etag.slice(2), `"other", ${etag}`]) {
      const again = await ask(handler, {
        headers: { 'Accept-Encoding': 'gzip', 'If-None-Match': tag },
      });
      expect([again.status, again.bytes.length]).toEqual([304, 0]);
      // The tag of the response that the client has (section 15.4.5).
      expect(again.headers.get('etag')).toBe(tag.startsWith('"o') ? etag : tag);
      expect(again.headers.get('vary')).toBe('Accept-Encoding');
    }
    const changed = await ask(handler, {
      headers: { 'Accept-Encoding': 'gzip', 'If-None-Match': 'W/"other"' },
    });
    expect(changed.status).toBe(200);
  });

  test('leaves ranges to what has no coding, and never joins the two', async () => {
    const handler = compress(staticFiles(root));
    const etag = (await ask(handler, gzipped)).headers.get('etag') as string;
    const headers = { 'Accept-Encoding': 'gzip', Range: 'bytes=0-3' };
    const part = await ask(handler, { headers });
    expect([part.status, part.text]).toEqual([206, '<h1>']);
    expect(part.headers.get('vary')).toBe('Accept-Encoding');
    const whole = await ask(handler, { headers: { ...headers, 'If-Range': etag } });
    expect([whole.status, whole.headers.get('content-encoding')]).toEqual([200, 'gzip']);
    const failed = await ask(handler, { headers: { ...gzipped.headers, 'If-Match': etag } });
    expect(failed.status).toBe(412);
  });

  test('says to HEAD what it says to GET', async () => {
    const handler = compress(staticFiles(root));
    const get = await ask(handler, gzipped);
    const head = await ask(handler, { method: 'HEAD', ...gzipped });
    for (const name of ['content-encoding', 'content-type', 'etag', 'last-modified', 'vary']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    expect(head.headers.get('content-length')).toBeNull();
  });
});

describe('compress around an application of fetch', () => {
  test('compresses its responses, and leaves those that it has compressed', async () => {
    const handler = compress(
      fetchHandler({
        fetch: (request) => {
          if (!request.headers.has('x-own')) return Response.json({ text: LONG });
          const headers = { 'content-encoding': 'gzip', 'content-type': 'text/plain' };
          return new Response(zlib.gzipSync(LONG), { headers });
        },
      }),
    );
    const answer = await ask(handler, gzipped);
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(JSON.parse(answer.text)).toEqual({ text: LONG });
    const own = await ask(handler, { headers: { ...gzipped.headers, 'X-Own': '1' } });
    expect([own.headers.getAll('content-encoding'), own.text]).toEqual([['gzip'], LONG]);
  });
});
