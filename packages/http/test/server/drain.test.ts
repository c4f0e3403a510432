import { describe, expect, test } from '@jest/globals';
import { TimeoutError } from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import { CALM } from '@awaitio/core/testing';
import { echo, HttpResponse, type HttpServer } from '../../src/index.ts';
import { reportOf } from '../support/report-of.ts';
import { lend } from '../support/lend.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const get = (path: string): string => GET.replace('/', path);

/** A connection that has had one answer, and idles. */
async function idle(world: World): Promise<Wire> {
  const wire = await world.connect();
  await wire.send(GET);
  await wire.response();
  return wire;
}

/** Waits as many milliseconds as the path says. */
const waiting = (world: World) => async (request: { readonly path: string }) => {
  await world.sleep(Number(request.path.slice(1)));
  return HttpResponse.text(request.path);
};

describe('a shutdown', () => {
  test('of a server without connections is over at once, and reports nothing', () =>
    simulated(async (world) => {
      const server = await world.serve(echo());
      expect(await server.shutdown()).toEqual(reportOf({}));
      expect(world.now).toBe(0);
    }));

  test('turns new connections away from its beginning', () =>
    simulated(async (world) => {
      const server = await world.serve(waiting(world));
      const wire = await world.connect();
      await wire.send(get('/300'));
      await world.sleep(10);
      const report = server.shutdown();
      await expect(world.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      expect((await wire.response()).body).toBe('/300');
      await wire.close();
      expect((await report).completed).toBe(1);
    }));

  test('closes connections that were never used at once', () =>
    simulated(async (world) => {
      const server = await world.serve(echo());
      const wires = [await world.connect(), await world.connect()];
      await world.sleep(1_000);
      const since = world.now;
      const report = server.shutdown();
      for (const wire of wires) expect(await wire.rest()).toBe('');
      expect(world.now - since).toBeLessThan(10);
      expect(await report).toEqual(reportOf({ idleClosed: 2 }));
    }));

  test('answers the request of a connection that has just been made', () =>
    simulated(
      async (world) => {
        const server = await world.serve(waiting(world));
        const wire = await world.connect();
        await world.sleep(60);
        const sent = wire.send(get('/10'));
        // The server has the connection, and its first bytes are on their way.
        await world.sleep(10);
        const report = server.shutdown();
        await sent;
        const { body, get: field } = await wire.response();
        expect([body, field('connection')]).toEqual(['/10', 'close']);
        await wire.close();
        expect(await report).toEqual(reportOf({ completed: 1 }));
      },
      { latency: [50, 50] },
    ));

  test('lets what runs end, and says close with its answer', () =>
    simulated(async (world) => {
      const server = await world.serve(waiting(world));
      const wires = [await world.connect(), await world.connect()];
      await wires[0]?.send(get('/1000'));
      await wires[1]?.send(get('/3000'));
      await world.sleep(100);
      const report = server.shutdown();
      for (const wire of wires) {
        expect((await wire.response()).get('connection')).toBe('close');
        expect(await wire.rest()).toBe('');
        await wire.close();
      }
      expect(await report).toEqual(reportOf({ completed: 2 }));
      expect(world.now).toBeLessThan(3_200);
    }));

  test('answers what comes on idle connections for a while, and then closes them', () =>
    simulated(async (world) => {
      const server = await world.serve(echo());
      const late = await idle(world);
      const never = await idle(world);
      const report = server.shutdown();
      await world.sleep(400);
      expect(late.stream.isReadable).toBe(false);
      await late.send(GET);
      const answer = await late.response();
      expect([answer.body, answer.get('connection')]).toEqual(['echo: ', 'close']);
      await late.close();
      const since = world.now;
      expect(await never.rest()).toBe('');
      expect(world.now - since).toBeLessThan(200);
      await never.close();
      expect(await report).toEqual(reportOf({ completed: 1, idleClosed: 1 }));
    }));

  test('closes a connection that falls idle only after that, without cutting it', () =>
    simulated(async (world) => {
      const server = await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            // Its head is out, and has not said close, when the shutdown begins.
            yield 'one ';
            await world.sleep(2_000);
            yield 'two';
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(100);
      const report = server.shutdown({ grace: 60_000 });
      const answer = await wire.response();
      expect([answer.body, answer.get('connection')]).toEqual(['one two', undefined]);
      const since = world.now;
      expect(await wire.rest()).toBe('');
      expect(world.now - since).toBeGreaterThanOrEqual(490);
      expect(world.now - since).toBeLessThan(610);
      await wire.close();
      expect(await report).toEqual(reportOf({ completed: 1 }));
    }));

  test('gives a connection that falls idle just before that its own window', () =>
    simulated(async (world) => {
      const server = await world.serve((request) =>
        HttpResponse.stream(
          (async function* () {
            yield 'one ';
            await world.sleep(Number(request.path.slice(1)));
            yield 'two';
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(get('/500'));
      await world.sleep(50);
      const report = server.shutdown();
      await wire.response();
      await world.sleep(200);
      await wire.send(get('/1'));
      expect((await wire.response()).get('connection')).toBe('close');
      await wire.close();
      expect(await report).toEqual(reportOf({ completed: 1 }));
    }));

  test('does not take up what is pipelined behind an answer that said close', () =>
    simulated(async (world) => {
      const server = await world.serve(waiting(world));
      const wire = await world.connect();
      await wire.send(get('/100') + get('/1') + get('/2'));
      await world.sleep(50);
      const report = server.shutdown();
      expect((await wire.response()).get('connection')).toBe('close');
      expect(await wire.rest()).toBe('');
      await wire.close();
      expect((await report).completed).toBe(1);
    }));

  test('cuts what has not ended in time, and names it', () =>
    simulated(async (world) => {
      const signals: AbortSignal[] = [];
      const server = await world.serve(async (request) => {
        signals.push(request.signal);
        await world.sleep(60_000);
        return HttpResponse.text('too late');
      });
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(10);
      const since = world.now;
      const report = await server.shutdown({ grace: 2_000 });
      expect(world.now - since).toBeGreaterThanOrEqual(2_000);
      expect(world.now - since).toBeLessThan(2_010);
      expect(report).toEqual(reportOf({ aborted: ['client:49153'] }));
      expect(signals[0]?.aborted).toBe(true);
      await expect(wire.rest()).rejects.toThrow('reset');
      // The handler goes on, and its answer goes nowhere.
      await world.sleep(60_000);
      expect(world.errors).toEqual([]);
    }));

  test('is over at its deadline though a handler, a body or work after an answer never ends', () =>
    simulated(async (world) => {
      const { promise: never, resolve } = deferred<void>();
      const server = await world.serve(async (request, context) => {
        if (request.path === '/handler') await never;
        if (request.path === '/work') context.waitUntil(never);
        if (request.path !== '/body') return HttpResponse.text('done');
        return HttpResponse.stream(
          (async function* () {
            yield 'one';
            await never;
          })(),
        );
      });
      for (const path of ['/handler', '/body', '/work'])
        await (await world.connect()).send(get(path));
      await world.sleep(10);
      const since = world.now;
      const report = await server.shutdown({ grace: 2_000 });
      expect(world.now - since).toBeLessThan(2_010);
      expect(report.aborted).toHaveLength(2);
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([expect.any(TimeoutError)]);
      // The abandoned work ends later, without further errors.
      resolve();
      await world.sleep(10);
      expect(world.errors).toHaveLength(1);
    }));

  test('without grace cuts at once', () =>
    simulated(async (world) => {
      const server = await world.serve(waiting(world));
      const wire = await world.connect();
      await wire.send(get('/1000'));
      await world.sleep(10);
      const since = world.now;
      expect((await server.shutdown({ grace: 0 })).aborted).toHaveLength(1);
      expect(world.now).toBe(since);
    }));

  test('waits for upgraded connections, and cuts those as well', () =>
    simulated(async (world) => {
      const server = await world.serve(async (_request, context) => {
        const { stream } = await context.upgrade({
          headers: { Connection: 'Upgrade', Upgrade: 'chat' },
        });
        await stream.readLine();
      });
      const wire = await world.connect();
      await wire.send(GET.replace('\r\n\r\n', '\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n'));
      await wire.head();
      const since = world.now;
      expect((await server.shutdown({ grace: 1_000 })).aborted).toHaveLength(1);
      expect(world.now - since).toBeGreaterThanOrEqual(1_000);
    }));

  test('happens once, however often it is asked for', () =>
    simulated(async (world) => {
      const server = await world.serve(echo());
      await idle(world);
      const [first, second] = await Promise.all([server.shutdown(), server.shutdown()]);
      expect(second).toBe(first);
      await server[Symbol.asyncDispose]();
      expect(await server.shutdown()).toBe(first);
    }));

  test('follows an abort of the signal that the server was given', () =>
    simulated(async (world) => {
      const controller = new AbortController();
      const server = await world.serve(echo(), { signal: controller.signal });
      const wire = await idle(world);
      controller.abort();
      expect(await wire.rest()).toBe('');
      await wire.close();
      expect((await server.shutdown()).idleClosed).toBe(1);
    }));

  test.each([{ grace: -1 }, { grace: NaN }, { idleWindow: -1 }, { lameDuck: -1 }])(
    'refuses %j',
    (options) =>
      simulated(async (world) => {
        const server = await world.serve(echo());
        await expect(server.shutdown(options)).rejects.toThrow(
          `expected \`${Object.keys(options).join()}\` to be a number of milliseconds from 0`,
        );
        await server.shutdown();
      }),
  );

  test('leaves no more than one listener on a signal that outlives many servers', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await simulated(async (world) => {
      for (let port = 1; port <= 20; port += 1) {
        const listener = await world.sim.host('server').listen(port);
        const server = await world.serve(echo(), { signal, listener });
        await server.shutdown();
      }
    });
    expect(listeners).toBe(1);
  });
});

describe('a server that is restarted under load', () => {
  test(
    'loses no request, over two hundred restarts',
    () =>
      simulated(
        async (world) => {
          const listener = await world.sim.host('server').listen(80);
          const handled = new Map<string, number>();
          const start = (): Promise<HttpServer> =>
            world.serve(
              async (request) => {
                const id = await request.text();
                handled.set(id, (handled.get(id) ?? 0) + 1);
                await world.sleep(world.sim.random.integer(0, 20));
                return HttpResponse.text(id);
              },
              { listener: lend(listener) },
            );
          let server = await start();
          const over = new AbortController();
          let answered = 0;
          // POST is never repeated by the client: one that is lost is an error here.
          const load = [0, 1, 2].map(async (loop) => {
            const client = world.client();
            for (let n = 0; !over.signal.aborted; n += 1) {
              const id = `${loop}-${n}`;
              const response = await client.post('http://server/', id);
              expect([response.status, await response.text()]).toEqual([200, id]);
              answered += 1;
            }
          });
          const restarts = (async () => {
            for (let n = 0; n < 200; n += 1) {
              await world.sleep(world.sim.random.integer(0, 50));
              const old = server;
              server = await start();
              const report = await old.shutdown({ idleWindow: 100 });
              expect(report.aborted).toEqual([]);
            }
            over.abort();
          })();
          await Promise.all([restarts, ...load]);
          expect(answered).toBeGreaterThan(1_000);
          expect(handled.size).toBe(answered);
          expect(new Set(handled.values())).toEqual(new Set([1]));
        },
        // A client that the network keeps longer than `idleWindow` from its answer could come too late.
        { seed: 1, latency: [1, 5], faults: { ...CALM, split: 0.2, partialWrite: 0.2 } },
      ),
    60_000,
  );
});
