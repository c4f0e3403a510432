import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Executor, MemoryListener } from '@awaitio/core';
import {
  compress,
  fetchHandler,
  staticFiles,
  type CompressOptions,
  type ContentCoding,
} from '../../src/batteries/index.ts';
import {
  HttpClient,
  HttpProblem,
  HttpResponse,
  serve,
  type ClientResponse,
  type Handler,
  type ResponseInit,
} from '../../src/index.ts';

const LONG = 'again and again, '.repeat(200);
const hasZstd = 'zstdDecompressSync' in zlib;

const decoders: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  gzip: (bytes) => zlib.gunzipSync(bytes),
  zstd: (bytes) =>
    (zlib as unknown as { zstdDecompressSync: typeof zlib.gunzipSync }).zstdDecompressSync(bytes),
};

interface Answer {
  readonly status: number;
  readonly headers: ClientResponse['headers'];
  /** As received. */
  readonly bytes: Uint8Array;
  /** As its coding says. */
  readonly text: string;
  readonly errors: readonly unknown[];
}

interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** One request to a handler. */
async function ask(handler: Handler, { method = 'GET', headers = {} }: Asking = {}): Promise<Answer> {
  const errors: unknown[] = [];
  const listener = new MemoryListener();
  const executor = new Executor();
  const onError = (error: unknown): void => void errors.push(error);
  const server = await serve(handler, { listener, executor, onError });
  const client = new HttpClient({ connect: () => listener.connect() });
  try {
    const response = await client.request(method, 'http://memory/', { headers });
    const bytes = await response.bytes();
    const coding = response.headers.get('content-encoding');
    const decode = bytes.length === 0 || coding === undefined ? undefined : decoders[coding];
    const text = Buffer.from(decode === undefined ? bytes : decode(bytes)).toString();
    return { status: response.status, headers: response.headers, bytes, text, errors };
  } finally {
    await client.close();
    await server.shutdown({ grace: 0, idleWindow: 0 });
    await executor.idle({ timeout: 5_000 });
  }
}

const gzipped = { headers: { 'Accept-Encoding': 'gzip' } };
const answering =
  (text: string, init?: ResponseInit, options?: CompressOptions): Handler =>
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
    ['bytes', () => new HttpResponse(Buffer.from(LONG), { headers: { 'Content-Type': 'text/css' } })],
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
        headers: [['X-A', '1'], ['X-A', '2'], ['Content-Type', 'text/plain']],
        trailers: () => ({ 'X-Sum': 'after' }),
        close: true,
      }),
    );
    const listener = new MemoryListener();
    const server = await serve(handler, { listener });
    await using client = new HttpClient({ connect: () => listener.connect() });
    const response = await client.get('http://memory/', gzipped);
    expect([response.status, response.reason]).toEqual([203, 'Changed']);
    expect(response.headers.getAll('x-a')).toEqual(['1', '2']);
    expect(response.headers.get('connection')).toBe('close');
    expect(zlib.gunzipSync(await response.bytes()).toString()).toBe(LONG);
    expect(response.trailers?.get('x-sum')).toBe('after');
    await server.shutdown();
  });

  test('has a weak entity tag, and no ranges', async () => {
    const headers = { ETag: '"a"', 'Accept-Ranges': 'bytes', Vary: 'Origin' };
    const answer = await ask(answering(LONG, { headers }), gzipped);
    expect(answer.headers.get('etag')).toBe('W/"a"');
    expect(answer.headers.get('accept-ranges')).toBeUndefined();
    expect(answer.headers.get('vary')).toBe('Origin, Accept-Encoding');
    const weak = await ask(answering(LONG, { headers: { ETag: 'W/"a"' } }), gzipped);
    expect(weak.headers.get('etag')).toBe('W/"a"');
  });

  test('is said by its head alone to HEAD, and its source is closed', async () => {
    const closed: string[] = [];
    const body = { next: () => ({ done: false, value: LONG }), return: () => closed.push('x') };
    const handler = compress((request) =>
      request.headers.has('x-stream')
        ? stream({ [Symbol.iterator]: () => body as unknown as Iterator<string> })
        : HttpResponse.text(LONG),
    );
    for (const extra of [{}, { 'X-Stream': '1' }]) {
      const headers = { 'Accept-Encoding': 'gzip', ...extra };
      const answer = await ask(handler, { method: 'HEAD', headers });
      expect([answer.status, answer.bytes.length]).toEqual([200, 0]);
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      expect(answer.headers.get('content-length')).toBeUndefined();
      expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    }
    expect(closed).toEqual(['x']);
  });
});

function stream(
  body: Parameters<typeof HttpResponse.stream>[0],
  init: ResponseInit = {},
): HttpResponse {
  return HttpResponse.stream(body, { headers: { 'Content-Type': 'text/plain' }, ...init });
}

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
    expect(answer.headers.get('vary')).toBe(varies ? 'Accept-Encoding' : undefined);
  });

  test('varies all the same where the client accepts no coding', async () => {
    for (const headers of [{}, { 'Accept-Encoding': '' }, { 'Accept-Encoding': 'gzip;q=0' }]) {
      const answer = await ask(answering(LONG, { headers: { ETag: '"a"' } }), { headers });
      expect(answer.headers.get('content-encoding')).toBeUndefined();
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
    const noise = Array.from({ length: 2_000 }, (_, at) => String.fromCharCode((at * 7_919) % 251 + 1));
    const options = { levels: { gzip: 1 }, threshold: 0, types: ['application/octet-stream'] };
    const bytes = zlib.gzipSync(noise.join(''));
    const answer = await ask(compress(() => HttpResponse.bytes(bytes), options), gzipped);
    expect(answer.headers.get('content-encoding')).toBeUndefined();
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

const text = (headers: Record<string, string>, status = 200): HttpResponse =>
  HttpResponse.text(LONG, { status, headers: { ETag: '"a"', ...headers } });

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
    const body = {
      next: () => ({ done: false, value: LONG }),
      return: () => {
        isClosed = true;
      },
    };
    const handler = compress(() => stream({ [Symbol.iterator]: () => body as never }));
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
    const coded = await ask(answering(LONG, { headers: { 'Content-Encoding': 'compress' } }), refusing('*;q=0'));
    expect(coded.status).toBe(200);
  });
});

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
    expect(zstd.headers.get('content-encoding')).toBe(hasZstd ? 'zstd' : undefined);
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
      const answer = await ask(answering(LONG, { headers: { 'Content-Type': type } }, { types }), gzipped);
      expect([type, answer.headers.has('content-encoding')]).toEqual([type, isCoded]);
    }
  });

  test('say from which length on', async () => {
    const four = await ask(answering('aaaa'.repeat(100), {}, { threshold: 400 }), gzipped);
    expect(four.headers.get('content-encoding')).toBe('gzip');
    const more = await ask(answering('aaaa'.repeat(100), {}, { threshold: 401 }), gzipped);
    expect(more.headers.get('content-encoding')).toBeUndefined();
    const empty = await ask(answering('', {}, { threshold: 0 }), gzipped);
    expect(empty.headers.get('content-encoding')).toBeUndefined();
  });

  test('say how hard each coding tries', async () => {
    const words = Array.from({ length: 5_000 }, (_, at) => ((at * at * 2_654_435_761) % 9_973).toString(36));
    const body = words.join(' ');
    for (const [coding, low, high] of [['gzip', 1, 9], ['br', 0, 11], ['zstd', 1, 19]] as const) {
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
    expect(head.headers.get('content-length')).toBeUndefined();
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
