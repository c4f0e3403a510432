/** Clients that take their answers slowly, and those that take nothing, through a kernel that shows neither. */

import { describe, expect, test } from '@jest/globals';
import { ByteStream, MemoryListener, systemClock, TcpStream } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import {
  echo,
  HttpResponse,
  serve,
  type Handler,
  type HttpServer,
  type ServeOptions,
} from '../../src/index.ts';
import { KernelTransport } from '../support/kernel-transport.ts';

const SIZE = 6_000_000;
/** As much as Linux holds for a connection at most, by default. */
const CAPACITY = 4 * 1_048_576;
const MINUTE = 60_000;
const GET = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');

const large = () => HttpResponse.bytes(new Uint8Array(SIZE));
const pieces = () =>
  HttpResponse.stream(Array.from({ length: 60 }, () => new Uint8Array(SIZE / 60)));

interface Stand {
  readonly clock: ManualClock;
  readonly client: KernelTransport;
  readonly server: HttpServer;
  readonly errors: unknown[];
  /** Asks, and waits until the kernel is full of the answer. */
  ask(): Promise<void>;
  /** Lets a client take so many bytes a second, for so many milliseconds or until it has all, or is cut. */
  take(rate: number, milliseconds: number): Promise<void>;
}

/** A server in manual time, and a client behind a kernel's buffer. */
async function stand(
  handler: Handler,
  options: ServeOptions,
  run: (stand: Stand) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const onError = (error: unknown): void => {
    errors.push(error);
  };
  const listener = new MemoryListener({ clock });
  const server = await serve(handler, { ...options, clock, listener, onError });
  const client = new KernelTransport(CAPACITY);
  server.serveStream(new ByteStream(client, { clock }));
  const take = async (rate: number, milliseconds: number): Promise<void> => {
    const end = clock.now() + milliseconds;
    while (clock.now() < end && !client.isReset && !client.hasAll) {
      client.take(rate);
      await clock.advance(1_000);
    }
  };
  const ask = async (): Promise<void> => {
    client.receive(GET);
    while (!client.isFull) await clock.advance(0);
  };
  await run({ clock, client, server, errors, ask, take });
  const shutdown = server.shutdown({ grace: 0 });
  await clock.advance(1_000);
  await shutdown;
}

describe('a client', () => {
  test.each([
    [50_000, large],
    [20_000, large],
    [10_000, large],
    [2_000, large],
    [2_000, pieces],
  ])('that takes %s bytes a second gets all of a large answer', (rate, handler) =>
    stand(handler, {}, async ({ client, errors, ask, take }) => {
      await ask();
      await take(rate, Infinity);
      expect(client.isReset).toBe(false);
      expect(client.taken).toBeGreaterThan(SIZE);
      expect(errors).toEqual([]);
    }),
  );

  test('that takes nothing is cut when the bytes on their way had their time, at most 20 minutes', () =>
    stand(large, {}, async ({ client, server, errors, ask, take }) => {
      await ask();
      await take(0, 20 * MINUTE);
      expect(client.isReset).toBe(false);
      await take(0, MINUTE);
      expect(client.isReset).toBe(true);
      expect(server.statistics().connections.open).toBe(0);
      expect(errors).toEqual([]);
    }));

  test.each([
    [{ deadlines: { writeWindow: 0 } }, 15_000],
    [{ deadlines: { writeWindow: 30_000 } }, 45_000],
    [{ deadlines: { writeStall: 5_000, writeWindow: 0 } }, 5_000],
    [{ limits: { writeMinRate: Infinity } }, 15_000],
    [{ limits: { writeMinRate: 100_000 } }, 15_000 + CAPACITY / 100],
  ])('that takes nothing is cut as %j says', (options, expected) =>
    stand(large, options, async ({ client, ask, take }) => {
      await ask();
      await take(0, expected - 1_000);
      expect(client.isReset).toBe(false);
      await take(0, 3_000);
      expect(client.isReset).toBe(true);
    }),
  );

  test('that takes less than the minimum rate is cut, though it takes something', () =>
    stand(
      () => HttpResponse.bytes(new Uint8Array(20 * SIZE)),
      { limits: { writeMinRate: 20_000 } },
      async ({ client, ask, take }) => {
        await ask();
        await take(10_000, 180 * MINUTE);
        expect(client.isReset).toBe(true);
        expect(client.taken).toBeGreaterThan(CAPACITY / 3);
      },
    ));

  test.each([
    ['never, where its time has no end', { writeStall: Infinity }],
    ['never, where the window has no end and the rate is 0', { writeWindow: Infinity }],
  ])('that takes nothing is cut %s', (_when, deadlines) =>
    stand(large, { deadlines, limits: { writeMinRate: 0 } }, async ({ client, ask, take }) => {
      await ask();
      await take(0, 60 * MINUTE);
      expect(client.isReset).toBe(false);
    }),
  );

  test('that pauses for minutes, and then goes on, gets all', () =>
    stand(large, {}, async ({ client, ask, take }) => {
      await ask();
      for (let n = 0; n < 3; n += 1) {
        await take(500_000, 4_000);
        await take(0, 10 * MINUTE);
      }
      await take(500_000, Infinity);
      expect(client.taken).toBeGreaterThan(SIZE);
    }));

  test('that sends and takes nothing is cut after 15 seconds: it may wait for its request to be read', () =>
    stand(echo(), {}, async ({ client, clock, errors, take }) => {
      const length = 12 * 1_048_576;
      client.receive(
        Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`),
      );
      for (let sent = 0; sent < length; sent += 65_536) {
        client.receive(new Uint8Array(65_536));
        await clock.advance(0);
      }
      await take(0, 14_000);
      expect(client.isReset).toBe(false);
      await take(0, 20_000);
      expect(client.isReset).toBe(true);
      expect(errors).toMatchObject([{ code: 'ERR_HTTP_WRITE_STALL' }]);
    }));
});

describe('over a socket', () => {
  /** Reads nothing by itself: what it does not read stays in the kernel. */
  const connect = async (server: HttpServer): Promise<TcpStream> => {
    const stream = await TcpStream.connect(String(server.address), { readHighWaterMark: 1 });
    await stream.writeAll(GET);
    return stream;
  };
  const deadlines = { writeStall: 20 };

  test('a reader that is slower than the stall deadline shows gets all', async () => {
    const body = new Uint8Array(4 * SIZE);
    await using server = await serve(() => HttpResponse.bytes(body), { deadlines });
    const stream = await connect(server);
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      // Real time: how slow the reader is for the kernel is what is tested.
      await systemClock.sleep(5);
    }
    expect(size).toBeGreaterThan(body.length);
    await stream.close();
  });

  test('a client that reads nothing is cut', async () => {
    let cut = (): void => {};
    const isCut = new Promise<void>((resolve) => (cut = resolve));
    await using server = await serve(() => HttpResponse.bytes(new Uint8Array(4 * SIZE)), {
      deadlines: { ...deadlines, writeWindow: 20 },
      onEvent: ({ type }) => {
        if (type === 'connectionClosed') cut();
      },
    });
    const stream = await connect(server);
    await isCut;
    expect(server.statistics().connections).toMatchObject({ open: 0, total: 1 });
    stream.reset();
  });
});
