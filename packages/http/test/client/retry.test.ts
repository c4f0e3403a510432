/**
 * Connections that the server closed while they idled: a caller never sees them when repeating the request is safe, and
 * a request is never repeated when it is not.
 */

import { describe, expect, test } from '@jest/globals';
import { BrokenError, IoError } from '@awaitio/core';
import { echo, HttpResponse, type HttpClient } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const URL_ = 'http://server/';
const OK = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok';

/** A client with one connection that has served and idles, and the server's end of it. */
async function withIdle(world: World): Promise<{
  client: HttpClient;
  wire: Wire;
  accept: () => Promise<Wire>;
}> {
  const server = await world.listen();
  const client = world.client();
  const first = client.get(URL_);
  const wire = await server.accept();
  await wire.head();
  await wire.send(OK);
  await (await first).text();
  return { client, wire, accept: () => server.accept() };
}

describe('a connection that was closed while it idled', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])(
    'is not noticed by %s: the request is sent again on a new one',
    (method) =>
      simulated(async (world) => {
        const { client, wire, accept } = await withIdle(world);
        const answer = client.request(method, URL_);
        // The request and the end of the connection pass each other on the way.
        await wire.finish();
        const again = await accept();
        expect(await again.head()).toContain(`${method} / HTTP/1.1\r\n`);
        await again.send(method === 'HEAD' ? OK.slice(0, -2) : OK);
        expect((await answer).status).toBe(200);
        await wire.close();
      }),
  );

  test.each([
    ['resets', 'reset'],
    ['ends', 'finish'],
  ])('and %s under the request is not noticed by GET', (_how, how) =>
    simulated(async (world) => {
      const { client, wire, accept } = await withIdle(world);
      const answer = client.get(URL_);
      await wire.head();
      if (how === 'reset') wire.stream.reset();
      else await wire.finish();
      const again = await accept();
      await again.head();
      await again.send(OK);
      expect(await (await answer).text()).toBe('ok');
      await wire.close();
    }),
  );

  test.each<[string, string | string[] | undefined]>([
    ['POST', 'body'],
    ['PATCH', 'body'],
    ['PUT', ['a', 'stream']],
  ])('fails %s of %j, which may not be sent twice', (method, body) =>
    simulated(async (world) => {
      const { client, wire, accept } = await withIdle(world);
      const failure = client.request(method, URL_, { body }).catch((error: unknown) => error);
      await wire.head();
      wire.stream.reset();
      expect(await failure).toBeInstanceOf(BrokenError);
      let connections = 0;
      const more = accept().then(() => (connections += 1));
      await world.sleep(1_000);
      expect(connections).toBe(0);
      more.catch(() => {});
    }),
  );

  test('is not used at all when its end was seen before: then POST is sent, on a new one', () =>
    simulated(async (world) => {
      const { client, wire, accept } = await withIdle(world);
      await wire.finish();
      await world.sleep(10);
      const answer = client.post(URL_, 'body');
      const again = await accept();
      await again.head();
      await again.send(OK);
      expect(await (await answer).text()).toBe('ok');
      await wire.close();
    }));

  test('fails GET when a byte of an answer has come', () =>
    simulated(async (world) => {
      const { client, wire } = await withIdle(world);
      const failure = client.get(URL_).catch((error: unknown) => error);
      await wire.head();
      await wire.send('H');
      await world.sleep(10);
      wire.stream.reset();
      expect(await failure).toBeInstanceOf(IoError);
    }));

  test('fails GET when only an informational response has come', () =>
    simulated(async (world) => {
      const { client, wire } = await withIdle(world);
      const failure = client.get(URL_).catch((error: unknown) => error);
      await wire.head();
      await wire.send('HTTP/1.1 103 Early Hints\r\n\r\n');
      await world.sleep(10);
      wire.stream.reset();
      expect(await failure).toBeInstanceOf(IoError);
    }));

  test('is no excuse on a connection that never served: the request fails once and for all', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const failure = world
        .client()
        .get(URL_)
        .catch((error: unknown) => error);
      const wire = await server.accept();
      await wire.head();
      wire.stream.reset();
      expect(await failure).toBeInstanceOf(BrokenError);
    }));

  test('is followed by another one, and another: the request tries on until one is fresh', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client({ maxConnectionsPerOrigin: 3 });
      const wires: Wire[] = [];
      const firsts = [1, 2, 3].map(() => client.get(URL_));
      for (let n = 0; n < 3; n += 1) wires.push(await server.accept());
      for (const wire of wires) {
        await wire.head();
        await wire.send(OK);
      }
      for (const first of firsts) await (await first).text();
      // All three are taken, and break under their requests: each repeats, in the place of another.
      const outcomes = [1, 2, 3].map(async () => (await client.get(URL_)).text());
      for (const wire of wires) {
        await wire.head();
        wire.stream.reset();
      }
      for (let n = 0; n < 3; n += 1) {
        const again = await server.accept();
        await again.head();
        await again.send(OK);
      }
      expect(await Promise.all(outcomes)).toEqual(['ok', 'ok', 'ok']);
    }));

  test('of a request that was given up is not made good', () =>
    simulated(async (world) => {
      const { client, wire, accept } = await withIdle(world);
      const controller = new AbortController();
      const failure = client
        .get(URL_, { signal: controller.signal })
        .catch((error: unknown) => error);
      await wire.head();
      controller.abort(new RangeError('enough'));
      expect(await failure).toEqual(new RangeError('enough'));
      let connections = 0;
      const more = accept().then(() => (connections += 1));
      await world.sleep(1_000);
      expect(connections).toBe(0);
      more.catch(() => {});
    }));
});

test('a server whose patience is shorter than the pause of its client loses no GET, at any pause', () =>
  simulated(async (world) => {
    await world.serve(echo(), { deadlines: { idle: 1_000 } });
    const client = world.client({ deadlines: { idle: 60_000 } });
    // Around the moment at which the server closes, in steps of a tenth of a millisecond.
    for (let pause = 990; pause < 1_060; pause += 0.7) {
      expect((await client.get(URL_)).status).toBe(200);
      await world.sleep(pause);
    }
  }));

test('a client whose patience is shorter than its server has never loses a POST', () =>
  simulated(
    async (world) => {
      await world.serve(async (request) => HttpResponse.text(await request.text()));
      const client = world.client();
      for (let pause = 3_900; pause < 6_200; pause += 37) {
        expect(await (await client.post(URL_, 'body')).text()).toBe('body');
        await world.sleep(pause);
      }
    },
    { latency: [1, 100] },
  ));
