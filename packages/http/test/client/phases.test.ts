/** What ends a request: each deadline, an abort in each phase, and a connection that breaks. */

import { describe, expect, test } from '@jest/globals';
import { AddressError, BrokenError, InvalidInputError, IoError, TimeoutError } from '@awaitio/core';
import { echo, HttpResponse, type ClientDeadlines, type RequestOptions } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';

const URL_ = 'http://server/';
const LATE = 105;

/** How a promise ends, and how long that takes. */
async function failureOf(world: World, work: Promise<unknown>) {
  const since = world.now;
  try {
    await work;
  } catch (error) {
    return { error, after: world.now - since };
  }
  throw new Error('it was expected to fail');
}

/** A server that takes connections and does with them what the test says. */
async function silentServer(world: World) {
  return world.listen();
}

describe('a deadline', () => {
  test.each([
    [undefined, 10_000],
    [1_000, 1_000],
  ])('of %s ms ends an attempt to connect', (connect, expected) =>
    simulated(async (world) => {
      await silentServer(world);
      world.sim.partition(world.sim.host('client'), world.sim.host('server'));
      const deadlines: Partial<ClientDeadlines> = connect === undefined ? {} : { connect };
      const { error, after } = await failureOf(world, world.client({ deadlines }).get(URL_));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ operation: 'connect' });
      expect(after).toBeGreaterThanOrEqual(expected);
      expect(after).toBeLessThanOrEqual(expected + LATE);
    }),
  );

  test.each([
    [undefined, 60_000],
    [2_000, 2_000],
  ])('of %s ms ends the wait for the head of an answer', (headers, expected) =>
    simulated(async (world) => {
      const server = await silentServer(world);
      const client = world.client({ deadlines: headers === undefined ? {} : { headers } });
      const failure = failureOf(world, client.get(URL_));
      const wire = await server.accept();
      await wire.head();
      const { error, after } = await failure;
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ operation: 'headers' });
      expect(after).toBeGreaterThanOrEqual(expected);
      expect(after).toBeLessThanOrEqual(expected + LATE);
      await expect(wire.rest()).rejects.toThrow('reset');
      expect(client.statistics()['http://server']?.open).toBe(0);
    }),
  );

  test('for a head is not met by a head that drips, nor by informational ones', () =>
    simulated(async (world) => {
      const server = await silentServer(world);
      const client = world.client({ deadlines: { headers: 2_000 } });
      const failure = failureOf(world, client.get(URL_));
      const wire = await server.accept();
      await wire.head();
      for (let n = 0; n < 3; n += 1) {
        await wire.send('HTTP/1.1 103 Early Hints\r\n\r\n');
        await world.sleep(500);
      }
      await wire.send('HTTP/1.1 200');
      const { error, after } = await failure;
      expect(error).toBeInstanceOf(TimeoutError);
      expect(after).toBeLessThanOrEqual(2_000 + LATE);
    }));

  test.each([
    ['bytes', new Uint8Array(400_000)],
    ['pieces', Array.from({ length: 40 }, () => new Uint8Array(10_000))],
  ])('for a head waits for a long request to be taken, in %s', (_how, body) =>
    simulated(async (world) => {
      const server = await silentServer(world);
      const client = world.client({ deadlines: { headers: 5_000 } });
      const answer = client.post(URL_, body, { length: 400_000 });
      const wire = await server.accept();
      await wire.head();
      for (let size = 0; size < 400_000;) {
        if (world.now < 11_000) await world.sleep(1_500);
        size += (await wire.stream.readChunk())?.length ?? 0;
      }
      expect(world.now).toBeGreaterThan(10_000);
      await wire.send('HTTP/1.1 204 No Content\r\n\r\n');
      expect((await answer).status).toBe(204);
    }),
  );

  test('for a head ends a request that no one takes', () =>
    simulated(async (world) => {
      const server = await silentServer(world);
      const client = world.client({ deadlines: { headers: 2_000, writeWindow: 2_000 } });
      const failure = failureOf(world, client.post(URL_, new Uint8Array(1_000_000)));
      await server.accept();
      const { error, after } = await failure;
      expect(error).toBeInstanceOf(TimeoutError);
      expect(after).toBeGreaterThanOrEqual(4_000);
      expect(after).toBeLessThanOrEqual(4_000 + LATE);
    }));

  test('for a head does not run while the program makes its body', () =>
    simulated(async (world) => {
      await world.serve(async (request) => HttpResponse.text(await request.text()), {
        deadlines: { bodyGrace: Infinity },
      });
      const body = (async function* () {
        yield 'one ';
        await world.sleep(10_000);
        yield 'two';
      })();
      const client = world.client({ deadlines: { headers: 2_000 } });
      expect(await (await client.post(URL_, body)).text()).toBe('one two');
    }));

  test.each([
    ['of the client', { deadlines: { total: 3_000 } }, {}],
    ['of the request', {}, { timeout: 3_000 }],
    ['of the request, not of the client', { deadlines: { total: 1_000 } }, { timeout: 3_000 }],
  ])('%s ends a whole request, body included', (_whose, options, request: RequestOptions) =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            for (;;) {
              yield 'piece';
              await world.sleep(500);
            }
          })(),
        ),
      );
      const client = world.client(options);
      const { error, after } = await failureOf(
        world,
        (async () => (await client.get(URL_, request)).text())(),
      );
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ operation: 'request' });
      expect(Math.round(after)).toBe(3_000);
    }),
  );

  test('for a whole request counts redirects, and the wait for a connection', () =>
    simulated(async (world) => {
      await world.serve(async () => {
        await world.sleep(400);
        return HttpResponse.empty({ status: 302, headers: { Location: '/again' } });
      });
      const client = world.client({ maxConnectionsPerOrigin: 1 });
      const first = failureOf(world, client.get(URL_, { timeout: 1_000 }));
      const second = failureOf(world, client.get(URL_, { timeout: 200 }));
      expect((await second).error).toBeInstanceOf(TimeoutError);
      expect(world.now).toBeLessThan(210);
      expect((await first).error).toBeInstanceOf(TimeoutError);
      expect(world.now).toBeLessThan(1_010);
    }));

  test('that was met leaves no timer behind', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const client = world.client({ deadlines: { idle: 100 } });
      const timers = world.sim.clock.size;
      for (let n = 0; n < 20; n += 1) {
        await (await client.post(URL_, 'body', { timeout: 1_000_000 })).text();
        const discarded = await client.post(URL_, 'body', { timeout: 1_000_000 });
        discarded.discard();
      }
      await client.close();
      await world.sleep(10_000);
      expect(world.sim.clock.size).toBeLessThanOrEqual(timers + 2);
    }));

  test('of a request that is cancelled while its body pauses is not set again when the body goes on', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const stop = new AbortController();
      let resume = (): void => {};
      const pause = new Promise<void>((resolve) => {
        resume = resolve;
      });
      const body = (async function* () {
        yield 'one ';
        await pause;
        yield 'two';
      })();
      const client = world.client({ deadlines: { headers: 5_000 } });
      const request = client.post(URL_, body, { signal: stop.signal });
      await (await server.accept()).head();
      await world.sleep(1_000);
      stop.abort('no longer needed');
      await expect(request).rejects.toBe('no longer needed');
      await world.sleep(10_000);
      const timers = world.sim.clock.size;
      resume();
      await world.sleep(1_000);
      expect(world.sim.clock.size).toBe(timers);
    }));

  test.each([-1, NaN, '1000'])('of %j is refused', (timeout) =>
    simulated(async (world) => {
      const request = world.client().get(URL_, { timeout: timeout as number });
      await expect(request).rejects.toBeInstanceOf(InvalidInputError);
    }),
  );
});

describe('an abort', () => {
  const reason = new RangeError('enough');

  test('before the request makes no connection', () =>
    simulated(async (world) => {
      const client = world.client();
      const request = client.get(URL_, { signal: AbortSignal.abort(reason) });
      await expect(request).rejects.toBe(reason);
      expect(client.statistics()).toEqual({});
    }));

  test.each<[string, number, (world: World) => Promise<void>]>([
    ['while it connects', 1, async (world) => void (await world.listen())],
    [
      'while it waits for a connection',
      500,
      async (world) => {
        await world.serve(() => world.sleep(60_000).then(() => HttpResponse.empty()));
      },
    ],
    [
      'while it waits for the head',
      500,
      async (world) => {
        await world.serve(() => world.sleep(60_000).then(() => HttpResponse.empty()));
      },
    ],
    [
      'while it reads the body',
      1_500,
      async (world) => {
        await world.serve(() =>
          HttpResponse.stream(
            (async function* () {
              yield 'one';
              await world.sleep(60_000);
            })(),
          ),
        );
      },
    ],
    ['while it sends a body that no one takes', 500, async (world) => void (await world.listen())],
  ])('%s ends it at once, with the reason, and its connection', (phase, at, setUp) =>
    simulated(async (world) => {
      await setUp(world);
      const controller = new AbortController();
      const client = world.client({
        maxConnectionsPerOrigin: phase.includes('for a conn') ? 1 : 8,
      });
      const other = phase.includes('for a conn') ? client.get(URL_).catch(() => {}) : undefined;
      const failure = failureOf(
        world,
        (async () => {
          const response = await client.request('POST', URL_, {
            signal: controller.signal,
            body: new Uint8Array(phase.includes('takes') ? 1_000_000 : 10),
          });
          await response.text();
        })(),
      );
      await world.sleep(at);
      controller.abort(reason);
      const { error, after } = await failure;
      expect(error).toBe(reason);
      expect(Math.round(after)).toBe(at);
      await client.close();
      await other;
    }),
  );

  test('after the response is whole does nothing', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const controller = new AbortController();
      const client = world.client();
      const response = await client.post(URL_, 'body', { signal: controller.signal });
      controller.abort(reason);
      expect(await response.text()).toBe('echo: body');
      expect(client.statistics()['http://server']).toMatchObject({ open: 1, idle: 1 });
    }));

  test('of a signal that serves many requests leaves one listener on it, with a timeout or without', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    await simulated(async (world) => {
      await world.serve(echo());
      const client = world.client();
      for (let n = 0; n < 30; n += 1) {
        const options = n % 2 === 0 ? { signal } : { signal, timeout: 10_000 };
        await (await client.post(URL_, 'body', options)).text();
      }
    });
    expect(listeners).toBe(1);
  });
});

describe('a connection that breaks', () => {
  test('while it is made fails with the address', () =>
    simulated(async (world) => {
      const client = world.client();
      world.sim.host('server');
      await expect(client.get(URL_)).rejects.toBeInstanceOf(AddressError);
      await expect(client.get('http://nowhere/')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    }));

  test.each([
    ['ends', 'finish'],
    ['resets', 'reset'],
  ])('because the server %s it before an answer fails the request', (_how, how) =>
    simulated(async (world) => {
      const server = await silentServer(world);
      const failure = failureOf(world, world.client().get(URL_));
      const wire = await server.accept();
      await wire.head();
      if (how === 'finish') await wire.finish();
      else wire.stream.reset();
      const { error } = await failure;
      expect(error).toBeInstanceOf(BrokenError);
      expect(error).toMatchObject({ code: 'ECONNRESET' });
    }),
  );

  test('inside a head is its own kind of error', () =>
    simulated(async (world) => {
      const server = await silentServer(world);
      const failure = failureOf(world, world.client().get(URL_));
      const wire = await server.accept();
      await wire.send('HTTP/1.1 200 OK\r\nContent-');
      await wire.finish();
      expect((await failure).error).toMatchObject({ code: 'ERR_HTTP_TRUNCATED' });
    }));

  test('fails each of many requests with an IoError, and leaves nothing', () =>
    simulated(async (world) => {
      const server = await silentServer(world);
      const client = world.client();
      const outcomes = Array.from({ length: 20 }, () =>
        client.post(URL_, 'body').catch((error: unknown) => error),
      );
      for (let n = 0; n < 20; n += 1) (await server.accept()).stream.reset();
      for (const outcome of await Promise.all(outcomes)) expect(outcome).toBeInstanceOf(IoError);
      expect(client.statistics()['http://server']).toEqual({ open: 0, idle: 0, waiting: 0 });
    }));
});

describe('a request that cannot be made', () => {
  test.each<[string, string, RequestOptions]>([
    ['GET', 'not a url', {}],
    ['GET', '/relative', {}],
    ['GET', 'ftp://server/', {}],
    ['g t', URL_, {}],
    ['GE T', URL_, {}],
    ['GET / HTTP/1.1\r\nX: y', URL_, {}],
    ['', URL_, {}],
    ['GET', URL_, { headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['GET', URL_, { headers: { 'X\r\nA': 'a' } }],
    ['POST', URL_, { body: 'four', headers: { 'Content-Length': '5' } }],
    ['POST', URL_, { body: 'four', headers: { 'Transfer-Encoding': 'chunked' } }],
    ['POST', URL_, { body: 42 as unknown as string }],
  ])('%s %s %j is refused, and nothing is sent', (method, url, options) =>
    simulated(async (world) => {
      const server = await world.listen();
      let received = '';
      const listening = server.accept().then(async (wire) => {
        received = await wire.rest().catch(() => '');
      });
      const client = world.client();
      await expect(client.request(method, url, options)).rejects.toThrow(
        /expected|Content-Length|Transfer-Encoding/,
      );
      await client.close();
      await world.sleep(100);
      expect(received).toBe('');
      await Promise.race([listening, world.sleep(10)]);
      listening.catch(() => {});
    }),
  );

  test('does not smuggle anything through its target', () =>
    simulated(async (world) => {
      await world.serve((request) => HttpResponse.text(request.target));
      const client = world.client();
      const url = 'http://server/a b\r\nX-Evil: 1/ü?q=\u{1f600} #fragment';
      expect(await (await client.get(url)).text()).toBe(
        '/a%20bX-Evil:%201/%C3%BC?q=%F0%9F%98%80%20',
      );
    }));
});
