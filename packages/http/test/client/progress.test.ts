/** How far bodies have come. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { echo, HttpResponse, type RequestBody, type TransferProgress } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

describe('the progress of an upload', () => {
  const CASES: readonly (readonly [
    what: string,
    body: RequestBody,
    expected: readonly number[],
    total: number | undefined,
  ])[] = [
    ['bytes', new Uint8Array(200_000), [65_536, 131_072, 196_608, 200_000], 200_000],
    ['text', 'x'.repeat(5), [5], 5],
    ['an iterable', ['ab', '', 'cd'], [2, 4], undefined],
    ['nothing', '', [], 0],
  ];

  test.each(CASES)('of %s is reported as it is sent', (_what, body, expected, total) =>
    simulated(async (world) => {
      await world.serve(echo({ prefix: '' }));
      const seen: TransferProgress[] = [];
      const response = await world.client().post('http://server/', body, {
        onUploadProgress: (progress) => void seen.push(progress),
      });
      expect(await response.text()).toHaveLength(expected.at(-1) ?? 0);
      expect(seen).toEqual(expected.map((bytes) => ({ bytes, total })));
    }),
  );

  test('has the length that the program gives, and is on the wire as without', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const seen: TransferProgress[] = [];
      const asking = world.client().put('http://server/', 'body', {
        onUploadProgress: (progress) => void seen.push(progress),
      });
      const wire = await server.accept();
      const head = 'PUT / HTTP/1.1\r\nHost: server\r\nContent-Length: 4\r\n\r\n';
      expect(await wire.head()).toBe(head);
      await wire.send('HTTP/1.1 204 No Content\r\n\r\n');
      expect((await asking).status).toBe(204);
      expect(seen).toEqual([{ bytes: 4, total: 4 }]);
    }));

  test('goes on only as fast as the server takes it', () =>
    simulated(async (world) => {
      const server = await world.listen();
      let sent = 0;
      const asking = world.client().put('http://server/', new Uint8Array(5_000_000), {
        onUploadProgress: ({ bytes }) => {
          sent = bytes;
        },
      });
      asking.catch(() => {});
      const wire = await server.accept();
      await world.sleep(1_000);
      expect(sent).toBeGreaterThan(0);
      expect(sent).toBeLessThan(2_500_000);
      wire.stream.reset();
      await expect(asking).rejects.toMatchObject({ code: 'ECONNRESET' });
    }));
});

describe('the progress of a download', () => {
  test('is that of the bytes received, before they are decoded', () =>
    simulated(async (world) => {
      const coded = gzipSync(Buffer.alloc(500_000));
      const headers = { 'Content-Encoding': 'gzip' };
      await world.serve(() => HttpResponse.bytes(coded, { headers }));
      const seen: TransferProgress[] = [];
      const response = await world.client({ decompress: true }).get('http://server/', {
        onDownloadProgress: (progress) => void seen.push(progress),
      });
      expect(await response.bytes()).toHaveLength(500_000);
      expect(seen.at(-1)).toEqual({ bytes: coded.length, total: coded.length });
    }));

  test('is reported as the reader takes it, without a total where there is none', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['abc', 'de']));
      const seen: TransferProgress[] = [];
      const response = await world.client().get('http://server/', {
        onDownloadProgress: (progress) => void seen.push(progress),
      });
      await world.sleep(100);
      expect(seen).toEqual([]);
      expect(await response.text()).toBe('abcde');
      expect(seen.at(-1)).toEqual({ bytes: 5, total: undefined });
    }));

  test.each(['bytes', 'tryBytes'] as const)('counts what %s takes', (how) =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('hello'));
      const seen: TransferProgress[] = [];
      const response = await world.client().get('http://server/', {
        onDownloadProgress: (progress) => void seen.push(progress),
      });
      await response.body[how]();
      expect(seen).toEqual([{ bytes: 5, total: 5 }]);
    }),
  );
});

describe('a callback of a request that fails when its response is complete', () => {
  test('does nothing to the next request on its connection', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client();
      let fail = (_reason: Error): void => {};
      const late = new Promise<void>((_resolve, reject) => {
        fail = reject;
      });
      const first = client.get('http://server/', { onInformational: (() => late) as () => void });
      const wire = await server.accept();
      await wire.head();
      await wire.send('HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na');
      expect(await (await first).text()).toBe('a');
      const second = client.get('http://server/');
      await wire.head();
      const said: string[] = [];
      const { error } = console;
      console.error = (line: string) => void said.push(line);
      try {
        fail(new Error('too late'));
        await world.sleep(10);
      } finally {
        console.error = error;
      }
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb');
      expect(await (await second).text()).toBe('b');
      expect(said[0]).toContain('onInformational failed: Error: too late');
    }));
});
