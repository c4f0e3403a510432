/** Libraries of others run unchanged on the hosts of a simulation, and the same seed gives the same run. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { jest, expect, test } from '@jest/globals';
import { simulate, virtualModule, type SimulatedMain } from '@awaitio/core/testing';
import { HttpResponse, serve } from '../src/index.ts';
import { webSocket } from '../src/websocket/index.ts';
import { on } from '../../core/test/support/simulated-hosts.ts';

// What a library imports by name or keeps is of the simulation, since it is loaded after `@awaitio/core/testing`.
const { Client, Pool } = await import('undici');
const { WebSocket, WebSocketServer } = await import('ws');

const SEEDS = 6;

async function expectRepeatable(main: SimulatedMain): Promise<void> {
  const faults = { split: 0.5, slowReader: 0.3 };
  const hashes = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const first = await simulate({ seed, faults }, main);
    expect(await simulate({ seed, faults }, main)).toEqual(first);
    hashes.add(first.hash);
  }
  expect(hashes.size).toBe(SEEDS);
}

test('undici: a pool with a server of node:http and one of awaitio, and a client with a connector', async () => {
  await expectRepeatable(async (sim) => {
    await on(sim, 'plain', () => {
      const server = createServer((request, response) => {
        void text(request).then((body) => {
          setTimeout(() => response.end(`${request.url} ${body.length}`), 30);
        });
      });
      server.listen(80);
    });
    const listener = await sim.host('awaitio').listen(80);
    const server = await serve(async (request) => HttpResponse.text(await request.text()), {
      listener,
    });
    await on(sim, 'client', async () => {
      const pool = new Pool('http://plain', { connections: 2 });
      const answers = [1, 2, 3].map(async (n) => {
        const { body } = await pool.request({ path: `/${n}`, method: 'POST', body: 'x'.repeat(n) });
        return body.text();
      });
      expect(await Promise.all(answers)).toEqual(['/1 1', '/2 2', '/3 3']);
      await pool.close();
      const client = new Client('http://awaitio', {
        connect: (_options, done) => {
          const socket = sim.host('client').net.connect(80, 'awaitio', () => done(null, socket));
          socket.once('error', (error) => done(error, null));
        },
      });
      const { body } = await client.request({ path: '/', method: 'POST', body: 'hello' });
      expect(await body.text()).toBe('hello');
      await client.close();
    });
    await server.shutdown();
  });
});

test('undici: the timeout of an answer is in virtual time', async () => {
  const { virtualTime } = await simulate({ seed: 1 }, async (sim) => {
    await on(sim, 'server', () => {
      createServer(() => {}).listen(80);
    });
    await on(sim, 'client', async () => {
      const client = new Client('http://server', { headersTimeout: 50_000 });
      await expect(client.request({ path: '/', method: 'GET' })).rejects.toMatchObject({
        code: 'UND_ERR_HEADERS_TIMEOUT',
      });
      await client.destroy();
    });
  });
  expect(virtualTime).toBeGreaterThan(50_000);
});

test('ws: a client and a server, and a client with a server of awaitio', async () => {
  await expectRepeatable(async (sim) => {
    await on(sim, 'ws', () => {
      const server = new WebSocketServer({ port: 80 });
      server.on('connection', (socket) => {
        socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
      });
    });
    const listener = await sim.host('awaitio').listen(80);
    const server = await serve(
      async (request, context) => {
        const socket = await webSocket(request, context);
        for await (const message of socket) await socket.send(message);
        return undefined;
      },
      { listener },
    );
    await on(sim, 'client', async () => {
      for (const host of ['ws', 'awaitio']) {
        const socket = new WebSocket(`ws://${host}/`);
        await once(socket, 'open');
        for (const message of ['one', 'x'.repeat(5_000)]) {
          socket.send(message);
          expect(String((await once(socket, 'message'))[0])).toBe(message);
        }
        socket.close(1_000);
        await once(socket, 'close');
      }
    });
    await server.shutdown();
  });
});

test('a library whose module `node:net` is replaced is on the host of its caller', async () => {
  jest.unstable_mockModule('node:net', () => virtualModule('node:net'));
  const net = await import('node:net');
  await simulate({ seed: 1 }, async (sim) => {
    await on(sim, 'server', () => {
      net.createServer((socket) => socket.end('hello')).listen(7);
    });
    await on(sim, 'client', async () => {
      expect(await text(net.connect(7, 'server'))).toBe('hello');
    });
  });
});

test('undici and ws on a network that breaks: each failure is theirs, and the last request is answered', async () => {
  const faults = { swarm: true, reset: 0.1, partition: 0.1, crash: 0.1, halfOpen: 0.03 };
  const program: SimulatedMain = async (sim) => {
    sim.host('server').run(() => {
      const server = createServer((request, response) => {
        setTimeout(() => response.end(`you asked for ${request.url}`), 30);
      });
      new WebSocketServer({ server }).on('connection', (socket) => {
        socket.on('message', (data) => socket.send(data));
        socket.on('error', () => {});
      });
      server.listen(80);
    });
    const ask = async (): Promise<void> => {
      const pool = new Pool('http://server', { connections: 1, headersTimeout: 5_000 });
      const { body } = await pool
        .request({ path: '/', method: 'GET' })
        .catch(async (error: unknown) => {
          await pool.destroy();
          throw error;
        });
      await body.text();
      await pool.destroy();
      const socket = new WebSocket('ws://server/', { handshakeTimeout: 5_000 });
      const silence = setTimeout(() => socket.terminate(), 10_000);
      const isEchoed = await new Promise<boolean>((resolve, reject) => {
        socket.on('open', () => socket.send('hello'));
        socket.on('message', () => resolve(true));
        socket.on('error', reject);
        socket.on('close', () => resolve(false));
      }).finally(() => {
        clearTimeout(silence);
        socket.terminate();
      });
      if (!isEchoed) throw new Error('closed');
    };
    const mortal = sim.host('mortal');
    mortal.run(() => ask().catch(() => {}));
    await on(sim, 'client', async () => {
      for (let round = 0; round < 5; round += 1) {
        await ask().catch((error: Error) => {
          sim.log(error.message);
        });
        mortal.crash();
        mortal.restart();
      }
      sim.quiet();
      let isAnswered = false;
      for (let round = 0; round < 5 && !isAnswered; round += 1) {
        isAnswered = await ask().then(
          () => true,
          () => false,
        );
      }
      sim.always(isAnswered, 'is answered when the faults are over');
    });
  };
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const options = { seed, faults, order: 'seed', deadline: 3_600_000 } as const;
    expect(await simulate(options, program)).toEqual(await simulate(options, program));
  }
});
