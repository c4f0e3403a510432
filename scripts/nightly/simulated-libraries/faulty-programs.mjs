/**
 * Libraries on a network that breaks: hosts crash and restart, connections are reset or go silent, paths are cut.
 *
 * Each program has a server on a host that starts again after a crash, and a client on another, which asks while everything may break.
 * A request that fails must fail with an error of its library. When the faults are over, the client must be answered: at last by a new
 * client, where a library gives up for good.
 */
import { once } from 'node:events';
import http from 'node:http';
import { pgFake, redisFake } from './fakes.mjs';

/** Requests while everything may break. */
const ROUNDS = 8;
/** Requests after that of which one must be answered, each by a new client. */
const LAST_ROUNDS = 12;
const PAUSE = 700;
/** Longer than a partition and the retries of the libraries. */
const PATIENCE = 20_000;

/** The faults of a seed are drawn from these. */
export const FAULTS = {
  swarm: true,
  reset: 0.1,
  halfOpen: 0.03,
  partition: 0.1,
  crash: 0.1,
  pause: 0.1,
  refuse: 0.2,
};

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Fails what takes too long: a connection may be silent for good, and not each library has a timeout. */
const within = async (work, milliseconds) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

const nameOf = (error) => {
  if (!(error instanceof Error)) return `no error: ${String(error)}`;
  return `${error.name} ${error.code ?? error.cause?.code ?? error.message}`;
};

/** @param library - `serve()` starts the server; `connect()` gives what asks, `{ ask, close }` */
const faulty = (library) => async (sim) => {
  const server = sim.host('server');
  server.run(() => library.serve());
  // A client that dies in the midst of its requests, and begins again.
  const mortal = sim.host('mortal');
  mortal.run(async ({ signal }) => {
    const client = library.connect();
    for (let round = 0; !signal.aborted && round < ROUNDS; round += 1) {
      await within(client.ask(round), PATIENCE).catch((error) =>
        sim.log(`mortal: ${nameOf(error)}`),
      );
      await sleep(PAUSE / 2);
    }
    await within(client.close(), PATIENCE).catch(() => {});
  });
  for (let life = 0; life < 3; life += 1) {
    setTimeout(() => mortal.crash(), 3_000 * sim.random.next() + 3_000 * life);
    setTimeout(() => mortal.restart(), 3_100 + 3_000 * life);
  }
  await new Promise((resolve) => {
    sim.host('client').run(async () => {
      let client = library.connect();
      for (let round = 0; round < ROUNDS; round += 1) {
        await within(client.ask(round), PATIENCE).then(
          (answer) => sim.log(`answered ${answer}`),
          (error) => sim.log(`failed: ${nameOf(error)}`),
        );
        await sleep(PAUSE);
      }
      await within(client.close(), PATIENCE).catch((error) => sim.log(`close: ${nameOf(error)}`));
      sim.quiet();
      let isAnswered = false;
      for (let round = 0; round < LAST_ROUNDS && !isAnswered; round += 1) {
        await sleep(PAUSE);
        client = library.connect();
        isAnswered = await within(client.ask('last'), PATIENCE).then(
          () => true,
          () => false,
        );
        await within(client.close(), PATIENCE).catch(() => {});
      }
      sim.always(isAnswered, 'is answered when the faults are over');
      resolve();
    });
  });
};

export const faultyProgramsOf = async (load) => {
  const { Pool, fetch: undiciFetch } = await load('undici');
  const { default: WebSocket, WebSocketServer } = await load('ws');
  const { default: Redis } = await load('ioredis');
  const { createClient } = await load('redis');
  const { default: pg } = await load('pg');
  const { default: fastify } = await load('fastify');
  const { Hono } = await load('hono');
  const { serve: honoServe } = await load('@hono/node-server');
  const { default: express } = await load('express');

  const asking = (url, get) => () => ({
    ask: async (round) => {
      const response = await get(`${url}${round}`);
      const text = await response.text();
      if (!response.ok) throw new Error(`status ${response.status}`);
      return text;
    },
    close: async () => {},
  });

  const httpServer = () => {
    http
      .createServer((request, response) => {
        setTimeout(() => response.end(`you asked for ${request.url}`), 30);
      })
      .listen(80);
  };

  const libraries = {
    http: {
      serve: httpServer,
      connect: () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
        return {
          ask: (round) =>
            new Promise((resolve, reject) => {
              const request = http.get({
                host: 'server',
                path: `/${round}`,
                agent,
                timeout: 8_000,
              });
              request.on('timeout', () => request.destroy(new Error('timeout')));
              request.on('error', reject);
              request.on('response', (response) => {
                let text = '';
                response.on('data', (chunk) => (text += chunk));
                response.on('end', () => resolve(text));
                response.on('error', reject);
                response.on('close', () => reject(new Error('closed early')));
              });
            }),
          close: async () => agent.destroy(),
        };
      },
    },
    undici: {
      serve: httpServer,
      connect: () => {
        const pool = new Pool('http://server', { connections: 2, headersTimeout: 8_000 });
        return {
          ask: async (round) =>
            (
              await pool.request({ path: `/${round}`, method: 'POST', body: 'x'.repeat(3_000) })
            ).body.text(),
          close: () => pool.destroy(),
        };
      },
    },
    undiciFetch: { serve: httpServer, connect: asking('http://server/', undiciFetch) },
    fetch: { serve: httpServer, connect: asking('http://server/', fetch) },
    ws: {
      serve: () => {
        const server = new WebSocketServer({ port: 80 });
        server.on('connection', (socket) => {
          socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
          socket.on('error', () => {});
        });
      },
      connect: () => {
        let socket;
        let settle = () => {};
        return {
          ask: async (round) => {
            if (socket?.readyState !== WebSocket.OPEN) {
              socket?.terminate();
              socket = new WebSocket('ws://server/', { handshakeTimeout: 8_000 });
              socket.on('error', () => {});
              socket.on('message', (message) => settle(undefined, String(message)));
              socket.on('close', () => settle(new Error('closed')));
              await once(socket, 'open');
            }
            socket.send(String(round));
            return new Promise((resolve, reject) => {
              settle = (error, message) => (error === undefined ? resolve(message) : reject(error));
            });
          },
          close: async () => socket?.terminate(),
        };
      },
    },
    ioredis: {
      serve: () => redisFake(6_379),
      connect: () => {
        const redis = new Redis({
          host: 'server',
          port: 6_379,
          maxRetriesPerRequest: 3,
          commandTimeout: 8_000,
        });
        redis.on('error', () => {});
        return {
          ask: async (round) => {
            await redis.set('a', String(round));
            return redis.get('a');
          },
          close: async () => redis.disconnect(),
        };
      },
    },
    redis: {
      serve: () => redisFake(6_379),
      connect: () => {
        const redis = createClient({ url: 'redis://server:6379' });
        redis.on('error', () => {});
        let opening;
        return {
          ask: async (round) => {
            opening ??= redis.connect();
            opening.catch(() => {});
            await opening;
            await redis.set('a', String(round));
            return redis.get('a');
          },
          close: async () => redis.destroy(),
        };
      },
    },
    pg: {
      serve: () => pgFake(5_432),
      connect: () => {
        const pool = new pg.Pool({
          host: 'server',
          user: 'u',
          password: 'p',
          database: 'd',
          max: 2,
          connectionTimeoutMillis: 5_000,
          query_timeout: 8_000,
        });
        pool.on('error', () => {});
        return {
          ask: async (round) => (await pool.query('select $1', [String(round)])).rows[0].answer,
          close: () => pool.end(),
        };
      },
    },
    fastify: {
      serve: async () => {
        const app = fastify();
        app.get('/:name', (request) => sleep(10).then(() => ({ hello: request.params.name })));
        await app.listen({ port: 80, host: '0.0.0.0' });
      },
      connect: asking('http://server/', fetch),
    },
    hono: {
      serve: () => {
        const app = new Hono();
        app.get('/:name', (context) => context.text(context.req.param('name')));
        honoServe({ fetch: app.fetch, port: 80 });
      },
      connect: asking('http://server/', fetch),
    },
    express: {
      serve: () => {
        const app = express();
        app.get('/:name', (request, response) => response.send(request.params.name));
        app.listen(80);
      },
      connect: asking('http://server/', fetch),
    },
  };
  return Object.fromEntries(
    Object.entries(libraries).map(([name, library]) => [`${name}, faulty`, faulty(library)]),
  );
};
