/**
 * Restarts of servers under WebSockets: two servers are restarted in turn while clients send numbered messages, one after another, on
 * connections that they open again. Each connection must end with a close frame, and each message that was acknowledged must
 * have been kept.
 *
 *   node scripts/nightly/websocket-restarts.mjs [--restarts 200] [--sockets 500] [--window 1000] [--direct]
 *
 * With `haproxy` (Debian: apt-get install haproxy) the servers are behind it; without, or with `--direct`, clients take them in
 * turn. Needs a build (`pnpm build`). Everything is on 127.0.0.1.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePorts, startHaproxy } from '../lib/programs.mjs';
import { HttpClient } from '../../packages/http/dist/index.js';
import { connectWebSocket } from '../../packages/http/dist/websocket/index.js';

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '200' },
    sockets: { type: 'string', default: '500' },
    window: { type: 'string', default: '1000' },
    direct: { type: 'boolean', default: false },
  },
});
const restarts = Number(values.restarts);
const count = Number(values.sockets);
/** Milliseconds between two messages of a client. */
const PAUSE = 250;

const isProxied = !values.direct && spawnSync('haproxy', ['-v']).error === undefined;
const [front, ...ports] = await freePorts(3);
const folder = mkdtempSync(join(tmpdir(), 'awaitio-websockets-'));
const servers = [];
for (const port of ports) servers.push(await start(port));
const proxies = [];
const client = new HttpClient({ maxConnectionsPerOrigin: 2 * count });

process.once('SIGTERM', () => process.exit(1));
process.once('exit', () => {
  for (const proxy of proxies) proxy.kill();
  for (const { child } of servers) child.kill('SIGKILL');
});
const state = { isOn: true };
const figures = { goodbyes: 0, acknowledged: 0, refused: 0, aborted: 0, upgraded: 0 };
const failures = [];
/** By client, the numbers that a server has acknowledged. */
const acknowledged = Array.from({ length: count }, () => []);
/** By client, those that a server has kept. */
const kept = Array.from({ length: count }, () => new Set());
const began = performance.now();
try {
  if (isProxied) await startHaproxy(folder, front, configuration(), proxies);
  const talks = acknowledged.map((_, index) => talk(index));
  await sleep(2_000);
  for (let turn = 1; turn <= restarts; turn += 1) {
    await restart(turn % servers.length);
    if (turn % 20 === 0) progress(turn);
  }
  await sleep(1_000);
  state.isOn = false;
  await Promise.all(talks);
  await Promise.all(servers.map(stop));
} finally {
  await client.close();
  for (const proxy of proxies) proxy.kill();
  for (const server of servers) server.child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}
let lost = 0;
for (const [index, numbers] of acknowledged.entries()) {
  for (const number of numbers) if (!kept[index].has(number)) lost += 1;
}
progress(restarts);
console.log(
  `${isProxied ? 'behind HAProxy' : 'without a proxy'}: ${restarts} restarts, ${count} sockets, ${figures.goodbyes} goodbyes of servers, ` +
    `${failures.length} other ends, ${figures.acknowledged} messages acknowledged, ${lost} of them lost, ` +
    `${figures.upgraded} closed by shutdowns, ${figures.aborted} aborted`,
);
for (const failure of failures.slice(0, 10)) console.log(`  ${failure}`);
const isRight = failures.length === 0 && lost === 0 && figures.aborted === 0;
process.exit(isRight && figures.goodbyes > restarts ? 0 : 1);

/** A client: sends one message after another until each is acknowledged, and connects again. */
async function talk(index) {
  let number = 0;
  for (let turn = index; state.isOn; turn += 1) {
    const socket = await connect(turn);
    if (socket === undefined) {
      await sleep(50 + ((index * 7) % 50));
      continue;
    }
    try {
      while (state.isOn) {
        const message = JSON.stringify({ client: index, number });
        await socket.send(message);
        const answer = await socket.receive();
        if (answer === null) break;
        if (answer !== message) failures.push(`client ${index}: an answer to another message`);
        acknowledged[index].push(number);
        figures.acknowledged += 1;
        number += 1;
        await sleep(PAUSE);
      }
    } catch {
      // The end says why.
    }
    if (state.isOn) checkEnd(index, await socket.closed);
    else await socket.close();
  }
}

function checkEnd(index, { code, by, isClean, error }) {
  if (code === 1001 && by === 'peer' && isClean) figures.goodbyes += 1;
  else {
    failures.push(`client ${index}: ${code} by ${by}, ${error}`);
    console.log(failures.at(-1));
  }
}

/** @returns `undefined` when no server takes it now */
async function connect(turn) {
  const port = isProxied ? front : ports[turn % ports.length];
  try {
    return await connectWebSocket(`ws://127.0.0.1:${port}/`, { client, timeout: 20_000 });
  } catch {
    figures.refused += 1;
    return undefined;
  }
}

async function restart(at) {
  await stop(servers[at]);
  servers[at] = await start(ports[at]);
}

async function stop({ child, output }) {
  child.kill('SIGTERM');
  const [status] = await once(child, 'close');
  if (status !== 0) failures.push(`a server ended with ${status}`);
  const { report, kept: all } = JSON.parse(output.text.slice('ready\n'.length));
  figures.upgraded += report.upgraded;
  figures.aborted += report.aborted.length;
  if (report.aborted.length > 0) failures.push(`aborted: ${report.aborted.join(' ')}`);
  for (const [index, numbers] of Object.entries(all)) {
    for (const number of numbers) kept[index].add(number);
  }
}

async function start(port) {
  const program = fileURLToPath(new URL('websocket/server.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, String(port), values.window], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = { text: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.text += text;
  });
  await once(child.stdout, 'data');
  return { child, output };
}

function progress(turn) {
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  console.log(`${turn} restarts, ${seconds} s: ${JSON.stringify(figures)}`);
}

function configuration() {
  return `
global
  maxconn 4000
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  timeout check 2s
  option redispatch
  retries 3
frontend front
  bind 127.0.0.1:${front}
  default_backend servers
backend servers
  balance leastconn
  option httpchk GET /healthz
  default-server check inter 100ms fall 1 rise 1
  server one 127.0.0.1:${ports[0]}
  server two 127.0.0.1:${ports[1]}
`;
}
