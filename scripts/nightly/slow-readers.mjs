/**
 * Clients that take an answer slowly get all of it, directly and behind a real HAProxy; those that take nothing, or less than
 * `limits.writeMinRate`, are cut.
 *
 *   node scripts/nightly/slow-readers.mjs [--minutes 20] [--rate 2000] [--too-slow 500] [--mtu 1500]
 *
 * The server has its default deadlines and limits, and all clients run at once, each with a receive buffer of 4 KiB
 * (`slow-readers/reader.py`). The answer is as long as `--rate` takes in `--minutes`. How much of it the kernels keep depends on the
 * size of a packet: with the 65,536 bytes of the loopback interface the server's alone keeps 2.5 MB and reports room only every 7
 * minutes at 2 kB/s, so that an answer must take more than an hour to show anything (`--minutes 75 --mtu 0`). So on Linux, as root,
 * everything runs in a network namespace of which the loopback interface has packets as Ethernet has them, and HAProxy keeps to
 * buffers of 16 KiB: what Linux gives it by itself took half an hour's answer in six seconds. Needs a build
 * (`pnpm build`) and Python; HAProxy is left out where it is not installed (Debian: apt-get install haproxy). Everything is on
 * 127.0.0.1.
 */
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, startHaproxy } from '../lib/programs.mjs';

const SELF = fileURLToPath(import.meta.url);
const READER = fileURLToPath(new URL('slow-readers/reader.py', import.meta.url));
const INSIDE = 'AWAITIO_SLOW_READERS_INSIDE';
/** What a handler gives at once, in bytes. */
const PIECE = 16_384;

if (process.argv[2] === 'serve') await server(Number(process.argv[3]));
else {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '20' },
      rate: { type: 'string', default: '2000' },
      'too-slow': { type: 'string', default: '500' },
      mtu: { type: 'string', default: '1500' },
    },
  });
  const mtu = Number(values.mtu);
  if (mtu > 0 && process.env[INSIDE] === undefined) process.exitCode = await inNamespace(mtu);
  else process.exitCode = await run(values);
}

/** Runs this script again where packets are as large as on a network. */
async function inNamespace(mtu) {
  const script = `ip link set lo mtu ${mtu} up && exec "$@"`;
  const inside = ['--net', '--map-root-user', 'sh', '-c', script, 'sh'];
  if (spawnSync('unshare', [...inside, 'true']).status !== 0) {
    console.log(
      'failed: no network namespace here (Linux, as root, with iproute2); or use --mtu 0 --minutes 75',
    );
    return 1;
  }
  const child = spawn('unshare', [...inside, process.execPath, SELF, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [INSIDE]: '1' },
  });
  process.once('SIGTERM', () => child.kill());
  return (await once(child, 'exit'))[0] ?? 1;
}

async function run(values) {
  const size = Math.round(Number(values.rate) * 60 * Number(values.minutes));
  const folder = mkdtempSync(join(tmpdir(), 'awaitio-slow-'));
  const children = [];
  process.once('SIGTERM', () => {
    for (const child of children) child.kill();
    process.exit(1);
  });
  const failures = [];
  const check = async (name, isProxied, rate, isServed) => {
    const [child, port] = await start(size);
    children.push(child);
    const front = isProxied ? await proxy(children, folder, port) : port;
    const what = `${rate} B/s ${name}`;
    const [taken, closed] = await readAndWatch(children, child, front, rate);
    const isWhole = taken.body === size && taken.announced === size;
    const isCut = closed?.deadline === 'writeStall';
    const end = isCut
      ? `cut after ${Math.round(closed.duration / 1_000)} s and ${closed.bytesWritten} bytes`
      : 'not cut';
    console.log(
      `${what}: ${taken.body} of ${size} bytes in ${taken.seconds} s; the kernel took nothing for up to ${closed?.longest} s; ${end}`,
    );
    if (isServed ? !isWhole || isCut : !isCut) failures.push(what);
  };
  try {
    const hasProxy = spawnSync('haproxy', ['-v']).error === undefined;
    if (!hasProxy) console.log('haproxy is not installed: only direct clients.');
    const ways = hasProxy
      ? [
          ['directly', false],
          ['behind HAProxy', true],
        ]
      : [['directly', false]];
    await Promise.all(
      ways.flatMap(([name, isProxied]) => [
        check(name, isProxied, Number(values.rate), true),
        check(name, isProxied, Number(values['too-slow']), false),
        check(name, isProxied, 0, false),
      ]),
    );
  } finally {
    for (const child of children) child.kill();
    rmSync(folder, { recursive: true });
  }
  console.log(failures.length === 0 ? 'all well' : `failed: ${failures.join('; ')}`);
  return failures.length === 0 ? 0 : 1;
}

async function server(size) {
  const { HttpResponse, serve } = await import('../../packages/http/dist/index.js');
  const piece = new Uint8Array(PIECE);
  let longest = 0;
  async function* body() {
    let since = performance.now();
    for (let left = size; left > 0; left -= PIECE) {
      yield piece.subarray(0, Math.min(left, PIECE));
      longest = Math.max(longest, Math.round((performance.now() - since) / 1_000));
      since = performance.now();
    }
  }
  const onEvent = (event) => {
    if (event.type === 'connectionClosed' && event.bytesRead > 0)
      process.send?.({ ...event, longest });
  };
  const running = await serve(() => HttpResponse.stream(body(), { length: size }), {
    port: 0,
    onEvent,
  });
  process.send?.(running.address.port);
  process.once('disconnect', () => process.exit());
}

async function start(size) {
  const child = fork(SELF, ['serve', String(size)]);
  const [port] = await once(child, 'message');
  return [child, port];
}

/** Runs a reader until the server closes its connection; what came, and how the server ended it. */
async function readAndWatch(children, child, port, rate) {
  const closed = once(child, 'message');
  const reader = spawn('python3', [READER, String(port), String(rate)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(reader);
  let text = '';
  reader.stdout.on('data', (part) => (text += part));
  const ended = once(reader, 'close');
  const [event] = await closed;
  // A proxy goes on giving out what it has, and keeps a client that takes nothing: only what the server did is judged.
  if (event.deadline === 'writeStall') reader.kill();
  await ended;
  const taken =
    text === '' ? { body: 0, seconds: Math.round(event.duration / 1_000) } : JSON.parse(text);
  return [taken, event];
}

/** Starts HAProxy before a server; its port. */
async function proxy(children, folder, port) {
  const front = await freePort();
  const configuration = `
global
  tune.rcvbuf.server 16384
  tune.sndbuf.client 16384
defaults
  mode http
  timeout connect 2s
  timeout client 2h
  timeout server 2h
frontend front
  bind 127.0.0.1:${front}
  default_backend servers
backend servers
  server one 127.0.0.1:${port}
`;
  await startHaproxy(folder, front, configuration, children);
  return front;
}
