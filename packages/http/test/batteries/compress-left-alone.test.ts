import zlib from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { compress, type CompressOptions } from '../../src/batteries/index.ts';
import { HttpResponse, type Handler, type ResponseInit } from '../../src/index.ts';
import { ask, gzipped, LONG, stream, type Asking } from '../support/ask.ts';

const answering = (text: string, init?: ResponseInit, options?: CompressOptions): Handler =>
  compress(() => HttpResponse.text(text, init), options);

const text = (headers: Record<string, string>, status = 200): HttpResponse =>
  HttpResponse.text(LONG, { status, headers: { ETag: '"a"', ...headers } });

/** Vary on a response that is not compressed: `true` where another client would get it compressed. */
describe('a response that is not compressed', () => {
  test.each<[string, () => HttpResponse, varies: boolean]>([
    ['has a coding', () => text({ 'Content-Encoding': 'compress' }), false],
    ['says that it has none', () => text({ 'Content-Encoding': 'identity' }), false],
    ['must not be transformed', () => text({ 'Cache-Control': 'no-transform' }), false],
    [
      'must not be transformed, among others',
      () => text({ 'Cache-Control': 'max-age=1 , No-Transform,public' }),
      false,
    ],
    ['says its digest', () => text({ 'Content-Digest': 'sha-256=:aaaa:' }), false],
    ['says the digest of its representation', () => text({ 'Repr-Digest': 'sha-256=:a:' }), false],
    ['is a part', () => text({ 'Content-Range': 'bytes 0-3/9' }, 206), true],
    ['has no such part', () => text({ 'Content-Range': 'bytes */9' }, 416), true],
    ['is an image', () => text({ 'Content-Type': 'image/png' }), false],
    ['is compressed in itself', () => text({ 'Content-Type': 'font/woff2' }), false],
    ['has no type', () => new HttpResponse(LONG), false],
    ['is short', () => HttpResponse.text('x'.repeat(1_023)), true],
    ['is announced as short', () => stream(['x'], { length: 1 }), true],
    ['is empty', () => HttpResponse.text(''), true],
    ['has no content', () => HttpResponse.empty(), false],
    ['resets the content', () => HttpResponse.empty({ status: 205 }), false],
    ['was not modified', () => HttpResponse.empty({ status: 304 }), true],
  ])('%s', async (_what, make, varies) => {
    const plain = await ask(make);
    const answer = await ask(compress(make), gzipped);
    expect([answer.status, answer.text, answer.errors]).toEqual([plain.status, plain.text, []]);
    for (const name of ['content-encoding', 'content-length', 'etag']) {
      expect(answer.headers.get(name)).toBe(plain.headers.get(name));
    }
    expect(answer.headers.get('vary')).toBe(varies ? 'Accept-Encoding' : null);
  });

  test('varies all the same where the client accepts no coding', async () => {
    for (const headers of [{}, { 'Accept-Encoding': '' }, { 'Accept-Encoding': 'gzip;q=0' }]) {
      const answer = await ask(answering(LONG, { headers: { ETag: '"a"' } }), { headers });
      expect(answer.headers.get('content-encoding')).toBeNull();
      expect([answer.headers.get('vary'), answer.headers.get('etag')]).toEqual([
        'Accept-Encoding',
        '"a"',
      ]);
      expect(answer.text).toBe(LONG);
    }
  });

  test.each([
    ['*', '*'],
    ['accept-encoding', 'accept-encoding'],
    ['Origin, Accept-Encoding', 'Origin, Accept-Encoding'],
    ['X-Accept-Encoding', 'X-Accept-Encoding, Accept-Encoding'],
    ['', 'Accept-Encoding'],
  ])('with Vary: %s has %s', async (given, expected) => {
    const answer = await ask(answering('short', { headers: { Vary: given } }));
    expect(answer.headers.get('vary')).toBe(expected);
  });

  test('is one that would not get smaller', async () => {
    const noise = Array.from({ length: 2_000 }, (_, at) =>
      String.fromCharCode(((at * 7_919) % 251) + 1),
    );
    const options = { levels: { gzip: 1 }, threshold: 0, types: ['application/octet-stream'] };
    const bytes = zlib.gzipSync(noise.join(''));
    const answer = await ask(
      compress(() => HttpResponse.bytes(bytes), options),
      gzipped,
    );
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    expect(Buffer.from(answer.bytes)).toEqual(bytes);
  });

  test('is what is no response: the server refuses it', async () => {
    const wrong = compress((() => 'text') as never);
    const answer = await ask(wrong);
    expect(answer.status).toBe(500);
    expect(String(answer.errors[0])).toContain('return HttpResponse.text');
    const late = await ask(compress((async () => 'text') as never), gzipped);
    expect(String(late.errors[0])).toContain('return HttpResponse.text');
  });
});

describe('a client that refuses identity', () => {
  const refusing = (codings: string): Asking => ({ headers: { 'Accept-Encoding': codings } });

  test.each<[string, () => HttpResponse]>([
    ['short', () => HttpResponse.text('short')],
    ['an image', () => HttpResponse.bytes(Buffer.from(LONG))],
    ['no smaller', () => HttpResponse.text('x')],
  ])('gets what is %s in a coding that it takes', async (_what, make) => {
    const plain = await ask(make);
    const answer = await ask(compress(make), refusing('gzip, identity;q=0'));
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    expect(answer.text).toBe(plain.text);
  });

  test('gets 406 when it takes none of the codings, and the body is closed', async () => {
    let isClosed = false;
    const body: Iterator<string> = {
      next: () => ({ done: false, value: LONG }),
      return: () => {
        isClosed = true;
        return { done: true, value: undefined };
      },
    };
    const handler = compress(() => stream({ [Symbol.iterator]: () => body }));
    for (const method of ['GET', 'HEAD']) {
      isClosed = false;
      const answer = await ask(handler, { method, ...refusing('deflate, *;q=0') });
      expect([answer.status, answer.errors]).toEqual([406, []]);
      expect(answer.headers.get('vary')).toBe('Accept-Encoding');
      expect(isClosed).toBe(true);
    }
  });

  test('gets the answer to what it has done as it is, and an error too', async () => {
    const created = await ask(answering(LONG, { status: 201 }), {
      method: 'POST',
      ...refusing('identity;q=0'),
    });
    expect([created.status, created.text]).toEqual([201, LONG]);
    const failed = await ask(answering(LONG, { status: 404 }), refusing('*;q=0'));
    expect([failed.status, failed.text]).toEqual([404, LONG]);
    const coded = await ask(
      answering(LONG, { headers: { 'Content-Encoding': 'compress' } }),
      refusing('*;q=0'),
    );
    expect(coded.status).toBe(200);
  });
});
