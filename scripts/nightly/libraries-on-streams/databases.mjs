/**
 * Clients of databases and of HTTP whose server breaks off, on a socket of `net.connect` and on `stream.toNode()`: what they report, and
 * when they connect again, must be the same.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { callbackify } from 'node:util';
import { TcpStream } from '../../../packages/core/dist/index.js';
import { freePort, startListening } from '../../lib/programs.mjs';
import { pgFake, redisFake } from '../simulated-libraries/fakes.mjs';
import { Border } from './border.mjs';
import { mysqlFake } from './mysql-fake.mjs';

/** How a connection of a library is made. */
const DIALS = {
  net: async (port) => {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  },
  toNode: async (port) => (await TcpStream.connect(`127.0.0.1:${port}`)).toNode(),
};

const codeOf = (error) => error.code ?? error.message;
const told = (promise) =>
  promise.then(
    (value) => `got ${JSON.stringify(value)}`,
    (error) => `failed: ${codeOf(error)}`,
  );
const event = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve));

/** What libraries say when their connection ends in each way: asked for something or idle, by FIN or by RST. */
async function compare(serverPort, talk) {
  for (const how of ['FIN', 'RST']) {
    for (const isAsked of [true, false]) {
      const said = {};
      for (const [kind, dial] of Object.entries(DIALS)) {
        const border = await Border.before(serverPort);
        const log = [];
        try {
          await talk({ border, dial: () => dial(border.port), how, isAsked, log });
        } finally {
          border.close();
        }
        said[kind] = log;
      }
      assert.deepEqual(said.toNode, said.net, `${how}, ${isAsked ? 'asked' : 'idle'}`);
    }
  }
}

/** A stream that is connected, for a library that calls `connect` of it. */
function connectable(socket) {
  socket.connect = () => {
    process.nextTick(() => socket.emit('connect'));
    return socket;
  };
  return socket;
}

function redisOver(Redis, dial, log) {
  class Connector {
    check = () => true;
    connecting = false;
    disconnect() {
      this.connecting = false;
      this.stream?.end();
    }
    async connect() {
      this.connecting = true;
      this.stream = await dial();
      return this.stream;
    }
  }
  const redis = new Redis({ Connector, retryStrategy: () => 10, maxRetriesPerRequest: null });
  for (const name of ['ready', 'close', 'reconnecting', 'end'])
    redis.on(name, () => log.push(name));
  redis.on('error', (error) => log.push(`error ${codeOf(error)}`));
  return redis;
}

/** Connects as soon as there is a server again: ioredis itself does not try again where its connector fails. */
async function patiently(dial) {
  for (;;) {
    const socket = await dial().catch(() => undefined);
    if (socket !== undefined) return socket;
    await sleep(20);
  }
}

/** @param children - Programs that were started, to be ended in any case. */
export function databaseChecks(load, children) {
  return {
    'ioredis: connects again, and asks again': async () => {
      const { default: Redis } = await load('ioredis');
      const port = await freePort();
      const server = redisFake(port);
      await compare(port, async ({ border, dial, how, isAsked, log }) => {
        const redis = redisOver(Redis, dial, log);
        log.push(await told(redis.set('key', 'value')));
        border.isMute = true;
        const asked = isAsked ? told(redis.get('key')) : undefined;
        const isNoticed = event(redis, 'reconnecting');
        await new Promise(setImmediate);
        border.cut(how);
        await isNoticed;
        log.push(await asked, await told(redis.get('key')));
        const ended = event(redis, 'end');
        log.push(await told(redis.quit()));
        await ended;
      });
      server.close();
    },

    'ioredis and redis-server, which is killed and started again': async () => {
      if (spawnSync('redis-server', ['--version']).error !== undefined) return 'not installed';
      const { default: Redis } = await load('ioredis');
      const port = await freePort();
      const start = () =>
        startListening(
          port,
          ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', ''],
          children,
        );
      for (const signal of ['SIGKILL', 'SIGTERM']) {
        let server = await start();
        const log = [];
        const redis = redisOver(Redis, () => patiently(() => DIALS.toNode(port)), log);
        assert.equal(await redis.set('key', 'before'), 'OK');
        const gone = event(redis, 'reconnecting');
        server.kill(signal);
        await gone;
        const waiting = redis.set('key', 'after');
        server = await start();
        assert.equal(await waiting, 'OK');
        assert.equal(await redis.get('key'), 'after');
        redis.disconnect();
        server.kill();
        await event(server, 'exit');
      }
      return undefined;
    },

    'pg: its errors, and the end of its connection': async () => {
      const { default: pg } = await load('pg');
      const port = await freePort();
      pgFake(port);
      await compare(port, async ({ border, dial, how, isAsked, log }) => {
        const socket = connectable(await dial());
        const client = new pg.Client({ stream: () => socket, user: 'user', database: 'database' });
        client.on('error', (error) => log.push(`error ${codeOf(error)}`));
        await client.connect();
        log.push(await told(client.query('1').then(({ rows }) => rows)));
        border.isMute = true;
        const asked = isAsked ? told(client.query('2')) : undefined;
        const ended = event(client, 'end');
        await new Promise(setImmediate);
        border.cut(how);
        await ended;
        log.push(await asked, await told(client.query('3')));
      });
    },

    'mysql2: its errors, and the end of its connection': async () => {
      const { default: mysql } = await load('mysql2');
      const port = await freePort();
      const server = mysqlFake(port);
      await compare(port, async ({ border, dial, how, isAsked, log }) => {
        const socket = await dial();
        const client = mysql.createConnection({ stream: () => socket, user: 'user' });
        client.on('error', (error) => log.push(`error ${codeOf(error)}`));
        const query = (sql) =>
          told(
            client
              .promise()
              .query(sql)
              .then(([{ affectedRows }]) => affectedRows),
          );
        log.push(await query('1'));
        border.isMute = true;
        const asked = isAsked ? query('2') : undefined;
        const ended = event(socket, 'close');
        await new Promise(setImmediate);
        border.cut(how);
        log.push(`close ${await ended}`, await asked, await query('3'));
      });
      server.close();
    },

    'ws: the code of its end': async () => {
      const { WebSocket, WebSocketServer } = await load('ws');
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      await once(server, 'listening');
      server.on('connection', (socket) => {
        socket.on('error', () => {}).on('message', (data) => socket.send(String(data)));
      });
      await compare(server.address().port, async ({ border, dial, how, isAsked, log }) => {
        const raw = await dial();
        const socket = new WebSocket('ws://stream/', { createConnection: () => raw });
        socket.on('error', (error) => log.push(`error ${codeOf(error)}`));
        await event(socket, 'open');
        socket.send('there and back');
        log.push(String(await event(socket, 'message')));
        border.isMute = true;
        if (isAsked) socket.send('not back');
        const closed = event(socket, 'close');
        await new Promise(setImmediate);
        border.cut(how);
        log.push(`close ${await closed}`);
      });
      server.close();
    },

    'undici: the request that fails, and the next connection': async () => {
      const { Pool } = await load('undici');
      const server = http.createServer((_, response) => response.end('an answer'));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      await compare(server.address().port, async ({ border, dial, how, isAsked, log }) => {
        const pool = new Pool('http://stream', {
          connections: 1,
          connect: (_, done) => {
            log.push('connects');
            callbackify(dial)(done);
          },
        });
        const get = () =>
          told(pool.request({ method: 'GET', path: '/' }).then(({ body }) => body.text()));
        log.push(await get());
        border.isMute = true;
        const asked = isAsked ? get() : undefined;
        const gone = event(pool, 'disconnect');
        await new Promise(setImmediate);
        border.cut(how);
        await gone;
        log.push(await asked, await get());
        await pool.close();
      });
      server.close();
      server.closeAllConnections();
    },
  };
}
