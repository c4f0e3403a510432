/**
 * The client against servers and proxies that people run: Python's http.server, nginx, HAProxy, tinyproxy, and Node's https with a
 * private authority.
 *
 *   node scripts/nightly/real-servers.mjs [--requests 500]
 *
 * Each server gets a file whole, a range of it, HEAD, what is not there, many requests at once over few connections, and requests with
 * pauses in which it ends its connections; what comes is compared byte by byte. What is not installed is left out, and said (Debian:
 * apt-get install python3 nginx-light haproxy tinyproxy). Needs a build (`pnpm build`). Everything is on 127.0.0.1.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TestAuthority } from '../../packages/core/dist/testing/index.js';
import { HttpClient } from '../../packages/http/dist/index.js';

const { values } = parseArgs({ options: { requests: { type: 'string', default: '500' } } });
const REQUESTS = Number(values.requests);
const BODY = Buffer.from(Array.from({ length: 1_000_003 }, (_, at) => (at * 31) % 251));

const folder = mkdtempSync(join(tmpdir(), 'awaitio-real-'));
const files = join(folder, 'files');
mkdirSync(files);
writeFileSync(join(files, 'body.bin'), BODY);
writeFileSync(join(files, 'small.txt'), 'small');
const children = [];
const failures = [];

const isInstalled = (program) => spawnSync(program, ['--version']).error === undefined;

/** A free port. */
async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

/** Starts a program, and waits until it listens; what it prints is shown when it does not. */
async function start(port, program, ...args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  throw new Error(`${program} does not listen:\n${said}`);
}

function config(name, text) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** Reports one check. */
async function check(title, run) {
  try {
    await run();
    console.log(`ok   ${title}`);
  } catch (error) {
    failures.push(title);
    console.log(`FAIL ${title}: ${error?.stack ?? error}`);
  }
}

function equal(got, expected, what) {
  const isSame = Buffer.isBuffer(expected) ? expected.equals(got) : got === expected;
  if (!isSame)
    throw new Error(
      `${what}: expected ${String(expected).slice(0, 60)}, got ${String(got).slice(0, 60)}`,
    );
}

/** What every server has to answer rightly. */
async function checkServer(name, base, { hasRanges = true, options = {} } = {}) {
  const client = new HttpClient({ baseUrl: base, maxConnectionsPerOrigin: 8, ...options });
  await check(`${name}: a file`, async () => {
    const response = await client.get('body.bin');
    equal(response.status, 200, 'status');
    equal(Buffer.from(await response.bytes({ limit: Infinity })), BODY, 'body');
  });
  await check(`${name}: HEAD`, async () => {
    const response = await client.head('body.bin');
    equal(response.headers.get('content-length'), String(BODY.length), 'length');
    equal(await response.text(), '', 'body');
  });
  await check(`${name}: what is not there`, async () => {
    equal((await client.get('nothing')).status, 404, 'status');
  });
  if (hasRanges) {
    await check(`${name}: a range`, async () => {
      const response = await client.get('body.bin', { headers: { Range: 'bytes=10-19' } });
      equal(response.status, 206, 'status');
      equal(Buffer.from(await response.bytes()), BODY.subarray(10, 20), 'body');
    });
  }
  await check(`${name}: ${REQUESTS} requests, eight at once`, async () => {
    let left = REQUESTS;
    const ask = async () => {
      while (left > 0) {
        left -= 1;
        const response = await client.get('small.txt');
        equal(await response.text(), 'small', 'body');
      }
    };
    await Promise.all(Array.from({ length: 32 }, ask));
  });
  await check(`${name}: requests with pauses in which connections end`, async () => {
    for (const pause of [0, 500, 990, 1_000, 1_010, 2_000]) {
      await sleep(pause);
      equal(await (await client.get('small.txt')).text(), 'small', `body after ${pause} ms`);
    }
  });
  await check(`${name}: a body that is left`, async () => {
    for (let time = 0; time < 20; time += 1) (await client.get('body.bin')).discard();
    equal(await (await client.get('small.txt')).text(), 'small', 'body');
  });
  await client.close();
}

async function python() {
  if (!isInstalled('python3')) return 'python3';
  const port = await freePort();
  await start(port, 'python3', '-m', 'http.server', String(port), '-b', '127.0.0.1', '-d', files);
  await checkServer('python3', `http://127.0.0.1:${port}/`, { hasRanges: false });
  return undefined;
}

/** nginx, and what stands before it. */
async function nginx() {
  const program = ['nginx', '/usr/sbin/nginx'].find(isInstalled);
  if (program === undefined) return 'nginx';
  const port = await freePort();
  const file = config(
    'nginx.conf',
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;
events {}
http {
  access_log off; keepalive_timeout 1s; gzip on; gzip_types text/plain; gzip_min_length 1;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port}; root ${files}; default_type application/octet-stream; types { text/plain txt; }
    location /early { return 413; }
    location /moved { return 302 /small.txt; }
  }
}
`,
  );
  await start(port, program, '-c', file, '-p', folder);
  const base = `http://127.0.0.1:${port}/`;
  await checkServer('nginx', base);
  const client = new HttpClient({ baseUrl: base });
  await check('nginx: gzip', async () => {
    const response = await client.get('small.txt');
    equal(response.headers.get('content-encoding'), 'gzip', 'coding');
    equal(await response.text(), 'small', 'body');
  });
  await check('nginx: a redirect', async () => {
    const response = await client.get('moved');
    equal(response.redirects, 1, 'redirects');
    equal(await response.text(), 'small', 'body');
  });
  await check('nginx: a large upload that is refused', async () => {
    for (let time = 0; time < 10; time += 1) {
      const response = await client.post('early', new Uint8Array(2_000_000));
      equal(response.status, 413, 'status');
      await response.text();
    }
  });
  await client.close();
  await haproxy(port);
  await tinyproxy(base);
  return undefined;
}

async function haproxy(target) {
  if (spawnSync('haproxy', ['-v']).error !== undefined) {
    console.log('skip haproxy: it is not installed');
    return;
  }
  const port = await freePort();
  const file = config(
    'haproxy.cfg',
    `defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
  timeout http-keep-alive 1s
frontend front
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  server one 127.0.0.1:${target}
`,
  );
  await start(port, 'haproxy', '-q', '-f', file, '-db');
  await checkServer('HAProxy', `http://127.0.0.1:${port}/`);
}

/** A proxy: in absolute form, and as a tunnel to https. */
async function tinyproxy(base) {
  if (spawnSync('tinyproxy', ['-v']).error !== undefined) {
    console.log('skip tinyproxy: it is not installed');
    return;
  }
  const port = await freePort();
  const file = config(
    'tinyproxy.conf',
    `Port ${port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nAllow 127.0.0.1\nLogLevel Error\nBasicAuth user secret\n`,
  );
  await start(port, 'tinyproxy', '-d', '-c', file);
  const proxy = `http://user:secret@127.0.0.1:${port}`;
  await checkServer('through tinyproxy', base, { options: { proxy } });
  const https = await nodeHttps();
  await checkServer('https through tinyproxy', https.url, {
    hasRanges: false,
    options: { proxy, tls: { ca: https.ca } },
  });
  await check('tinyproxy: wrong credentials', async () => {
    const client = new HttpClient({ proxy: `http://user:wrong@127.0.0.1:${port}` });
    const status = await client.get(base).then((response) => response.status);
    await client.close();
    equal([401, 407].includes(status), true, `status ${status}`);
  });
  https.server.close();
}

/** Node's https with the certificate of a private authority. */
async function nodeHttps() {
  const authority = new TestAuthority();
  const { cert, key } = authority.issue(['127.0.0.1']);
  const answers = { '/body.bin': BODY, '/small.txt': 'small' };
  const server = createHttps({ cert, key, keepAliveTimeout: 1_000 }, (request, response) => {
    const body = answers[request.url];
    if (body === undefined) response.writeHead(404).end();
    else
      response.setHeader('Content-Length', body.length).end(request.method === 'HEAD' ? '' : body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, ca: authority.cert, url: `https://127.0.0.1:${server.address().port}/` };
}

try {
  for (const run of [python, nginx]) {
    const missing = await run();
    if (missing !== undefined) console.log(`skip ${missing}: it is not installed`);
  }
  const { server, ca, url } = await nodeHttps();
  await checkServer('Node https', url, { hasRanges: false, options: { tls: { ca } } });
  await check('Node https: an authority that is not known', async () => {
    const client = new HttpClient();
    const error = await client.get(url).catch((reason) => reason);
    await client.close();
    equal(error?.name, 'CertificateError', 'error');
  });
  server.close();
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures.length === 0 ? 'all well' : `failed: ${failures.join('; ')}`);
process.exit(failures.length === 0 ? 0 : 1);
