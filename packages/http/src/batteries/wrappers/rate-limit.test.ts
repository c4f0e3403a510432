import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { InetAddress, MemoryListener, PathAddress } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import {
  HttpResponse,
  serve,
  type Handler,
  type HttpRequest,
  type HttpServer,
} from '../../index.ts';
import { addressKey, hashOf, LONGEST_KEY, RecentKeys } from './rate-limit-keys.ts';
import { rateLimit, type RateLimitOptions } from './rate-limit.ts';

const hello: Handler = () => HttpResponse.text('hi');
const byHeader = (request: HttpRequest): string | null => request.headers.get('x-key');

async function served<T>(
  options: RateLimitOptions,
  use: (ask: (key?: string) => Promise<string>, server: HttpServer) => Promise<T>,
): Promise<{ result: T; errors: unknown[] }> {
  const errors: unknown[] = [];
  const server = await serve(rateLimit(hello, options), {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
  });
  const ask = async (key?: string): Promise<string> => {
    const headers: Record<string, string> = key === undefined ? {} : { 'X-Key': key };
    const answer = await server.fetch('http://test/', { headers });
    await answer.text();
    const fields = ['retry-after', 'ratelimit-policy', 'ratelimit'].map((name) =>
      answer.headers.get(name),
    );
    return [answer.status, ...fields.filter((value) => value !== null)].join(' ');
  };
  const result = await use(ask, server);
  await server.shutdown({ grace: 0 });
  return { result, errors };
}

describe('a limit', () => {
  test('lets a burst through, then as many as flow in, and says what is left', async () => {
    const clock = new ManualClock();
    const { result, errors } = await served({ rate: 0.5, burst: 2, clock }, async (ask) => {
      const seen = [await ask(), await ask(), await ask()];
      await clock.advance(1_000);
      seen.push(await ask());
      await clock.advance(1_000);
      seen.push(await ask());
      return seen;
    });
    const policy = '"default";q=2;w=4';
    expect(result).toEqual([
      `200 ${policy} "default";r=1;t=2`,
      `200 ${policy} "default";r=0;t=4`,
      `429 2 ${policy} "default";r=0;t=4`,
      `429 1 ${policy} "default";r=0;t=3`,
      `200 ${policy} "default";r=0;t=4`,
    ]);
    expect(errors).toEqual([]);
  });

  test('has its own name, or no fields', async () => {
    const clock = new ManualClock();
    const named = await served({ rate: 1, name: 'per minute', clock }, (ask) => ask());
    expect(named.result).toBe('200 "per minute";q=1;w=1 "per minute";r=0;t=1');
    const silent = await served({ rate: 1, fields: false, clock }, async (ask) => [
      await ask(),
      await ask(),
    ]);
    expect(silent.result).toEqual(['200', '429 1']);
  });

  test('is for each key, and for none without one', async () => {
    const clock = new ManualClock();
    const options = { rate: 1, fields: false, clock };
    for (const key of [byHeader, async (request: HttpRequest) => byHeader(request)]) {
      const { result } = await served({ ...options, key }, async (ask) => [
        await ask('a'),
        await ask('a'),
        await ask('b'),
        await ask(),
        await ask(),
      ]);
      expect(result).toEqual(['200', '429 1', '200', '200', '200']);
    }
  });

  test('forgets the key that was not used for longest', async () => {
    const clock = new ManualClock();
    const options = { rate: 1, fields: false, clock, maxKeys: 2, key: byHeader };
    const { result } = await served(options, async (ask) => [
      await ask('a'),
      await ask('b'),
      await ask('a'),
      await ask('c'),
      await ask('a'),
      await ask('b'),
    ]);
    expect(result).toEqual(['200', '200', '429 1', '200', '429 1', '200']);
  });

  test.each([
    ['is', () => 5 as never],
    ['resolves to', async () => 5 as never],
  ])('fails a request whose key %s no string', async (_how, key) => {
    const { result, errors } = await served({ rate: 1, key }, (ask) => ask());
    expect(result).toBe('500');
    expect(errors).toMatchObject([
      { message: expect.stringContaining('expected `key` to return') },
    ]);
  });

  test('is for each key however long it is, and keeps a hash of a long one', async () => {
    const clock = new ManualClock();
    const long = 'x'.repeat(8_000);
    const keys = [long, long, `${long}y`, 'x'.repeat(129), 'x'.repeat(128), 'x'.repeat(128)];
    for (const key of [byHeader, async (request: HttpRequest) => byHeader(request)]) {
      const options = { rate: 1, fields: false, clock, key };
      const { result, errors } = await served(options, async (ask) => {
        const seen: string[] = [];
        for (const sent of keys) seen.push(await ask(sent));
        return seen;
      });
      expect(result).toEqual(['200', '429 1', '200', '200', '200', '429 1']);
      expect(errors).toEqual([]);
    }
  });
});

describe('the key of an address', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s is %s', (host, key) => {
    const remoteAddress = new InetAddress(host, 1);
    expect(addressKey({ remoteAddress } as HttpRequest)).toBe(key);
  });

  test('is a path, or nothing', () => {
    expect(addressKey({ remoteAddress: new PathAddress('/x') } as HttpRequest)).toBe('unix:/x');
    expect(addressKey({ remoteAddress: undefined } as HttpRequest)).toBe('');
  });
});

test('the hash of a key has one length, and equals no key that is kept as it is', async () => {
  const hashes = await Promise.all(
    ['', 'x'.repeat(LONGEST_KEY + 1), 'x'.repeat(1_000_000), '\ud800', '\ud801'].map(hashOf),
  );
  expect(new Set(hashes.map(({ length }) => length))).toEqual(new Set([LONGEST_KEY + 1]));
  expect(new Set(hashes).size).toBe(5);
});

test('keys beyond the limit make way, and their number does not grow', () => {
  let made = 0;
  const keys = new RecentKeys(3, () => (made += 1));
  for (let n = 0; n < 1_000; n += 1) keys.use(String(n));
  expect([keys.size, made, keys.use('999'), keys.use('0')]).toEqual([3, 1_000, 1_000, 1_001]);
});

test('a key from a header field keeps nothing of the head that it came in', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const keys = new RecentKeys(1_000, () => 0);
  const use = (n: number): void => {
    // Another text for each, as the head of a request is.
    const head = Buffer.alloc(65_536, `x-key: ${String(n).padStart(20, '0')}\r\n`).toString(
      'latin1',
    );
    keys.use(head.slice(7, 27));
  };
  use(0);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 1; n < 1_000; n += 1) use(n);
  collect();
  expect(keys.size).toBe(1_000);
  // The heads have 65 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(16_000_000);
});
