/** One program for each library of `simulated-libraries.mjs`: a server on one host, a client on another. */
import { once } from 'node:events';
import dns from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { TestAuthority } from '../../../packages/core/dist/testing/index.js';
import { pgFake, redisFake } from './fakes.mjs';

const authority = new TestAuthority();
const { cert, key } = authority.issue(['server']);
const identify = { cert, key };

/** Runs a body on a host, and waits for it. */
const on = (sim, host, body) =>
  new Promise((resolve, reject) => {
    sim.host(host).run(async () => {
      try {
        resolve(await body());
      } catch (error) {
        reject(error);
      }
    });
  });

export const programsOf = async (load) => {
  const { Agent, Client, Pool, fetch: undiciFetch } = await load('undici');
  const { default: WebSocket, WebSocketServer } = await load('ws');
  const { default: Redis } = await load('ioredis');
  const { default: pg } = await load('pg');
  const { default: fastify } = await load('fastify');
  const { Hono } = await load('hono');
  const { serve: honoServe } = await load('@hono/node-server');
  const { createClient } = await load('redis');
  const { default: express } = await load('express');

  return {
    undici: async (sim) => {
      await on(sim, 'server', () => {
        http
          .createServer((q, r) => {
            let n = 0;
            q.on('data', (d) => (n += d.length));
            q.on('end', () => setTimeout(() => r.end(`${q.url} ${n}`), 30));
          })
          .listen(80);
      });
      await on(sim, 'client', async () => {
        const pool = new Pool('http://server', { connections: 2, headersTimeout: 20_000 });
        const answers = await Promise.all(
          [1, 2, 3, 4].map(async (n) =>
            (
              await pool.request({ path: `/${n}`, method: 'POST', body: 'x'.repeat(n * 1000) })
            ).body.text(),
          ),
        );
        sim.log(answers.join());
        await pool.close();
        sim.log(await (await undiciFetch('http://server/f')).text());
        const slow = new Client('http://server', {
          connect: (o, cb) => {
            const s = sim.host('client').net.connect(80, 'server', () => cb(null, s));
            s.once('error', cb);
          },
        });
        sim.log(await (await slow.request({ path: '/own', method: 'GET' })).body.text());
        await slow.close();
      });
    },
    undiciTimeout: async (sim) => {
      await on(sim, 'server', () => {
        http.createServer(() => {}).listen(80);
      });
      await on(sim, 'client', async () => {
        const client = new Client('http://server', { headersTimeout: 5_000 });
        await client
          .request({ path: '/', method: 'GET' })
          .catch((e) => sim.log(`${e.code} ${sim.clock.now()}`));
        await client.destroy();
      });
    },
    ws: async (sim) => {
      await on(sim, 'server', () => {
        const wss = new WebSocketServer({ port: 80 });
        wss.on('connection', (s) => {
          s.on('message', (m, b) => s.send(m, { binary: b }));
          s.on('error', () => {});
        });
      });
      await on(sim, 'client', async () => {
        const socket = new WebSocket('ws://server/');
        await once(socket, 'open');
        for (const text of ['one', 'two', 'x'.repeat(5_000)]) {
          socket.send(text);
          const [m] = await once(socket, 'message');
          sim.log(String(m).slice(0, 10));
        }
        socket.close(1000, 'done');
        await once(socket, 'close');
      });
    },
    ioredis: async (sim) => {
      await on(sim, 'server', () => {
        redisFake(6379);
      });
      await on(sim, 'client', async () => {
        const redis = new Redis({ host: 'server', port: 6379 });
        await redis.set('a', 'b');
        sim.log(await redis.get('a'));
        sim.log(String(await Promise.all([redis.incr('n'), redis.incr('n')])));
        await redis.quit();
      });
    },
    redis: async (sim) => {
      await on(sim, 'server', () => {
        redisFake(6379);
      });
      await on(sim, 'client', async () => {
        const redis = createClient({ url: 'redis://server:6379' });
        redis.on('error', () => {});
        await redis.connect();
        await redis.set('a', 'b');
        sim.log(await redis.get('a'));
        await redis.close();
      });
    },
    pg: async (sim) => {
      await on(sim, 'server', () => {
        pgFake(5432);
      });
      await on(sim, 'client', async () => {
        const pool = new pg.Pool({
          host: 'server',
          user: 'u',
          password: 'p',
          database: 'd',
          max: 2,
        });
        const rows = await Promise.all(
          [1, 2, 3].map(async (n) => (await pool.query(`select ${n}`)).rows[0].answer),
        );
        sim.log(rows.join());
        sim.log((await pool.query('select $1', [1])).rows[0].answer);
        await pool.end();
      });
    },
    fastify: async (sim) => {
      let app;
      await on(sim, 'server', async () => {
        app = fastify();
        app.get('/hello/:name', async (q) => {
          await new Promise((r) => setTimeout(r, 10));
          return { hello: q.params.name };
        });
        app.post('/echo', async (q) => q.body);
        await app.listen({ port: 3000, host: '0.0.0.0' });
      });
      await on(sim, 'client', async () => {
        sim.log(await (await fetch('http://server:3000/hello/you')).text());
        sim.log(
          await (
            await fetch('http://server:3000/echo', {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: '{"a":1}',
            })
          ).text(),
        );
      });
      await app.close();
    },
    hono: async (sim) => {
      await on(sim, 'server', () => {
        const app = new Hono();
        app.get('/', (c) => c.text('hono'));
        app.post('/', async (c) => c.json({ got: await c.req.json() }));
        honoServe({ fetch: app.fetch, port: 3000 });
      });
      await on(sim, 'client', async () => {
        sim.log(await (await fetch('http://server:3000/')).text());
        sim.log(await (await fetch('http://server:3000/', { method: 'POST', body: '[1]' })).text());
      });
    },
    express: async (sim) => {
      await on(sim, 'server', () => {
        const app = express();
        app.use(express.json());
        app.get('/', (q, r) => r.send('express'));
        app.post('/', (q, r) => r.json(q.body));
        app.listen(3000);
      });
      await on(sim, 'client', async () => {
        sim.log(await (await fetch('http://server:3000/')).text());
        sim.log(
          await (
            await fetch('http://server:3000/', {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: '[1]',
            })
          ).text(),
        );
      });
    },
    tls: async (sim) => {
      await on(sim, 'server', () => {
        const s = tls.createServer(identify, (c) => {
          c.on('data', (d) => c.write(d));
          c.on('end', () => c.end());
        });
        s.on('tlsClientError', (e) => sim.log(e.message));
        s.listen(443);
      });
      await on(sim, 'client', async () => {
        const c = tls.connect({ host: 'server', port: 443, ca: authority.cert });
        await once(c, 'secureConnect');
        sim.log(`${c.authorized} ${c.getProtocol()}`);
        c.write('hello');
        sim.log(String((await once(c, 'data'))[0]));
        c.end();
        await once(c, 'close');
      });
    },
    https: async (sim) => {
      await on(sim, 'server', () => {
        https.createServer(identify, (q, r) => r.end('secure')).listen(443);
      });
      await on(sim, 'client', async () => {
        sim.log(
          await new Promise((resolve, reject) =>
            https
              .get('https://server/', { ca: authority.cert }, (r) => {
                let t = '';
                r.on('data', (d) => (t += d));
                r.on('end', () => resolve(t));
              })
              .on('error', reject),
          ),
        );
        const agent = new Agent({ connect: { ca: authority.cert } });
        sim.log(
          await (
            await agent.request({ origin: 'https://server', path: '/', method: 'GET' })
          ).body.text(),
        );
        await agent.close();
      });
    },
    dns: async (sim) => {
      sim.host('server');
      await on(sim, 'client', async () => {
        const nowhere = await dns.lookup('nowhere').catch(({ code }) => code);
        sim.log(
          JSON.stringify([await dns.lookup('server'), await dns.resolve4('server'), nowhere]),
        );
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      });
    },
  };
};
