/**
 * Clients that take a large answer slowly get all of it, directly and behind a real HAProxy; one that takes nothing is cut.
 *
 *   node scripts/nightly/slow-readers.mjs [--rates 50000,20000,10000] [--megabytes 16] [--proxied 100000]
 *
 * Rates are in bytes per second, and all clients run at once: 16 MB take 5 minutes at 50 kB/s, 27 minutes at 10 kB/s, and more than
 * two hours at 2 kB/s. The kernels of both sides keep up to 9 MB of it, so a shorter answer shows nothing. The client that takes
 * nothing gets a server with a window of 10 s, and has to be cut within a minute. The servers are separate processes, otherwise
 * with the default limits. Needs a build (`pnpm build`); HAProxy is left out where it is not installed (Debian: apt-get install
 * haproxy). Everything is on 127.0.0.1.
 */
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** Reads so often in a second. */
const TICKS = 10;

if (process.argv[2] === 'serve') {
  const { HttpResponse, serve } = await import('../../packages/http/dist/index.js');
  const [, , , size, writeWindow] = process.argv;
  const body = new Uint8Array(Number(size));
  const deadlines = writeWindow === '' ? {} : { writeWindow: Number(writeWindow) };
  const onEvent = ({ type }) => {
    if (type === 'connectionClosed') process.send?.('closed');
  };
  const server = await serve(() => HttpResponse.bytes(body), { port: 0, deadlines, onEvent });
  process.send?.(server.address.port);
  process.once('disconnect', () => process.exit());
} else {
  const { values } = parseArgs({
    options: {
      rates: { type: 'string', default: '50000,20000,10000' },
      megabytes: { type: 'string', default: '16' },
      proxied: { type: 'string', default: '100000' },
    },
  });
  const size = Number(values.megabytes) * 1_000_000;
  const folder = mkdtempSync(join(tmpdir(), 'awaitio-slow-'));
  const children = [];
  const failures = [];
  try {
    const [port] = await start(children, size, '');
    const [strictPort, strict] = await start(children, size, '10000');
    const clients = values.rates.split(',').map((rate) => ({ name: 'directly', port, rate }));
    const front = await proxy(children, folder, port);
    if (front === undefined) console.log('haproxy is not installed: only direct clients.');
    else clients.push({ name: 'behind HAProxy', port: front, rate: values.proxied });
    await Promise.all([
      ...clients.map(async (client) => {
        const since = performance.now();
        const taken = await take(client.port, Number(client.rate));
        const seconds = ((performance.now() - since) / 1_000).toFixed(0);
        const what = `${client.rate} B/s ${client.name}: ${taken} bytes in ${seconds} s`;
        console.log(what);
        if (taken < size) failures.push(what);
      }),
      (async () => {
        const since = performance.now();
        const socket = connect(strictPort, '127.0.0.1').pause();
        socket.on('error', () => {});
        socket.write(REQUEST);
        const isCut = await Promise.race([
          once(strict, 'message').then(() => true),
          sleep(60_000, false, { ref: false }),
        ]);
        socket.destroy();
        const seconds = ((performance.now() - since) / 1_000).toFixed(0);
        console.log(`taking nothing: ${isCut ? `cut after ${seconds} s` : 'not cut in a minute'}`);
        if (!isCut) failures.push('a client that takes nothing');
      })(),
    ]);
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true });
  }
  console.log(failures.length === 0 ? 'all well' : `failed: ${failures.join('; ')}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

async function start(children, size, writeWindow) {
  const child = fork(fileURLToPath(import.meta.url), ['serve', String(size), writeWindow]);
  children.push(child);
  const [port] = await once(child, 'message');
  return [port, child];
}

/** Takes an answer at a rate; how many bytes came, up to its end or a reset. */
async function take(port, rate) {
  const buffer = Buffer.alloc(Math.max(1, Math.floor(rate / TICKS)));
  let taken = 0;
  const socket = connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer,
      callback: (count) => {
        taken += count;
        // One buffer for each tick.
        return false;
      },
    },
  });
  socket.on('error', () => {});
  socket.write(REQUEST);
  const timer = setInterval(() => {
    socket.resume();
    socket.read(0);
  }, 1_000 / TICKS);
  await once(socket, 'close');
  clearInterval(timer);
  return taken;
}

/** Starts HAProxy before a server; its port, or `undefined` where it is not installed. */
async function proxy(children, folder, port) {
  if (spawnSync('haproxy', ['-v']).error !== undefined) return undefined;
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const front = listener.address().port;
  listener.close();
  await once(listener, 'close');
  const config = join(folder, 'haproxy.cfg');
  writeFileSync(
    config,
    `
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server 1h
frontend front
  bind 127.0.0.1:${front}
  default_backend servers
backend servers
  server one 127.0.0.1:${port}
`,
  );
  children.push(spawn('haproxy', ['-q', '-f', config, '-db'], { stdio: 'ignore' }));
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(front, '127.0.0.1');
    const isUp = await Promise.race([
      once(socket, 'connect').then(
        () => true,
        () => false,
      ),
      sleep(1_000, false),
    ]);
    socket.destroy();
    if (isUp) break;
    await sleep(50);
  }
  return front;
}
