import { describe, expect, test } from '@jest/globals';
import { AddressError, ClosedError, TimeoutError } from '@awaitio/core';
import { HttpResponse, type HttpClientOptions } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const URL_ = 'http://server/';
const ok = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

/** Takes a request and answers it. */
async function answer(wire: Wire, body: string): Promise<void> {
  await wire.head();
  await wire.send(ok(body));
}

/** A client whose first request has come to a server that the test plays by hand. */
async function firstRequest(world: World, options?: HttpClientOptions) {
  const server = await world.listen();
  const client = world.client(options);
  const response = client.get(URL_);
  return { server, client, response, wire: await server.accept() };
}

/** Serves the path, after as many milliseconds as the query says. */
async function servePaths(world: World): Promise<void> {
  await world.serve(async (request) => {
    await world.sleep(Number(request.query().get('wait') ?? 0));
    return HttpResponse.text(request.path);
  });
}

describe('a pool', () => {
  test('sends one request after another on one connection', () =>
    simulated(async (world) => {
      await servePaths(world);
      const client = world.client();
      for (let n = 0; n < 20; n += 1) {
        expect(await (await client.get(`${URL_}${n}`)).text()).toBe(`/${n}`);
      }
      expect(client.statistics()).toEqual({ 'http://server': { open: 1, idle: 1, waiting: 0 } });
    }));

  test('makes as many connections as there are requests at once, and no more than its limit', () =>
    simulated(async (world) => {
      await servePaths(world);
      const client = world.client({ maxConnectionsPerOrigin: 3 });
      const answers = [1, 2, 3, 4, 5, 6, 7].map((n) => client.get(`${URL_}${n}?wait=100`));
      await world.sleep(50);
      expect(client.statistics()['http://server']).toEqual({ open: 3, idle: 0, waiting: 4 });
      for (const [index, response] of (await Promise.all(answers)).entries()) {
        expect(await response.text()).toBe(`/${index + 1}`);
      }
      expect(client.statistics()['http://server']).toEqual({ open: 3, idle: 3, waiting: 0 });
    }));

  test('serves those that wait in order', () =>
    simulated(async (world) => {
      await servePaths(world);
      const client = world.client({ maxConnectionsPerOrigin: 1 });
      const order: string[] = [];
      await Promise.all(
        ['a', 'b', 'c', 'd'].map(async (path) => {
          order.push(await (await client.get(URL_ + path)).text());
        }),
      );
      expect(order).toEqual(['/a', '/b', '/c', '/d']);
    }));

  test('keeps to its limit when a connection goes and a request comes at the same moment', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client({ maxConnectionsPerOrigin: 1 });
      const controller = new AbortController();
      const first = client.get(URL_, { signal: controller.signal }).catch(() => 'given up');
      await server.accept();
      const second = client.get(URL_);
      await world.sleep(10);
      controller.abort();
      const third = client.get(URL_);
      const wire = await server.accept();
      await answer(wire, 'second');
      expect(await first).toBe('given up');
      expect(await (await second).text()).toBe('second');
      await answer(wire, 'third');
      expect(await (await third).text()).toBe('third');
    }));

  test('keeps the origins apart', () =>
    simulated(async (world) => {
      await servePaths(world);
      const other = await world.listen(8080);
      const client = world.client({ maxConnectionsPerOrigin: 1 });
      const blocked = client.get('http://server:8080/');
      const wire = await other.accept();
      expect(await (await client.get(`${URL_}x`)).text()).toBe('/x');
      await answer(wire, 'at last');
      expect(await (await blocked).text()).toBe('at last');
      expect(Object.keys(client.statistics())).toEqual(['http://server:8080', 'http://server']);
    }));

  test('without a connection is forgotten when a client has seen many origins', () =>
    simulated(async (world) => {
      await servePaths(world);
      const client = world.client();
      await (await client.get(URL_)).text();
      for (let port = 1_000; port < 1_500; port += 1) {
        await expect(client.get(`http://server:${port}/`)).rejects.toThrow(AddressError);
      }
      const statistics = client.statistics();
      expect(Object.keys(statistics).length).toBeLessThanOrEqual(64);
      expect(statistics['http://server']).toEqual({ open: 1, idle: 1, waiting: 0 });
    }));

  test('gives up waiting for a connection after a while', () =>
    simulated(async (world) => {
      const {
        client,
        wire,
        response: first,
      } = await firstRequest(world, { maxConnectionsPerOrigin: 1, deadlines: { pool: 1_000 } });
      const failure = await client.get(URL_).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TimeoutError);
      expect(failure).toMatchObject({ operation: 'pool' });
      await answer(wire, 'first');
      expect(await (await first).text()).toBe('first');
    }));

  test('lets the next request in when a connection cannot be made', () =>
    simulated(async (world) => {
      world.sim.host('server');
      const client = world.client({ maxConnectionsPerOrigin: 1 });
      const codes = await Promise.all(
        [1, 2, 3].map(() => client.get(URL_).catch((error: { code: string }) => error.code)),
      );
      expect(codes).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED']);
    }));

  test('closes a connection that no one used for a while', () =>
    simulated(async (world) => {
      const { client, wire, response } = await firstRequest(world);
      await answer(wire, 'body');
      await (await response).text();
      const since = world.now;
      expect(await wire.rest()).toBe('');
      expect(world.now - since).toBeGreaterThanOrEqual(4_000);
      expect(world.now - since).toBeLessThan(4_100);
      await wire.close();
      expect((await wire.closed).how).toBe('eof');
      expect(client.statistics()['http://server']).toEqual({ open: 0, idle: 0, waiting: 0 });
    }));

  test('lets a connection go when its server ends it', () =>
    simulated(async (world) => {
      const { client, wire, response } = await firstRequest(world);
      await answer(wire, 'body');
      await (await response).text();
      await wire.finish();
      await wire.closed;
      expect(client.statistics()['http://server']).toEqual({ open: 0, idle: 0, waiting: 0 });
    }));

  test.each([
    ['Connection: close', 'Connection: close\r\n'],
    ['no length, so that the end of the connection is the end of the body', undefined],
  ])('does not use a connection again after an answer with %s', (_what, field) =>
    simulated(async (world) => {
      const { client, wire, response } = await firstRequest(world);
      await wire.head();
      await wire.send(
        field === undefined
          ? 'HTTP/1.1 200 OK\r\n\r\nbody'
          : `HTTP/1.1 200 OK\r\n${field}Content-Length: 4\r\n\r\nbody`,
      );
      if (field === undefined) await wire.finish();
      expect(await (await response).text()).toBe('body');
      expect(await wire.rest()).toBe('');
      expect(client.statistics()['http://server']?.open).toBe(0);
    }),
  );

  test('does not use a connection of HTTP/1.0 again, unless it says keep-alive', () =>
    simulated(async (world) => {
      const { client, wire, response: first } = await firstRequest(world);
      await wire.head();
      await wire.send('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na');
      expect(await (await first).text()).toBe('a');
      const second = client.get(URL_);
      await wire.head();
      await wire.send('HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nb');
      expect(await (await second).text()).toBe('b');
      expect(await wire.rest()).toBe('');
    }));

  test('does not use a connection again on which something came that no one asked for', () =>
    simulated(async (world) => {
      const { server, client, wire, response: first } = await firstRequest(world);
      await answer(wire, 'good');
      expect(await (await first).text()).toBe('good');
      await wire.send(ok('evil'));
      await world.sleep(100);
      const second = client.get(URL_);
      const other = await server.accept();
      await answer(other, 'good');
      expect(await (await second).text()).toBe('good');
    }));

  test('gives no request the second of two answers that came in one packet', () =>
    simulated(async (world) => {
      const { server, client, wire, response: first } = await firstRequest(world);
      await wire.head();
      await wire.send(ok('good') + ok('evil'));
      expect(await (await first).text()).toBe('good');
      const second = client.get(URL_);
      const other = await server.accept();
      await answer(other, 'good');
      expect(await (await second).text()).toBe('good');
    }));
});

describe('closing a client', () => {
  test('fails the request that is under way and the one that waits, and makes no new connection', () =>
    simulated(async (world) => {
      // The connection has served before: a failure on it would else be taken for a stale connection.
      const {
        server,
        client,
        wire,
        response: zeroth,
      } = await firstRequest(world, { maxConnectionsPerOrigin: 1 });
      await answer(wire, 'zeroth');
      await (await zeroth).text();
      const outcomes = [client.get(URL_), client.get(URL_), client.get(URL_)].map((request) =>
        request.then(
          () => 'answered',
          (error: { code: string }) => error.code,
        ),
      );
      await wire.head();
      await client.close();
      expect(await Promise.all(outcomes)).toEqual([
        'ERR_HTTP_CLIENT_CLOSED',
        'ERR_HTTP_CLIENT_CLOSED',
        'ERR_HTTP_CLIENT_CLOSED',
      ]);
      const late = server.accept().then(() => 'a connection');
      expect(await Promise.race([late, world.sleep(1_000)])).toBeUndefined();
      late.catch(() => {});
    }));

  test('fails a request whose connection is being made', () =>
    simulated(async (world) => {
      await world.listen();
      const client = world.client();
      const outcome = client.get(URL_).catch((error: unknown) => error);
      await client.close();
      expect(await outcome).toBeInstanceOf(ClosedError);
      expect(world.now).toBeLessThan(100);
    }));

  test('is done once, and refuses requests after it', () =>
    simulated(async (world) => {
      const client = world.client();
      await client.close();
      await client.close();
      await expect(client.get(URL_)).rejects.toBeInstanceOf(ClosedError);
    }));
});
