/** Clients at the door of a server that shuts down: in their handshake, or with half a head. */

import { describe, expect, test } from '@jest/globals';
import { startTls, TlsListener, type ByteStream } from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { echo, HttpResponse, type HttpServer } from '../../src/index.ts';
import { reportOf } from '../support/report-of.ts';
import { simulated, type World } from '../support/simulated.ts';
import { Wire } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('a shutdown and half a head', () => {
  test.each(['', GET])('gives half a head after %j the window of an idle connection', (before) =>
    simulated(async (world) => {
      const server = await world.serve(echo());
      const wire = await world.connect();
      await wire.send(`${before}GET / HT`);
      if (before !== '') await wire.response();
      await world.sleep(100);
      const report = server.shutdown();
      await world.sleep(400);
      await wire.send('TP/1.1\r\nHost: a\r\n\r\n');
      expect((await wire.response()).get('connection')).toBe('close');
      await wire.close();
      expect(await report).toEqual(reportOf({ completed: 1 }));
    }),
  );

  test.each(['', GET])('closes a connection with half a head after %j as an idle one', (before) =>
    simulated(async (world) => {
      const server = await world.serve(echo());
      const wire = await world.connect();
      await wire.send(`${before}GET / HT`);
      if (before !== '') await wire.response();
      await world.sleep(1_000);
      const since = world.now;
      const report = await server.shutdown();
      expect(world.now - since).toBeGreaterThanOrEqual(500);
      expect(world.now - since).toBeLessThan(520);
      expect(report).toEqual(reportOf({ idleClosed: 1 }));
      expect(await wire.rest()).toBe('');
    }),
  );

  test('is not held up by a head that begins on a connection that became idle later', () =>
    simulated(async (world) => {
      const server = await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            yield 'one ';
            await world.sleep(1_000);
            yield 'two';
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send(GET);
      await world.sleep(100);
      const report = server.shutdown({ grace: 60_000 });
      await wire.response();
      const since = world.now;
      await wire.send('GET / HT');
      expect((await wire.response()).status).toBe(408);
      expect(world.now - since).toBeLessThan(600);
      await wire.close();
      expect((await report).aborted).toEqual([]);
    }));
});

describe('a shutdown and handshakes', () => {
  const authority = new TestAuthority();
  const identity = authority.issue(['server']);
  const CLIENTS = 60;

  /** A server with TLS on port 443. */
  async function serveTls(world: World): Promise<HttpServer> {
    const below = await world.sim.host('server').listen(443);
    const { clock } = world.sim;
    return world.serve(echo(), { listener: TlsListener.over(below, { ...identity, clock }) });
  }

  const connect = (world: World): Promise<ByteStream> =>
    world.sim.host('client').connect('server:443');

  const shake = (world: World, stream: ByteStream): Promise<ByteStream> => {
    const { clock } = world.sim;
    return startTls(stream, { servername: 'server', ca: authority.cert, clock });
  };

  test('serves all clients that were in theirs', () =>
    simulated(
      async (world) => {
        const server = await serveTls(world);
        const answers = Array.from({ length: CLIENTS }, async () => {
          const wire = new Wire(await shake(world, await connect(world)));
          await wire.send(GET);
          const { status, get } = await wire.response();
          await wire.close();
          return [status, get('connection')];
        });
        // All are connected, and none has ended its handshake, which takes until 250 ms.
        await world.sleep(160);
        const report = server.shutdown();
        expect(await Promise.all(answers)).toEqual(
          Array.from({ length: CLIENTS }, () => [200, 'close']),
        );
        expect(await report).toEqual(reportOf({ completed: CLIENTS }));
      },
      { latency: [50, 50] },
    ));

  test('is not held up by a client that is silent in its handshake', () =>
    simulated(async (world) => {
      const server = await serveTls(world);
      const old = await connect(world);
      await world.sleep(400);
      const fresh = await connect(world);
      await world.sleep(100);
      const since = world.now;
      const report = await server.shutdown({ grace: 60_000 });
      expect(world.now - since).toBeGreaterThanOrEqual(390);
      expect(world.now - since).toBeLessThan(450);
      expect(report).toEqual(reportOf({}));
      for (const stream of [old, fresh]) await expect(stream.readChunk()).rejects.toThrow('reset');
    }));

  test('closes a client that ended its handshake and asked for nothing', () =>
    simulated(async (world) => {
      const server = await serveTls(world);
      const raw = await connect(world);
      await world.sleep(10);
      const since = world.now;
      const report = server.shutdown({ grace: 60_000 });
      await world.sleep(300);
      const stream = await shake(world, raw);
      expect(await stream.readChunk()).toBeNull();
      await stream.close();
      expect((await report).aborted).toEqual([]);
      expect(world.now - since).toBeLessThan(1_000);
    }));

  test('ends them with its grace', () =>
    simulated(async (world) => {
      const server = await serveTls(world);
      const raw = await connect(world);
      await world.sleep(10);
      const since = world.now;
      await server.shutdown({ grace: 200, idleWindow: 10_000 });
      expect(world.now - since).toBeLessThan(210);
      await expect(raw.readChunk()).rejects.toThrow('reset');
    }));
});
