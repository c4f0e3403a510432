/** Content codings: what is asked for, what is decoded, and what a server cannot do with them. */
import * as zlib from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { BrokenError, LimitError, memoryPair, MemoryListener } from '@awaitio/core';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import {
  failedRequestOf,
  HttpClient,
  HttpResponse,
  RemoteProtocolError,
  serve,
  type HttpClientOptions,
} from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import { Wire } from '../support/wire.ts';
import { zstdCompressSync } from '../support/zstd.ts';

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

/** A client of a server that answers with these bytes, of a known length or in pieces. */
async function clientOf(
  bytes: Uint8Array,
  coding: string,
  pieceSize = 0,
  options: HttpClientOptions = {},
): Promise<HttpClient> {
  const listener = new MemoryListener();
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
  }
  const headers = { 'Content-Encoding': coding };
  const server = await serve(
    () =>
      pieceSize === 0
        ? HttpResponse.bytes(bytes, { headers })
        : HttpResponse.stream(pieces(), { headers }),
    { listener },
  );
  const client = new HttpClient({ connect: () => listener.connect(), ...options });
  opened.push(
    () => server.shutdown({ grace: 0, idleWindow: 0 }),
    () => client.close(),
  );
  return client;
}

const TEXT = Array.from({ length: 600 }, (_, n) => `line ${n} ${(n * 7_919) % 1_009}`).join('\n');
const PLAIN = Buffer.from(TEXT);

const CODED: readonly (readonly [string, string, Buffer])[] = [
  ['gzip', 'gzip', zlib.gzipSync(PLAIN)],
  ['gzip by its old name', 'X-GZIP', zlib.gzipSync(PLAIN)],
  ['deflate', 'deflate', zlib.deflateSync(PLAIN)],
  ['deflate without its header', 'deflate', zlib.deflateRawSync(PLAIN)],
  ['brotli', 'br', zlib.brotliCompressSync(PLAIN)],
  ['identity', 'identity', PLAIN],
  ['two codings', 'gzip, br', zlib.brotliCompressSync(zlib.gzipSync(PLAIN))],
  [
    'three codings',
    'deflate,identity, gzip ,br',
    zlib.brotliCompressSync(zlib.gzipSync(zlib.deflateSync(PLAIN))),
  ],
  ...(zstdCompressSync === undefined ? [] : [['zstd', 'zstd', zstdCompressSync(PLAIN)] as const]),
];

describe('a body in a content coding', () => {
  describe.each(CODED)('%s', (_what, coding, bytes) => {
    test('is decoded at once when it is short and whole', async () => {
      const response = await (await clientOf(bytes, coding)).get('http://memory/');
      expect(await response.text()).toBe(TEXT);
      expect(response.headers.get('content-encoding')).toBe(coding);
    });

    test.each([1, 100, 70_000])('is decoded as it arrives, in pieces of %i', async (size) => {
      const response = await (await clientOf(bytes, coding, size)).get('http://memory/');
      const pieces: Uint8Array[] = [];
      for await (const piece of response.body) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(PLAIN)).toBe(true);
    });
  });

  test('that is short is decoded in a simulation, too', () =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.bytes(zlib.gzipSync(PLAIN), { headers: { 'Content-Encoding': 'gzip' } }),
      );
      const response = await world.client({ decompress: true }).get('http://server/');
      expect(await response.text()).toBe(TEXT);
    }));

  test('is left alone where that is asked for, and then none is asked for', () =>
    simulated(async (world) => {
      const coded = zlib.gzipSync('hello');
      const seen: unknown[] = [];
      await world.serve((request) => {
        seen.push(request.headers.get('accept-encoding')?.slice(0, 17));
        return HttpResponse.bytes(coded, { headers: { 'Content-Encoding': 'gzip' } });
      });
      const client = world.client({ decompress: true });
      const raw = await client.get('http://server/', { decompress: false });
      expect(Buffer.from(await raw.bytes()).equals(coded)).toBe(true);
      const off = world.client({ decompress: false });
      expect(Buffer.from(await (await off.get('http://server/')).bytes()).equals(coded)).toBe(true);
      expect(await (await off.get('http://server/', { decompress: true })).text()).toBe('hello');
      expect(await (await client.get('http://server/')).text()).toBe('hello');
      await (await client.get('http://server/', { headers: { Range: 'bytes=0-' } })).text();
      await (await client.get('http://server/', { headers: { 'accept-encoding': 'br' } })).text();
      expect(seen).toEqual([undefined, undefined, undefined, 'gzip, deflate, br', undefined, 'br']);
    }));

  test.each([
    ['an unknown coding', 'zip', 0],
    ['an unknown one beneath', 'zip, gzip', 0],
    ['too many codings', 'gzip, gzip, gzip, gzip, gzip', 0],
    ['a name of Object', 'constructor', 0],
    ['bytes that are none', 'gzip', 0],
    ['bytes that are none, in pieces', 'br', 5],
  ])('with %s fails when it is read, with a typed error', async (_what, coding, size) => {
    const client = await clientOf(Buffer.from('this is not compressed'), coding, size);
    const response = await client.get('http://memory/');
    expect(response.status).toBe(200);
    const error = await failureOf(response.text());
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error).toMatchObject({ code: 'ERR_HTTP_CONTENT_CODING' });
    expect(failedRequestOf(error)).toMatchObject({ phase: 'body' });
  });

  test.each([0, 10])('that is cut short is never complete (pieces of %i)', async (size) => {
    const cut = zlib.gzipSync(PLAIN).subarray(0, -10);
    const response = await (await clientOf(cut, 'gzip', size)).get('http://memory/');
    expect(await failureOf(response.text())).toMatchObject({ code: 'ERR_HTTP_CONTENT_CODING' });
  });

  test.each([
    ['gzip', zlib.gzipSync(Buffer.alloc(40_000_000)), 0],
    [
      'br',
      zlib.brotliCompressSync(Buffer.alloc(40_000_000), {
        params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 },
      }),
      0,
    ],
    ['gzip', zlib.gzipSync(Buffer.alloc(40_000_000)), 10_000],
  ] as const)('that becomes far longer is cut off: %s', async (coding, bomb, size) => {
    const response = await (await clientOf(bomb, coding, size)).get('http://memory/');
    let decoded = 0;
    const error = await failureOf(
      (async () => {
        for await (const piece of response.body) decoded += piece.length;
      })(),
    );
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limitName: 'maxExpansion', limit: 100 });
    expect(decoded).toBeLessThanOrEqual(17_000_000);
  });

  test.each([0, 1_000])(
    'that becomes far longer in between, and nothing at the end, is cut off (pieces of %i)',
    async (size) => {
      // Empty blocks of deflate.
      const nothing = Buffer.alloc(20_000_000, Buffer.from([0, 0, 0, 0xff, 0xff]));
      const bomb = zlib.gzipSync(Buffer.concat([nothing, Buffer.from([1, 0, 0, 0xff, 0xff])]));
      const response = await (await clientOf(bomb, 'deflate, gzip', size)).get('http://memory/');
      expect(await failureOf(response.text())).toMatchObject({ limitName: 'maxExpansion' });
    },
  );

  test('may become as long as the client allows', async () => {
    const bytes = zlib.gzipSync(Buffer.alloc(20_000_000));
    const client = await clientOf(bytes, 'gzip', 0, { maxExpansion: Infinity });
    const response = await client.get('http://memory/');
    expect((await response.bytes({ limit: 20_000_000 })).length).toBe(20_000_000);
  });

  test('that is longer than what may be collected fails by that limit', async () => {
    const response = await (await clientOf(zlib.gzipSync(PLAIN), 'gzip')).get('http://memory/');
    expect(await failureOf(response.text({ limit: 100 }))).toBeInstanceOf(LimitError);
  });

  test('that is left before its end lets its connection go', async () => {
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * n * 31) % 251));
    const client = await clientOf(zlib.gzipSync(noise, { level: 0 }), 'gzip', 1_000);
    const response = await client.get('http://memory/');
    for await (const _piece of response.body) break;
    expect(client.statistics()['http://memory']?.open).toBe(0);
  });

  test('whose connection breaks fails with that, and not as malformed', async () => {
    const [here, there] = memoryPair();
    const client = new HttpClient({ connect: async () => here });
    const asking = client.get('http://memory/');
    const wire = new Wire(there);
    await wire.head();
    await wire.send('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n');
    await wire.send(zlib.gzipSync(PLAIN).subarray(0, 100));
    const failing = failureOf((await asking).text());
    await new Promise(setImmediate);
    wire.stream.reset();
    expect(await failing).toBeInstanceOf(BrokenError);
    await client.close();
  });

  test('of an answer without a body is none', () =>
    simulated(async (world) => {
      await world.serve((request) =>
        request.path === '/204'
          ? HttpResponse.empty({ status: 204, headers: { 'Content-Encoding': 'gzip' } })
          : HttpResponse.bytes(zlib.gzipSync('x'), { headers: { 'Content-Encoding': 'gzip' } }),
      );
      const client = world.client({ decompress: true });
      expect(await (await client.get('http://server/204')).text()).toBe('');
      expect(await (await client.head('http://server/')).text()).toBe('');
    }));
});
