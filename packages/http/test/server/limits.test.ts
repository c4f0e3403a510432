/** Every bound on what a client may send: at the limit it is served, above it is refused with the right status. */

import { describe, expect, test } from '@jest/globals';
import { deferred } from '@awaitio/core/lowlevel';
import { DEFAULT_LIMITS, echo, HttpResponse, type ProtocolLimits } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const target = (bytes: number): string =>
  `GET /${'a'.repeat(bytes - 1)} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** A head of so many bytes, with its empty line. */
function head(bytes: number): string {
  const start = 'GET / HTTP/1.1\r\nHost: a\r\nX: ';
  return `${start}${'x'.repeat(bytes - start.length - 4)}\r\n\r\n`;
}

const fields = (count: number): string =>
  `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(count - 1)}\r\n`;
const body = (bytes: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`;
const chunks = (bytes: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n${(bytes - 1).toString(16)}\r\n${'x'.repeat(bytes - 1)}\r\n0\r\n\r\n`;
const trailers = (bytes: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ${'x'.repeat(bytes - 7)}\r\n\r\n`;
const emptyLines = (bytes: number): string => '\r\n'.repeat(bytes / 2) + GET;

describe('a limit', () => {
  test.each<[keyof ProtocolLimits, (amount: number) => string, number, number, number]>([
    ['targetBytes', target, 100, 101, 414],
    ['targetBytes', target, DEFAULT_LIMITS.targetBytes, DEFAULT_LIMITS.targetBytes + 1, 414],
    ['headerBytes', head, 1_000, 1_001, 431],
    ['headerBytes', head, DEFAULT_LIMITS.headerBytes, DEFAULT_LIMITS.headerBytes + 1, 431],
    ['headerCount', fields, 10, 11, 431],
    ['headerCount', fields, 100, 101, 431],
    ['bodyBytes', body, 1_000, 1_001, 413],
    ['bodyBytes', chunks, 1_000, 1_001, 413],
    ['trailerBytes', trailers, 1_000, 1_001, 431],
    ['leadingBytes', emptyLines, 8, 10, 400],
  ])('%s is met at what it allows, and refused above', (name, make, allowed, above, status) =>
    simulated(async (world) => {
      const handler = async (request: { bytes(): Promise<Uint8Array> }): Promise<HttpResponse> => {
        await request.bytes();
        return HttpResponse.empty();
      };
      await world.serve(handler, { limits: { [name]: allowed } });
      for (const cut of [0, 1, 20, 90]) {
        for (const [amount, expected] of [
          [allowed, 204],
          [above, status],
        ] as const) {
          const wire = await world.connect();
          const bytes = make(amount);
          await wire.send(bytes.slice(0, cut));
          await world.sleep(5);
          await wire.send(bytes.slice(cut));
          expect([name, cut, amount, (await wire.response()).status]).toEqual([
            name,
            cut,
            amount,
            expected,
          ]);
        }
      }
      expect(world.errors).toEqual([]);
    }),
  );

  test('on chunk framing refuses extensions, and chunks of one byte, without end', () =>
    simulated(async (world) => {
      await world.serve(async (request) =>
        HttpResponse.text(String((await request.bytes()).length)),
      );
      const start = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
      for (const [framing, status] of [
        [`${'1;a=b\r\nx\r\n'.repeat(1_000)}0\r\n\r\n`, 200],
        [`1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`, 400],
        [`${`1;${'a'.repeat(100)}\r\nx\r\n`.repeat(1_000)}0\r\n\r\n`, 400],
        [`${'1\r\nx\r\n'.repeat(5_000)}0\r\n\r\n`, 200],
      ] as const) {
        const wire = await world.connect();
        const sending = wire.send(start + framing).catch(() => {});
        expect((await wire.response()).status).toBe(status);
        await wire.close();
        await sending;
      }
    }));

  test('on handlers answers 503 with Retry-After above it, and serves again below it', () =>
    simulated(async (world) => {
      const { promise, resolve } = deferred<void>();
      await world.serve(
        async () => {
          await promise;
          return HttpResponse.text('done');
        },
        { maxConcurrentRequests: 2, retryAfter: 7 },
      );
      const busy = [await world.connect(), await world.connect()];
      for (const wire of busy) await wire.send(GET);
      await world.sleep(10);
      const third = await world.connect();
      await third.send(GET);
      const refused = await third.response();
      expect([refused.status, refused.get('retry-after')]).toEqual([503, '7']);
      resolve();
      for (const wire of busy) expect((await wire.response()).body).toBe('done');
      await third.send(GET);
      expect((await third.response()).body).toBe('done');
    }));
});

describe('what clients announce, or send and do not want to have read', () => {
  test('costs nothing until it comes: five hundred bodies of a gigabyte', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const before = process.memoryUsage().arrayBuffers;
      const wires = await Promise.all(Array.from({ length: 500 }, () => world.connect()));
      await Promise.all(
        wires.map((wire) =>
          wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\nx'),
        ),
      );
      await world.sleep(1_000);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
      // And the server is still there for others.
      const other = await world.connect();
      await other.send(GET);
      expect((await other.response()).status).toBe(200);
    }));

  test('is kept only as far as a reader is ahead of it: twenty clients that never stop', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        for await (const piece of request.body) await world.sleep(1_000 + piece.length);
        return HttpResponse.empty();
      });
      let sent = 0;
      const wires = await Promise.all(Array.from({ length: 20 }, () => world.connect()));
      const sending = wires.map(async (wire) => {
        await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n');
        for (;;) {
          await wire.send('x'.repeat(16_384));
          sent += 16_384;
        }
      });
      await world.sleep(1_000);
      // Per connection: what is parsed ahead, the stream's queue, the window of the network, the writer's buffer.
      expect(sent / wires.length).toBeLessThan(4 * 65_536 + 32_768);
      for (const wire of wires) wire.stream.reset();
      await Promise.allSettled(sending);
    }));
});
