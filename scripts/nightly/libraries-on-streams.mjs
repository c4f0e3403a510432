/**
 * Protocol libraries of others on streams of awaitio, by `stream.toNode()`: ssh2, MQTT (aedes and mqtt), SMTP (smtp-server and
 * nodemailer), and `node:http`, `node:http2` and `node:tls` themselves; and ioredis, pg, mysql2, ws and undici, whose server breaks off.
 *
 *   node scripts/nightly/libraries-on-streams.mjs [--folder FOLDER]
 *
 * Each is server and client at once, over TCP on 127.0.0.1; the Redis of one check is the program `redis-server`, where it is installed
 * (Debian: apt-get install redis-server). Installs the libraries with npm, into a temporary folder unless `--folder`
 * names one, which is kept. Needs a build (`pnpm build`).
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import tls from 'node:tls';
import { TcpListener, TcpStream } from '../../packages/core/dist/index.js';
import { TestAuthority } from '../../packages/core/dist/testing/index.js';
import { installLibraries } from '../lib/libraries.mjs';
import { databaseChecks } from './libraries-on-streams/databases.mjs';

const { load } = installLibraries([
  'ssh2',
  'mqtt',
  'aedes',
  'nodemailer',
  'smtp-server',
  'ioredis',
  'pg',
  'mysql2',
  'ws',
  'undici',
]);
/** Programs that checks started, which end with this one, whatever ends it. */
const children = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
const LIMIT = 30_000;

/** Accepts on a free port, gives each connection to `serve`, and runs `use` with what connects to it. */
async function over(serve, use) {
  const listener = await TcpListener.bind({ port: 0, host: '127.0.0.1' });
  const accepting = (async () => {
    for await (const stream of listener) serve(stream.toNode());
  })();
  const connect = async () => (await TcpStream.connect(listener.localAddress)).toNode();
  try {
    await use(connect);
  } finally {
    await listener.close();
    await accepting;
  }
}

const checks = {
  'ssh2: a command with 20 MB of input': async () => {
    const { Server, Client, utils } = (await load('ssh2')).default;
    const { private: hostKey } = utils.generateKeyPairSync('ecdsa', { bits: 256 });
    const server = new Server({ hostKeys: [hostKey] }, (peer) => {
      peer.on('authentication', (request) => request.accept());
      peer.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, { command }) => {
          const stream = acceptExec();
          let size = 0;
          stream.on('data', (chunk) => (size += chunk.length));
          stream.on('end', () => {
            stream.write(`${command} ${size}`);
            stream.exit(0);
            stream.end();
          });
        });
      });
    });
    await over(
      (socket) => server.injectSocket(socket),
      async (connect) => {
        const client = new Client();
        client.connect({ sock: await connect(), username: 'user', password: 'password' });
        await once(client, 'ready');
        const stream = await new Promise((resolve, reject) => {
          client.exec('count', (error, opened) => (error ? reject(error) : resolve(opened)));
        });
        stream.end(Buffer.alloc(20_000_000, 1));
        assert.equal(await textOf(stream), 'count 20000000');
        client.end();
        await once(client, 'close');
      },
    );
  },

  'MQTT: 2,000 messages of quality 1, and the will of a client that breaks off': async () => {
    const { Aedes } = await load('aedes');
    const { MqttClient } = await load('mqtt');
    const broker = await Aedes.createBroker();
    await over(
      (socket) => broker.handle(socket),
      async (connect) => {
        const open = async (options = {}) => {
          const socket = await connect();
          const client = new MqttClient(() => socket, { reconnectPeriod: 0, ...options });
          await once(client, 'connect');
          return client;
        };
        const reader = await open();
        const writer = await open({ will: { topic: 'gone', payload: 'writer', qos: 1 } });
        await reader.subscribeAsync(['numbers', 'gone'], { qos: 1 });
        let count = 0;
        const will = new Promise((resolve) => {
          reader.on('message', (topic, payload) => {
            if (topic === 'gone') resolve(String(payload));
            else count += 1;
          });
        });
        await Promise.all(
          Array.from({ length: 2_000 }, (_, at) =>
            writer.publishAsync('numbers', String(at), { qos: 1 }),
          ),
        );
        writer.stream.destroy();
        assert.equal(await will, 'writer');
        assert.equal(count, 2_000);
        await reader.endAsync();
      },
    );
    await new Promise((resolve) => broker.close(resolve));
  },

  'SMTP: a message of 3 MB': async () => {
    const { SMTPServer } = (await load('smtp-server')).default;
    const { default: SMTPConnection } = await load('nodemailer/lib/smtp-connection/index.js');
    let size = 0;
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, _session, done) {
        stream.on('data', (chunk) => (size += chunk.length)).on('end', done);
      },
    });
    await over(
      (socket) => server.server.emit('connection', socket),
      async (connect) => {
        const client = new SMTPConnection({ connection: await connect(), ignoreTLS: true });
        await new Promise((resolve, reject) => client.once('error', reject).connect(resolve));
        const message = `Subject: long\r\n\r\n${'x'.repeat(70).concat('\r\n').repeat(42_000)}`;
        const answer = await new Promise((resolve, reject) => {
          client.send({ from: 'a@a.test', to: ['b@b.test'] }, message, (error, info) =>
            error ? reject(error) : resolve(info.response),
          );
        });
        assert.match(answer, /^250/);
        assert.ok(size >= message.length, `${size} bytes`);
        client.quit();
        await once(client, 'end');
      },
    );
  },

  'node:http: five uploads on one kept connection': async () => {
    const server = http.createServer((message, response) => {
      let size = 0;
      message.on('data', (chunk) => (size += chunk.length));
      message.on('end', () => response.end(`${size} from ${message.socket.remoteAddress}`));
    });
    await over(
      (socket) => server.emit('connection', socket),
      async (connect) => {
        const socket = await connect();
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        let connections = 0;
        agent.createConnection = () => {
          connections += 1;
          return socket;
        };
        for (let count = 0; count < 5; count += 1) {
          const request = http.request({ agent, method: 'POST', host: 'stream' });
          const free = once(agent, 'free');
          request.end(Buffer.alloc(1_000_000));
          const [response] = await once(request, 'response');
          assert.equal(await textOf(response), '1000000 from 127.0.0.1');
          await free;
        }
        assert.equal(connections, 1);
        agent.destroy();
      },
    );
  },

  'node:http2: 20 streams at once': async () => {
    const server = http2.createServer().on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(500_000, 65));
    });
    await over(
      (socket) => server.emit('connection', socket),
      async (connect) => {
        const socket = await connect();
        const client = http2.connect('http://stream', { createConnection: () => socket });
        const sizes = await Promise.all(
          Array.from({ length: 20 }, async () => {
            const stream = client.request({ ':path': '/' });
            return (await textOf(stream)).length;
          }),
        );
        assert.deepEqual(new Set(sizes), new Set([500_000]));
        await new Promise((resolve) => client.close(resolve));
      },
    );
  },

  'node:tls: 5 MB there and back': async () => {
    const authority = new TestAuthority();
    const identity = authority.issue(['localhost']);
    await over(
      (socket) => {
        const secure = new tls.TLSSocket(socket, { isServer: true, ...identity });
        secure.pipe(secure);
      },
      async (connect) => {
        const secure = tls.connect({
          socket: await connect(),
          ca: authority.cert,
          servername: 'localhost',
        });
        await once(secure, 'secureConnect');
        secure.end('x'.repeat(5_000_000));
        assert.equal((await textOf(secure)).length, 5_000_000);
      },
    );
  },
};

Object.assign(checks, databaseChecks(load, children));

async function textOf(readable) {
  let text = '';
  for await (const chunk of readable) text += String(chunk);
  return text;
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const limit = new Promise((_resolve, reject) => {
    setTimeout(reject, LIMIT, new Error(`not done within ${LIMIT} ms`)).unref();
  });
  try {
    const note = await Promise.race([check(), limit]);
    console.log(note === undefined ? `ok      ${name}` : `left    ${name}: ${note}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
// A check that was not done in time may leave its sockets.
process.exit(failed === 0 ? 0 : 1);
