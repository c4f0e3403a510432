/** What a client learns of how long a server keeps idle connections, and what a request does that must not be sent twice. */
import { describe, expect, test } from '@jest/globals';
import { echo, type HttpClient, type HttpClientOptions } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const URL_ = 'http://server/';
const ORIGIN = 'http://server';
const at = (latency: number) => ({ latency: [latency, latency] as const, deadline: 1e9 });

/** A server that a test plays: each connection answers until `end` settles, and is counted. */
class Played {
  readonly connections: Wire[] = [];
  readonly received: string[] = [];
  readonly #fields: string;
  /** How long it keeps an idle connection, in milliseconds. */
  keeps: number;

  constructor(keeps: number, fields = '') {
    this.keeps = keeps;
    this.#fields = fields;
  }

  async begin(world: World): Promise<void> {
    const server = await world.listen();
    const accepting = (async () => {
      for (;;) this.#serve(await server.accept()).catch(() => {});
    })();
    accepting.catch(() => {});
  }

  async #serve(wire: Wire): Promise<void> {
    this.connections.push(wire);
    for (let isFirst = true; ; isFirst = false) {
      const options = isFirst || this.keeps === Infinity ? {} : { timeout: this.keeps };
      const bytes = await wire.stream.readUntil('\r\n\r\n', options).catch(() => null);
      if (bytes === null) break;
      const head = Buffer.from(bytes).toString('latin1');
      const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? 0);
      this.received.push(Buffer.from(await wire.stream.readExactly(length)).toString('latin1'));
      await wire.send(`HTTP/1.1 200 OK\r\n${this.#fields}Content-Length: 2\r\n\r\nok`);
    }
    await wire.close();
  }

  /** As a restart does. */
  async endAll(): Promise<void> {
    await Promise.all(this.connections.map((wire) => wire.close().catch(() => {})));
  }
}

async function played(
  { latency, keeps, fields }: { latency: number; keeps: number; fields?: string },
  body: (world: World, server: Played) => Promise<void>,
): Promise<void> {
  await simulated(async (world) => {
    const server = new Played(keeps, fields);
    await server.begin(world);
    await body(world, server);
  }, at(latency));
}

async function post(client: HttpClient, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const response = await client.post(URL_, String(n));
    expect([await response.text(), response.attempts]).toEqual(['ok', 1]);
  }
}

describe('POSTs to a server that keeps its connections', () => {
  test.each([0, 1, 20])(
    'one after another open at most three connections, %i ms away',
    async (latency) =>
      played({ latency, keeps: Infinity }, async (world, { connections }) => {
        await post(world.client(), 200);
        expect(connections.length).toBeLessThanOrEqual(3);
      }),
  );

  test('use the one connection of a pool that has no room for two', () =>
    played({ latency: 5, keeps: Infinity }, async (world, { connections }) => {
      await post(world.client({ maxConnectionsPerOrigin: 1 }), 200);
      expect(connections).toHaveLength(2);
    }));

  test('of more callers than connections open each twice at most', () =>
    played({ latency: 5, keeps: Infinity }, async (world, { connections }) => {
      const client = world.client({ maxConnectionsPerOrigin: 8 });
      await Promise.all(Array.from({ length: 32 }, () => post(client, 20)));
      expect(connections.length).toBeLessThanOrEqual(24);
    }));

  test('use a connection again at once where the server says how long it keeps them', () =>
    played(
      { latency: 20, keeps: Infinity, fields: 'Keep-Alive: timeout=5\r\n' },
      async (world, { connections }) => {
        await post(world.client(), 50);
        expect(connections).toHaveLength(1);
      },
    ));

  test('open no more than GETs do, once a connection has rested', () =>
    played({ latency: 5, keeps: Infinity }, async (world, { connections }) => {
      const client = world.client();
      const rest = async (): Promise<void> => {
        const responses = await Promise.all([client.get(URL_), client.get(URL_)]);
        for (const response of responses) await response.text();
        await world.sleep(100);
      };
      await rest();
      await (await client.get(URL_)).text();
      await post(client, 50);
      expect(connections).toHaveLength(2);
    }));
});

test('a GET uses the connection that is free, whatever is known', () =>
  played({ latency: 20, keeps: Infinity }, async (world, { connections }) => {
    const client = world.client();
    for (let n = 0; n < 50; n += 1) await (await client.get(URL_)).text();
    expect(connections).toHaveLength(1);
  }));

test('a POST goes on a new connection at once where one would have to rest for seconds, as after a slow handshake', () =>
  played({ latency: 1_000, keeps: Infinity }, async (world, { connections }) => {
    const client = world.client({ maxConnectionsPerOrigin: 1 });
    await post(client, 1);
    const since = world.now;
    await post(client, 1);
    // A round trip for the connection, one for the request.
    expect(world.now - since).toBe(4_000);
    expect(connections).toHaveLength(2);
  }));

test('a POST whose turn is over while a connection rests for it is given up, and the connection is kept', () =>
  played({ latency: 50, keeps: Infinity }, async (world, { connections }) => {
    const client = world.client({ maxConnectionsPerOrigin: 1 });
    await post(client, 1);
    const since = world.now;
    const reason = new Error('enough');
    const controller = new AbortController();
    const asking = client.post(URL_, 'x', { signal: controller.signal }).catch((it: unknown) => it);
    await world.sleep(20);
    controller.abort(reason);
    expect(await asking).toBe(reason);
    expect(world.now - since).toBe(20);
    expect(client.statistics()[ORIGIN]).toEqual({ open: 1, idle: 1, waiting: 0 });
    await (await client.get(URL_)).text();
    expect(connections).toHaveLength(1);
  }));

test('a restart of the server, which ends all connections at once, is forgotten soon', () =>
  played({ latency: 1, keeps: Infinity }, async (world, server) => {
    const client = world.client();
    await post(client, 50);
    await server.endAll();
    await world.sleep(10);
    const restarted = server.connections.length;
    for (const until = world.now + 2_000; world.now < until;) await post(client, 1);
    await post(client, 200);
    const afterwards = server.connections.length;
    await post(client, 200);
    expect(server.connections.length).toBe(afterwards);
    expect(afterwards).toBeGreaterThan(restarted);
  }));

test('a server that begins to close sooner is believed at its first end', () =>
  played({ latency: 5, keeps: Infinity }, async (world, server) => {
    const client = world.client();
    await post(client, 20);
    server.keeps = 200;
    await post(client, 1);
    await world.sleep(1_000);
    for (let pause = 150; pause < 250; pause += 7) {
      await post(client, 1);
      await world.sleep(pause);
    }
    expect(server.received).toHaveLength(36);
  }));

test.each<HttpClientOptions>([{}, { deadlines: { headers: Infinity } }])(
  'with %j, one request that meets the end of its connection teaches the next ones',
  (options) =>
    played({ latency: 5, keeps: 2, fields: 'Keep-Alive: timeout=5\r\n' }, async (world) => {
      const client = world.client(options);
      let failures = 0;
      for (let n = 0; n < 50; n += 1) {
        await client.post(URL_, 'x').then(
          (response) => response.text(),
          () => (failures += 1),
        );
        await world.sleep(1);
      }
      expect(failures).toBe(1);
    }),
);

describe('a connection that may not idle', () => {
  test.each<[string, string, HttpClientOptions]>([
    ['by the word of its server', 'Keep-Alive: timeout=0\r\n', {}],
    ['by the options', '', { deadlines: { idle: 0 } }],
  ])('%s gets no other request, in the same moment even', (_by, fields, options) =>
    played({ latency: 0, keeps: Infinity, fields }, async (world, { connections }) => {
      const client = world.client({ ...options, maxConnectionsPerOrigin: 1 });
      const ask = async (): Promise<void> => {
        for (let n = 0; n < 5; n += 1) await (await client.get(URL_)).text();
      };
      await Promise.all([ask(), ask()]);
      expect(connections).toHaveLength(10);
    }),
  );
});

/** POSTs of some callers at random pauses. @returns of how many, and how many arrived */
async function postAtRandom(seed: number): Promise<readonly [sent: number, arrived: number]> {
  let counts: [number, number] = [0, 0];
  await simulated(
    async (world) => {
      const { random } = world.sim;
      const keeps = random.integer(1, 200);
      const callers = random.integer(1, 6);
      const server = new Played(keeps);
      await server.begin(world);
      const client = world.client({ maxConnectionsPerOrigin: random.integer(1, callers) });
      const caller = async (): Promise<void> => {
        for (let n = 0; n < 10; n += 1) {
          await post(client, 1);
          await world.sleep(random.integer(0, 2 * keeps));
        }
      };
      await Promise.all(Array.from({ length: callers }, caller));
      counts = [callers * 10, server.received.length];
    },
    { ...at(seed % 21), seed },
  );
  return counts;
}

test('POSTs at random pauses to servers with random idle times: each arrives once, over 40 seeds', async () => {
  for (let seed = 0; seed < 40; seed += 1) {
    const [sent, arrived] = await postAtRandom(seed);
    expect([seed, arrived]).toEqual([seed, sent]);
  }
});

test('a server of this package that idles for a second fails no POST at any pause', () =>
  simulated(async (world) => {
    await world.serve(echo(), { deadlines: { idle: 1_000 } });
    const client = world.client();
    for (let pause = 900; pause < 1_100; pause += 5) {
      const response = await client.post(URL_, 'x');
      expect([await response.text(), response.attempts]).toEqual(['echo: x', 1]);
      await world.sleep(pause);
    }
  }, at(5)));
