/** How long a client that has sent FIN waits for what is produced for it. */
import { describe, expect, test } from '@jest/globals';
import { TcpStream } from '@awaitio/core';
import { HttpResponse, serve, type ServerEvent } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A stream that gives a piece every so many milliseconds, so many times, and ends. */
async function* paced(world: World, milliseconds: number, count: number): AsyncGenerator<string> {
  for (let n = 0; n < count; n += 1) {
    await world.sleep(milliseconds);
    yield `${n};`;
  }
}

describe('a half-closed client', () => {
  test('gets what is produced for it, however long that takes in all', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(paced(world, 9_000, 5)));
      const wire = await world.connect();
      await wire.send(GET);
      await wire.finish();
      expect((await wire.response()).body).toBe('0;1;2;3;4;');
      expect(world.errors).toEqual([]);
    }));

  test('is given up when nothing is produced for deadlines.halfClosed, and that is no error', () =>
    simulated(async (world) => {
      const closed: ServerEvent[] = [];
      const server = await world.serve(() => HttpResponse.stream(paced(world, 3_000, 5)), {
        deadlines: { halfClosed: 1_000 },
        onEvent: (event) => {
          if (event.type === 'connectionClosed') closed.push(event);
        },
      });
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(4_000);
      await wire.finish();
      const since = world.now;
      await wire.rest().catch(() => '');
      expect(world.now - since).toBeGreaterThanOrEqual(1_000);
      expect(world.now - since).toBeLessThan(1_100);
      await world.sleep(10);
      expect(server.statistics().connections.open).toBe(0);
      expect(closed).toEqual([
        expect.objectContaining({ reason: 'deadline', deadline: 'halfClosed' }),
      ]);
      expect(world.errors).toEqual([]);
    }));

  test('that reads slowly is not given up by this deadline', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['x'.repeat(1_000_000)]), {
        deadlines: { halfClosed: 100 },
      });
      const wire = await world.connect();
      await wire.send(GET);
      await wire.finish();
      let length = 0;
      for await (const chunk of wire.stream) {
        length += chunk.length;
        await world.sleep(500);
      }
      expect(length).toBeGreaterThan(1_000_000);
    }));

  test('waits as long as it likes with Infinity', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(paced(world, 100_000, 2)), {
        deadlines: { halfClosed: Infinity },
      });
      const wire = await world.connect();
      await wire.send(GET);
      await wire.finish();
      expect((await wire.response()).body).toBe('0;1;');
    }));

  test('leaves nothing behind, and neither do two hundred of them', () =>
    simulated(async (world) => {
      let ended = 0;
      const server = await world.serve(
        () =>
          HttpResponse.stream(
            new ReadableStream<Uint8Array>({
              start: (controller) => controller.enqueue(Buffer.from('data: hello\n\n')),
              cancel: () => {
                ended += 1;
              },
            }),
          ),
        { maxConnections: 300 },
      );
      for (let n = 0; n < 200; n += 1) {
        const wire = await world.connect();
        await wire.send(GET);
        await wire.stream.readUntil('hello\n\n');
        void wire.close();
      }
      await world.sleep(10_100);
      expect([ended, server.statistics().connections.open]).toEqual([200, 0]);
    }));

  test('over TCP, too', async () => {
    let cancelled: (() => void) | undefined;
    const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
    let closed: (() => void) | undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    const server = await serve(
      () =>
        HttpResponse.stream(
          new ReadableStream<Uint8Array>({
            start: (controller) => controller.enqueue(Buffer.from('one')),
            cancel: () => cancelled?.(),
          }),
        ),
      {
        deadlines: { halfClosed: 20 },
        onEvent: ({ type }) => {
          if (type === 'connectionClosed') closed?.();
        },
      },
    );
    const stream = await TcpStream.connect(String(server.address));
    await stream.writeAll(GET);
    await stream.readUntil('one');
    await stream.close();
    await isCancelled;
    await isClosed;
    expect(server.statistics().connections.open).toBe(0);
    await server.shutdown();
  });
});
