/** Connections that are used again: no request is lost, or sent twice, because its server closed one. */
import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { TcpStream } from '@awaitio/core';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import { echo, failedRequestOf, HttpClient, type HttpClientOptions } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const URL_ = 'http://server/';
const ok = (fields = ''): string => `HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`;

/** A server that ends each connection after its answer, without saying so. Counts the requests that it has received. */
async function closingServer(world: World): Promise<{ readonly requests: string[] }> {
  const server = await world.listen();
  const requests: string[] = [];
  const serveOne = async (wire: Wire): Promise<void> => {
    const head = await wire.head();
    requests.push(...head.split('\r\n', 1));
    const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
    await wire.stream.readExactly(length);
    await wire.send(ok());
    await wire.close();
  };
  const accepting = (async () => {
    for (;;) serveOne(await server.accept()).catch(() => {});
  })();
  accepting.catch(() => {});
  return { requests };
}

describe('a server that ends each connection after its answer', () => {
  test('fails no GET of many callers with a pool of one', () =>
    simulated(async (world) => {
      const { requests } = await closingServer(world);
      const client = world.client({ maxConnectionsPerOrigin: 1 });
      const caller = async (): Promise<void> => {
        for (let n = 0; n < 150; n += 1) {
          expect(await (await client.get(URL_)).text()).toBe('ok');
        }
      };
      await Promise.all([caller(), caller()]);
      expect(requests.length).toBeGreaterThanOrEqual(300);
      expect(client.statistics()['http://server']?.waiting).toBe(0);
    }));

  test('fails no POST of many callers on a simulated network, and receives none twice', () =>
    simulated(async (world) => {
      const { requests } = await closingServer(world);
      const client = world.client({ maxConnectionsPerOrigin: 4 });
      const caller = async (): Promise<void> => {
        for (let n = 0; n < 100; n += 1) {
          expect(await (await client.post(URL_, 'body')).text()).toBe('ok');
        }
      };
      await Promise.all(Array.from({ length: 10 }, caller));
      expect(requests).toHaveLength(1_000);
    }));

  test('fails no POST, and receives none twice', async () => {
    const seen: string[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      let text = '';
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        text += chunk.toString();
        const body = /\r\n\r\n(\d+)$/.exec(text)?.[1];
        if (body === undefined) return;
        seen.push(body);
        socket.end(ok());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const client = new HttpClient();
    for (let n = 0; n < 500; n += 1) {
      const response = await client.post(`http://127.0.0.1:${port}/`, String(n));
      expect(await response.text()).toBe('ok');
      expect(response.attempts).toBe(1);
    }
    expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => String(n)));
    await client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

test('a server that ends connections soon after an answer is seen to, and then fails no POST at any pause', () =>
  simulated(async (world) => {
    await world.serve(echo(), { deadlines: { idle: 20 } });
    const client = world.client();
    await client.get(URL_);
    await world.sleep(100);
    for (let pause = 15; pause < 80; pause += 0.3) {
      const response = await client.post(URL_, 'x');
      expect([await response.text(), response.attempts]).toEqual(['echo: x', 1]);
      await world.sleep(pause);
    }
  }));

test('a POST that meets the end of its connection, against the word of its server, is the only one', () =>
  simulated(async (world) => {
    const server = await world.listen();
    const serveOne = async (wire: Wire): Promise<void> => {
      await wire.head();
      await wire.stream.readExactly(1);
      await wire.send(ok('Keep-Alive: timeout=5\r\n'));
      await world.sleep(3);
      await wire.close();
    };
    const accepting = (async () => {
      for (;;) serveOne(await server.accept()).catch(() => {});
    })();
    accepting.catch(() => {});
    const client = world.client();
    const failures: unknown[] = [];
    for (let n = 0; n < 20; n += 1) {
      await client.post(URL_, 'x').catch((error: unknown) => failures.push(error));
      // An answer takes 1 ms, and so does the end: the request is sent between the two.
      await world.sleep(2.5);
    }
    expect(failures).toHaveLength(1);
    expect(failedRequestOf(failures[0])).toMatchObject({ phase: 'headers', isReplayable: false });
  }));

describe('a repeated request', () => {
  /** A client with some idle connections, and their ends. */
  async function withIdle(
    world: World,
    count: number,
    options: HttpClientOptions = {},
    fields = '',
  ) {
    const server = await world.listen();
    const client = world.client(options);
    const asking = Array.from({ length: count }, () => client.get(URL_));
    const wires: Wire[] = [];
    for (let n = 0; n < count; n += 1) wires.push(await server.accept());
    for (const wire of wires) {
      await wire.head();
      await wire.send(ok(fields));
    }
    for (const response of await Promise.all(asking)) await response.text();
    return { server, client, wires };
  }

  test('goes on a new connection, though there are idle ones and the pool is full', () =>
    simulated(async (world) => {
      const { server, client, wires } = await withIdle(world, 3, { maxConnectionsPerOrigin: 3 });
      const asking = client.get(URL_);
      const used = wires.at(-1) as Wire;
      await used.head();
      used.stream.reset();
      const fresh = await server.accept();
      await fresh.head();
      await fresh.send(ok());
      const response = await asking;
      expect([await response.text(), response.attempts]).toEqual(['ok', 2]);
    }));

  test('waits for a place, and is not handed a connection that has served', () =>
    simulated(async (world) => {
      const { server, client, wires } = await withIdle(world, 2, { maxConnectionsPerOrigin: 2 });
      const first = client.get(`${URL_}first`);
      const second = client.get(`${URL_}second`);
      const third = client.get(`${URL_}third`);
      const [busy, stale] = wires as [Wire, Wire];
      await stale.head();
      await busy.head();
      stale.stream.reset();
      await world.sleep(10);
      // The third request has taken the place; then the one that was answered makes room.
      const next = await server.accept();
      expect(await next.head()).toContain('/third');
      await busy.send(ok());
      const last = await server.accept();
      expect(await last.head()).toContain('/first');
      await last.send(ok());
      await next.send(ok());
      for (const response of await Promise.all([first, second, third])) {
        expect(await response.text()).toBe('ok');
      }
    }));

  /** A POST on a connection that breaks under it. */
  async function brokenPost(world: World, headers: Record<string, string>) {
    const { server, client, wires } = await withIdle(world, 1, {}, 'Keep-Alive: timeout=5\r\n');
    const asking = client.post(URL_, 'body', { headers });
    asking.catch(() => {});
    await wires[0]?.head();
    wires[0]?.stream.reset();
    return { server, asking };
  }

  test('is a POST with an Idempotency-Key', () =>
    simulated(async (world) => {
      const { server, asking } = await brokenPost(world, { 'Idempotency-Key': 'a' });
      const again = await server.accept();
      await again.head();
      await again.send(ok());
      expect((await asking).attempts).toBe(2);
    }));

  test('is no other POST: the error says that it may not be sent again', () =>
    simulated(async (world) => {
      const { asking } = await brokenPost(world, {});
      expect(failedRequestOf(await failureOf(asking))).toEqual({
        method: 'POST',
        origin: 'http://server',
        phase: 'headers',
        attempt: 1,
        isReplayable: false,
      });
    }));
});

describe('Keep-Alive', () => {
  test.each([
    ['timeout=2', 1_000],
    ['timeout=1', 500],
    ['timeout=0', 0],
    ['max=5, timeout=3', 2_000],
    ['Timeout = "3"', 2_000],
    ['timeout=600', 4_000],
    ['timeout=soon', 4_000],
    ['max=3', 4_000],
    ['mytimeout=1', 4_000],
  ])('%s lets a connection idle for %i ms', (value, expected) =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client();
      const asking = client.get(URL_);
      const wire = await server.accept();
      await wire.head();
      await wire.send(ok(`Keep-Alive: ${value}\r\n`));
      await (await asking).text();
      const since = world.now;
      expect(await wire.rest()).toBe('');
      expect(world.now - since).toBeGreaterThanOrEqual(expected);
      expect(world.now - since).toBeLessThanOrEqual(expected + 105);
    }),
  );

  test('has the margin that is asked for', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client({ deadlines: { idle: 60_000, idleMargin: 5_000 } });
      const asking = client.get(URL_);
      const wire = await server.accept();
      await wire.head();
      await wire.send(ok('Keep-Alive: timeout=20\r\n'));
      await (await asking).text();
      const since = world.now;
      await wire.rest();
      expect(world.now - since).toBeGreaterThanOrEqual(15_000);
      expect(world.now - since).toBeLessThanOrEqual(15_105);
    }));
});

test('a stream keeps the process while its request lasts, and not while it idles', async () => {
  const calls: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {}).on('data', () => socket.write(ok()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  let wake = (): void => {};
  const client = new HttpClient({
    connect: async (address, options) => {
      const stream = await TcpStream.connect(address, options);
      const { ref, unref } = stream;
      stream.ref = () => {
        calls.push('ref');
        ref.call(stream);
      };
      stream.unref = () => {
        calls.push('unref');
        unref.call(stream);
        wake();
      };
      return stream;
    },
  });
  for (let round = 0; round < 2; round += 1) {
    const resting = new Promise<void>((resolve) => (wake = resolve));
    for (let n = 0; n < 3; n += 1) {
      await (await client.get(`http://127.0.0.1:${port}/`)).text();
    }
    await resting;
  }
  expect(calls).toEqual(['unref', 'ref', 'unref']);
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});
