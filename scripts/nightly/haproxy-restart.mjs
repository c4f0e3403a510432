/**
 * A rolling restart behind a real HAProxy: two servers that read PROXY headers (one in version 1,
 * the other in version 2) are restarted in turn under load, and no request may fail.
 *
 *   node scripts/nightly/haproxy-restart.mjs [--restarts 10] [--clients 8]
 *
 * Needs `haproxy` (Debian: apt-get install haproxy) and a build (`pnpm build`). Everything is on 127.0.0.1.
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
import { TcpStream } from '../../packages/core/dist/index.js';
import { HttpClient } from '../../packages/http/dist/index.js';

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '10' },
    clients: { type: 'string', default: '8' },
  },
});
const restarts = Number(values.restarts);
const clients = Number(values.clients);

if (spawnSync('haproxy', ['-v']).error !== undefined) {
  console.log('haproxy is not installed (Debian: apt-get install haproxy): nothing was tested.');
  process.exit(0);
}

const [front, ...ports] = await freePorts(3);
const folder = mkdtempSync(join(tmpdir(), 'awaitio-haproxy-'));

const servers = [];
for (const port of ports) servers.push(await start(port));
const proxies = [];
const client = new HttpClient({ maxConnectionsPerOrigin: clients });
const url = `http://127.0.0.1:${front}/`;
const load = { isOn: true };
let answered = 0;
const failures = [];
try {
  await startHaproxy(folder, front, configuration(), proxies);
  await untilServed();
  await checkAddresses();
  const posters = Array.from({ length: clients }, post);
  for (let turn = 0; turn < restarts; turn += 1) {
    await sleep(400);
    const at = turn % servers.length;
    await restart(at);
  }
  await sleep(400);
  load.isOn = false;
  await Promise.all(posters);
} finally {
  await client.close();
  for (const proxy of proxies) proxy.kill();
  for (const server of servers) server.kill();
  rmSync(folder, { recursive: true });
}
console.log(`${restarts} restarts, ${answered} requests answered, ${failures.length} failed`);
for (const failure of failures.slice(0, 10)) console.log(`  ${failure}`);
process.exit(failures.length === 0 && answered > restarts ? 0 : 1);

/** POSTs without pause: a proxy must not retry them. */
async function post() {
  while (load.isOn) {
    try {
      const response = await client.post(url, 'name=WasmEdge');
      const text = await response.text();
      if (response.status === 200 && text.startsWith('127.0.0.1:')) answered += 1;
      else failures.push(`status ${response.status}`);
    } catch (error) {
      failures.push(String(error));
    }
  }
}

/** Both servers must see the client's address, and not the proxy's. */
async function checkAddresses() {
  for (let turn = 0; turn < 4; turn += 1) {
    const stream = await TcpStream.connect({ host: '127.0.0.1', port: front });
    await stream.writeAll('GET / HTTP/1.1\r\nHost: proxied\r\nConnection: close\r\n\r\n');
    let answer = '';
    for await (const chunk of stream) answer += Buffer.from(chunk).toString('latin1');
    const told = answer.slice(answer.indexOf('\r\n\r\n') + 4);
    if (told !== String(stream.localAddress))
      failures.push(`told ${told}, not the client's address`);
    await stream.close();
  }
}

async function restart(at) {
  const old = servers[at];
  old.kill('SIGTERM');
  const [status] = await once(old, 'exit');
  if (status !== 0) failures.push(`a server ended with ${status}`);
  servers[at] = await start(ports[at]);
}

async function start(port) {
  const program = fileURLToPath(new URL('haproxy/server.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function untilServed() {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const response = await client.get(url).catch(() => undefined);
    if ((await response?.text()) !== undefined && response.status === 200) return;
    await sleep(50);
  }
  throw new Error('the proxy did not answer within five seconds');
}

function configuration() {
  return `
global
  maxconn 1000
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  timeout check 5s
  option redispatch
  retries 3
frontend front
  bind 127.0.0.1:${front}
  default_backend servers
backend servers
  balance roundrobin
  http-reuse safe
  option httpchk GET /healthz
  default-server check inter 100ms fall 1 rise 1 check-send-proxy
  server one 127.0.0.1:${ports[0]} send-proxy
  server two 127.0.0.1:${ports[1]} send-proxy-v2
`;
}
