/** WebSockets whose server shuts down. */
import { describe, expect, test } from '@jest/globals';
import { deferred } from '@awaitio/core/lowlevel';
import {
  Topic,
  webSocket,
  type WebSocket,
  type WebSocketOptions,
} from '../../src/websocket/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { echoing, open, talking } from './sockets.ts';

const SHUTDOWN = { grace: 60_000, idleWindow: 0 };

/** Opens sockets and shuts their server down; the moments, from then on, at which each learned of it. */
async function goodbyes(
  world: World,
  count: number,
  options?: WebSocketOptions,
): Promise<number[]> {
  const server = await world.serve(
    talking(async (socket) => {
      for await (const message of socket) await socket.send(message);
    }, options),
  );
  const client = world.client({ maxConnectionsPerOrigin: 1_000 });
  const sockets = await Promise.all(Array.from({ length: count }, () => open(world, { client })));
  const since = world.now;
  const at = sockets.map(async (socket) => {
    expect(await socket.receive()).toBeNull();
    return world.now - since;
  });
  const [report, moments] = await Promise.all([server.shutdown(SHUTDOWN), Promise.all(at)]);
  expect(report).toMatchObject({ upgraded: count, completed: 0, aborted: [] });
  moments.sort((a, b) => a - b);
  return moments;
}

describe('a server that shuts down', () => {
  test('closes one WebSocket at once', () =>
    simulated(async (world) => {
      const [moment] = await goodbyes(world, 1);
      expect(moment).toBeLessThan(10);
    }));

  test('closes a few of them ten milliseconds apart', () =>
    simulated(async (world) => {
      const moments = await goodbyes(world, 5);
      expect(moments.map((moment) => moment - (moments[0] ?? NaN))).toEqual([0, 10, 20, 30, 40]);
    }));

  test('spreads many of them evenly over a second', () =>
    simulated(async (world) => {
      const moments = await goodbyes(world, 200);
      const first = moments[0] ?? NaN;
      const quarters = [0, 0, 0, 0];
      for (const moment of moments) {
        const quarter = Math.floor((moment - first) / 250);
        quarters[quarter] = (quarters[quarter] ?? 0) + 1;
      }
      for (const quarter of quarters) expect(quarter).toBe(50);
    }));

  test.each([
    [0, 1],
    [100, 100],
  ])('spreads them over the window it is given: %p ms', (window, most) =>
    simulated(async (world) => {
      const moments = await goodbyes(world, 100, { drain: { window } });
      const length = (moments.at(-1) ?? NaN) - (moments[0] ?? NaN);
      expect(length).toBeLessThan(most);
      expect(length).toBeGreaterThanOrEqual(most * 0.9 - 1);
    }),
  );

  test.each<[WebSocketOptions | undefined, number, string]>([
    [undefined, 1001, 'the server is shutting down'],
    [{ drain: { code: 1012 } }, 1012, 'the server restarts'],
  ])('says so: %p', (options, code, reason) =>
    simulated(async (world) => {
      const server = await world.serve(talking((socket) => socket.closed, options));
      const socket = await open(world);
      await world.sleep(10);
      const since = world.now;
      await server.shutdown(SHUTDOWN);
      // Its handler reads nothing, so nothing is waited for.
      expect(world.now - since).toBeLessThan(100);
      expect(await socket.closed).toMatchObject({ code, reason, by: 'peer', isClean: true });
    }),
  );

  test('lets a handler answer the message that it is at work on first', () =>
    simulated(async (world) => {
      const arrived = deferred<void>();
      const server = await world.serve(
        talking(async (socket) => {
          for await (const message of socket) {
            arrived.resolve();
            await world.sleep(300);
            await socket.send(`${String(message)} is done`);
          }
        }),
      );
      const socket = await open(world);
      await socket.send('a');
      await socket.send('b');
      await arrived.promise;
      const [report] = await Promise.all([
        server.shutdown(SHUTDOWN),
        (async () => {
          expect(await socket.receive()).toBe('a is done');
          expect(await socket.receive()).toBe('b is done');
          expect(await socket.receive()).toBeNull();
        })(),
      ]);
      expect(report.aborted).toEqual([]);
      expect(await socket.closed).toMatchObject({ code: 1001, isClean: true });
      expect(world.errors).toEqual([]);
    }));

  test('waits for a handler that is at work no longer than the window', () =>
    simulated(async (world) => {
      const arrived = deferred<void>();
      const server = await world.serve(
        talking(async (socket) => {
          await socket.receive();
          arrived.resolve();
          await socket.closed;
        }),
      );
      const socket = await open(world);
      await socket.send('a');
      await arrived.promise;
      const since = world.now;
      await Promise.all([server.shutdown(SHUTDOWN), socket.closed]);
      expect(world.now - since).toBeGreaterThanOrEqual(1_000);
      expect(world.now - since).toBeLessThan(1_200);
    }));

  test('drops nothing that was under way to a reader, however slow it is', () =>
    simulated(async (world) => {
      const received: unknown[] = [];
      const server = await world.serve(
        talking(
          async (socket) => {
            for await (const message of socket) {
              received.push(message);
              await world.sleep(50);
            }
          },
          { limits: { readAheadMessages: 1 } },
        ),
      );
      const socket = await open(world);
      const messages = Array.from({ length: 40 }, (_, index) => String(index));
      for (const message of messages) await socket.send(message);
      await Promise.all([server.shutdown(SHUTDOWN), socket.closed]);
      expect(received).toEqual(messages);
      expect(await socket.closed).toMatchObject({ code: 1001, isClean: true });
    }));

  test('drops what lies before a close frame when it is not read, after the deadline', () =>
    simulated(async (world) => {
      const given = deferred<WebSocket>();
      const options = { limits: { readAheadMessages: 2 }, deadlines: { close: 2_000 } };
      const server = await world.serve(
        talking(async (socket) => {
          given.resolve(socket);
          await socket.closed;
        }, options),
      );
      const socket = await open(world);
      for (let index = 0; index < 40; index += 1) await socket.send(String(index));
      const peer = await given.promise;
      await server.shutdown(SHUTDOWN);
      const end = await peer.closed;
      expect(end).toMatchObject({ code: 1001, by: 'local', isClean: true });
      expect(end.dropped).toBeGreaterThan(30);
      expect((await socket.closed).isClean).toBe(true);
    }));

  test('lets a message that is being sent in pieces come to its end', () =>
    simulated(async (world) => {
      const begun = deferred<void>();
      async function* slow(): AsyncGenerator<string> {
        yield 'a';
        begun.resolve();
        await world.sleep(3_000);
        yield 'b';
      }
      const server = await world.serve(talking((socket) => socket.sendStream(slow())));
      const socket = await open(world);
      await begun.promise;
      await Promise.all([
        server.shutdown(SHUTDOWN),
        (async () => {
          expect(await socket.receive()).toBe('ab');
          expect(await socket.receive()).toBeNull();
        })(),
      ]);
      expect(await socket.closed).toMatchObject({ code: 1001, isClean: true });
    }));

  test('aborts WebSockets whose peers do not answer at the end of its grace', () =>
    simulated(async (world) => {
      const server = await world.serve(echoing);
      const wire = await world.connect();
      await wire.send(
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      await wire.head();
      const answering = await open(world);
      const since = world.now;
      const [report] = await Promise.all([
        server.shutdown({ grace: 3_000, idleWindow: 0 }),
        answering.closed,
      ]);
      expect(world.now - since).toBe(3_000);
      expect(report).toMatchObject({ upgraded: 1, completed: 0 });
      expect(report.aborted).toHaveLength(1);
    }));

  test('closes one that is opened while it shuts down', () =>
    simulated(async (world) => {
      const entered = deferred<void>();
      const server = await world.serve(async (request, context) => {
        entered.resolve();
        await world.sleep(100);
        await echoing(request, context);
      });
      const opening = open(world);
      await entered.promise;
      const [report, socket] = await Promise.all([server.shutdown(SHUTDOWN), opening]);
      expect(await socket.closed).toMatchObject({ code: 1001, by: 'peer', isClean: true });
      expect(report.upgraded).toBe(1);
    }));
});

test('a WebSocket whose server shuts down while its response is written gets its goodbye too', () =>
  simulated(async (world) => {
    const server = await world.serve(async (request, context) => {
      const upgrade: typeof context.upgrade = async (options) => {
        const switched = await context.upgrade(options);
        // The client takes its time to read the response.
        await world.sleep(100);
        return switched;
      };
      const socket = await webSocket(request, { upgrade, clock: context.clock });
      await socket.closed;
    });
    const opening = open(world);
    await world.sleep(50);
    const [report, socket] = await Promise.all([server.shutdown(SHUTDOWN), opening]);
    expect(await socket.closed).toMatchObject({ code: 1001, by: 'peer', isClean: true });
    expect(report).toMatchObject({ upgraded: 1, webSockets: 1, aborted: [] });
  }));

describe('a handler that sends when it is too late', () => {
  test('since its server shuts down is not reported, and does not hold the goodbye up', () =>
    simulated(async (world) => {
      const answering = talking(
        async (socket) => {
          for await (const message of socket) await socket.send(message);
        },
        { limits: { readAheadMessages: 1 } },
      );
      const server = await world.serve(answering);
      const socket = await open(world, { limits: { pendingSends: 1_000 } });
      await socket.send('a');
      expect(await socket.receive()).toBe('a');
      const since = world.now;
      const shutdown = server.shutdown(SHUTDOWN);
      // Under way when the close frame is sent, and more than are read ahead.
      for (let index = 0; index < 100; index += 1) socket.send(`${index} `).catch(() => {});
      for await (const message of socket) expect(message.length).toBeGreaterThan(0);
      expect(await socket.closed).toMatchObject({ code: 1001, by: 'peer', isClean: true });
      expect((await shutdown).aborted).toEqual([]);
      expect(world.now - since).toBeLessThan(1_000);
      expect(world.errors).toEqual([]);
    }));

  test.each<[string, WebSocketOptions, (socket: WebSocket) => unknown]>([
    [
      'it was idle',
      { deadlines: { idle: 100 } },
      async (socket) => {
        while (socket.isOpen) await socket.receive({ timeout: 10 }).catch(() => {});
        await socket.send('late');
      },
    ],
    [
      'it was too slow for a topic',
      {},
      async (socket) => {
        const topic = new Topic({ capacity: 1 });
        topic.join(socket);
        for (let index = 0; index < 100; index += 1) topic.publish('x'.repeat(100_000));
        while (socket.isOpen) await socket.receive({ timeout: 10 }).catch(() => {});
        await socket.send('late');
      },
    ],
  ])('since %s is not reported', (_what, options, talk) =>
    simulated(async (world) => {
      await world.serve(talking(talk, options));
      const socket = await open(world);
      await world.sleep(1_000);
      for await (const message of socket) expect(message).toBeDefined();
      expect((await socket.closed).isClean).toBe(true);
      expect(world.errors).toEqual([]);
    }),
  );

  test('since it has closed itself is reported', () =>
    simulated(async (world) => {
      await world.serve(
        talking(async (socket) => {
          void socket.close();
          await socket.send('late');
        }),
      );
      const socket = await open(world);
      await socket.receive().catch(() => {});
      await world.sleep(100);
      expect(world.errors).toMatchObject([{ code: 'ERR_WEBSOCKET_CLOSED' }]);
    }));
});
