/** What holds a connection: bodies that no one reads, uploads that no one wants; and how many there may be. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { LimitError, MemoryListener, TimeoutError } from '@awaitio/core';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import {
  failedRequestOf,
  HttpClient,
  type HttpClientOptions,
  type RequestBody,
} from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { Wire } from '../support/wire.ts';

const URL_ = 'http://server/';

/** A request that has arrived at a server in the test's hands. */
async function asked(world: World, options?: HttpClientOptions) {
  const server = await world.listen();
  const client = world.client(options);
  const asking = client.get(URL_);
  const wire = await server.accept();
  await wire.head();
  return { client, asking, wire };
}

describe('a body that no one reads', () => {
  test.each([
    ['of a known length', 'Content-Length: 9\r\n\r\n', 'not found'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n', '9\r\nnot found\r\n0\r\n\r\n'],
  ])('%s is read on when it is small, and its connection is free', (_what, rest, body) =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client({ maxConnectionsPerOrigin: 1 });
      const unread: unknown[] = [];
      let wire: Wire | undefined;
      for (let n = 0; n < 5; n += 1) {
        const asking = client.get(URL_);
        wire ??= await server.accept();
        await wire.head();
        await wire.send(`HTTP/1.1 404 Not Found\r\n${rest}`);
        await world.sleep(5);
        await wire.send(body);
        unread.push(await asking);
      }
      await world.sleep(200);
      expect(client.statistics()['http://server']).toEqual({ open: 1, idle: 1, waiting: 0 });
      for (const response of unread as { text(): Promise<string> }[]) {
        expect(await response.text()).toBe('not found');
      }
    }),
  );

  test('may still be read while it is read on, and is whole', () =>
    simulated(async (world) => {
      const { asking, wire } = await asked(world);
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01');
      const response = await asking;
      await world.sleep(200);
      await wire.send('23');
      await world.sleep(200);
      const reading = response.text();
      await wire.send('456');
      await world.sleep(200);
      await wire.send('789');
      expect(await reading).toBe('0123456789');
    }));

  test('is read on up to a bound, and no further', () =>
    simulated(async (world) => {
      const { asking, wire } = await asked(world);
      await wire.send('HTTP/1.1 200 OK\r\n\r\n');
      const response = await asking;
      const piece = new Uint8Array(100_000);
      let sent = 0;
      const sending = (async () => {
        for (;;) {
          await wire.send(piece);
          sent += piece.length;
        }
      })();
      sending.catch(() => {});
      await world.sleep(120_000);
      expect(sent).toBeLessThan(1_000_000);
      response.discard();
    }));

  test('fails when its server stalls: it is held no longer than a reader would wait', () =>
    simulated(async (world) => {
      const { client, asking, wire } = await asked(world, { deadlines: { body: 5_000 } });
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01');
      const response = await asking;
      await world.sleep(6_000);
      expect(client.statistics()['http://server']?.open).toBe(0);
      const error = await failureOf(response.text());
      expect(error).toBeInstanceOf(TimeoutError);
      expect(failedRequestOf(error)).toMatchObject({ phase: 'body', isReplayable: true });
    }));

  test('lets its connection go when the response is collected', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const listener = new MemoryListener();
    const client = new HttpClient({ connect: () => listener.connect() });
    const ask = async (): Promise<void> => {
      const asking = client.get(URL_);
      const wire = new Wire(await listener.accept());
      await wire.head();
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx');
      expect((await asking).status).toBe(200);
      void wire.rest().catch(() => {});
    };
    await ask();
    expect(client.statistics()['http://server']?.open).toBe(1);
    for (let turn = 0; turn < 200 && client.statistics()['http://server']?.open === 1; turn += 1) {
      collect();
      await nextTurn();
    }
    expect(client.statistics()['http://server']?.open).toBe(0);
    await client.close();
    await listener.close();
  });

  test('keeps its connection while it is read, even if the response is not held', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const listener = new MemoryListener();
    const client = new HttpClient({ connect: () => listener.connect() });
    const asking = client.get(URL_);
    const wire = new Wire(await listener.accept());
    await wire.head();
    await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx');
    const pieces = (await asking).body[Symbol.asyncIterator]();
    let size = 0;
    for (let n = 0; n < 10; n += 1) {
      const next = pieces.next();
      await nextTurn();
      collect();
      await nextTurn();
      size += ((await next).value as Uint8Array).length;
      await wire.send('y');
    }
    expect(size).toBe(10);
    await client.close();
    await listener.close();
    wire.stream.reset();
  });
});

test('a pool whose connections are held says by what', () =>
  simulated(async (world) => {
    const server = await world.listen();
    const client = world.client({ maxConnectionsPerOrigin: 2, deadlines: { pool: 1_000 } });
    const first = client.get(URL_);
    const wire = await server.accept();
    await wire.head();
    await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx');
    const response = await first;
    const second = failureOf(client.get(URL_));
    const other = await server.accept();
    await other.head();
    const error = await failureOf(client.post(`${URL_}path?secret`, 'x'));
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as Error).message).toBe(
      'pool: no connection became free within 1000 ms: all 2 connections to http://server are in use ' +
        '(1 wait for an answer, 1 for a body to be read or discarded, 0 are being opened); ' +
        'read or discard each response, or raise `maxConnectionsPerOrigin` or `deadlines.pool`',
    );
    expect(failedRequestOf(error)).toEqual({
      method: 'POST',
      origin: 'http://server',
      phase: 'pool',
      attempt: 0,
      isReplayable: true,
    });
    response.discard();
    other.stream.reset();
    await second;
  }));

describe('the connections of a client', () => {
  test('to all origins are no more than maxConnections: an idle one makes room', () =>
    simulated(async (world) => {
      const client = world.client({ maxConnections: 2 });
      const open = (): number =>
        Object.values(client.statistics()).reduce((sum, pool) => sum + pool.open, 0);
      for (let port = 1; port <= 6; port += 1) {
        const server = await world.listen(port);
        const asking = client.get(`http://server:${port}/`);
        const wire = await server.accept();
        await wire.head();
        await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        expect(await (await asking).text()).toBe('ok');
        expect(open()).toBeLessThanOrEqual(2);
      }
    }));

  test('wait for each other across origins, and for nothing else', () =>
    simulated(async (world) => {
      const client = world.client({ maxConnections: 1 });
      const a = await world.listen(1);
      const b = await world.listen(2);
      const first = client.get('http://server:1/');
      const wire = await a.accept();
      await wire.head();
      const second = client.get('http://server:2/');
      const third = client.get('http://server:1/');
      await world.sleep(100);
      expect(client.statistics()['http://server:2']).toEqual({ open: 0, idle: 0, waiting: 1 });
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      await (await first).text();
      await wire.head();
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      await (await third).text();
      const other = await b.accept();
      await other.head();
      await other.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      expect(await (await second).text()).toBe('ok');
    }));
});

test('an upload stops at once when its answer is complete, and its connection is gone', () =>
  simulated(async (world) => {
    const server = await world.listen();
    const client = world.client({ maxConnectionsPerOrigin: 1 });
    let produced = 0;
    let isReleased = false;
    function* endless(): Generator<Uint8Array> {
      try {
        for (;;) {
          produced += 1;
          yield new Uint8Array(65_536);
        }
      } finally {
        isReleased = true;
      }
    }
    const asking = client.post(URL_, endless());
    const wire = await server.accept();
    await wire.head();
    await wire.send('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
    const response = await asking;
    expect([response.status, await response.text()]).toEqual([413, 'no']);
    expect(isReleased).toBe(true);
    const before = produced;
    expect(client.statistics()['http://server']).toEqual({ open: 0, idle: 0, waiting: 0 });
    await expect(wire.rest()).rejects.toThrow(/reset/);
    expect(produced).toBe(before);
  }));

describe('a source whose request ends while it waits', () => {
  const sources: readonly (readonly [string, (released: () => void) => RequestBody])[] = [
    [
      'an iterator is returned',
      (released) => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<never>(() => {}),
          return: async () => {
            released();
            return { done: true as const, value: undefined };
          },
        }),
      }),
    ],
    [
      'a ReadableStream is cancelled',
      (released) => new ReadableStream({ pull: () => new Promise(() => {}), cancel: released }),
    ],
    [
      'a stream of Node is destroyed',
      (released) =>
        new Readable({
          read() {},
          destroy(error, done) {
            released();
            done(error);
          },
        }),
    ],
  ];
  const endings: readonly (readonly [
    string,
    (parts: { controller: AbortController; wire: Wire; client: HttpClient }) => unknown,
  ])[] = [
    ['by its signal', ({ controller }) => controller.abort()],
    ['by a reset', ({ wire }) => wire.stream.reset()],
    ['by the end of the client', ({ client }) => client.close()],
  ];

  describe.each(endings)('%s', (_how, end) => {
    test.each(sources)('%s', (_what, make) =>
      simulated(async (world) => {
        let released = 0;
        const server = await world.listen();
        const client = world.client();
        const controller = new AbortController();
        const body = make(() => (released += 1));
        const failing = failureOf(client.post(URL_, body, { signal: controller.signal }));
        const wire = await server.accept();
        await wire.head();
        await world.sleep(10);
        expect(released).toBe(0);
        await end({ controller, wire, client });
        expect(await failing).toBeDefined();
        await world.sleep(1);
        expect(released).toBe(1);
      }),
    );
  });

  test.each(sources)('before it was sent: %s', (_what, make) =>
    simulated(async (world) => {
      if (_what.startsWith('an iterator')) return;
      let released = 0;
      world.sim.host('server');
      const body = make(() => (released += 1));
      await failureOf(world.client().post(URL_, body));
      await world.sleep(1);
      expect(released).toBe(1);
    }),
  );
});

test('more informational responses than are allowed end the request, with the limit', () =>
  simulated(async (world) => {
    const server = await world.listen();
    let seen = 0;
    const client = world.client({ maxInformational: 5 });
    const failing = failureOf(client.get(URL_, { onInformational: () => (seen += 1) }));
    const wire = await server.accept();
    await wire.head();
    await wire.send('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1_000)).catch(() => {});
    const error = await failing;
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limitName: 'maxInformational', limit: 5 });
    expect(seen).toBe(5);
  }));
