/**
 * Builds the entry for HttpArena as its Dockerfile does, in an empty folder, starts it, and checks what HttpArena's validation checks
 * (site/content/docs/test-profiles/h1/isolated, validation.md of each profile).
 *
 *   git clone https://github.com/MDA2AV/HttpArena
 *   node bench/public/httparena/check.mjs HttpArena
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TestAuthority } from '../../../packages/core/dist/testing/index.js';
import { dockerLine, installPacked } from '../../../scripts/lib/install-packed.mjs';

const [clone] = process.argv.slice(2);
if (clone === undefined) {
  console.error('check.mjs: expected one argument, a clone of HttpArena');
  process.exit(2);
}
const entry = fileURLToPath(new URL('awaitio', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'awaitio-arena-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
cpSync(entry, folder, { recursive: true });
const identity = new TestAuthority().issue(['localhost', '127.0.0.1']);
writeFileSync(join(folder, 'server.key'), identity.key);
writeFileSync(join(folder, 'server.crt'), identity.cert);
await installPacked(folder, dockerLine(join(entry, 'Dockerfile'), 'RUN'));

const [port, tlsPort] = [await freePort(), await freePort()];
const [program, ...args] = JSON.parse(dockerLine(join(entry, 'Dockerfile'), 'CMD'));
const child = spawn(program, args, {
  cwd: folder,
  env: { ...process.env, DATA: join(clone, 'data'), CERTS: folder, PORT: port, TLS_PORT: tlsPort },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(child, 'exit');
if ((await Promise.race([once(child.stdout, 'data'), ended]))[0] === 1) process.exit(1);
const url = `http://127.0.0.1:${port}`;
const text = async (path, init) => (await fetch(url + path, init)).text();
const sumOf = '/baseline11?a=13&b=42';

const CHECKS = {
  async baseline() {
    assert.equal(await text(sumOf), '55');
    assert.equal(await text(sumOf, { method: 'POST', body: '20' }), '75');
    const body = new Blob(['20']).stream();
    assert.equal(await text(sumOf, { method: 'POST', body, duplex: 'half' }), '75');
    const [a, b] = [randomInt(100, 999), randomInt(100, 999)];
    assert.equal(await text(`/baseline11?a=${a}&b=${b}`), String(a + b));
    for (const more of [randomInt(1_000), randomInt(1_000)]) {
      assert.equal(await text(sumOf, { method: 'POST', body: String(more) }), String(55 + more));
    }
    const rest = `?a=13&b=42 HTTP/1.1\r\n`;
    const head = 'Host: a\r\nConnection: close\r\n';
    const post = `POST /baseline11${rest}${head}Content-Length: 2\r\n\r\n`;
    assert.equal(await fragments('GET /baseli', `ne11${rest}${head}\r\n`), '55');
    assert.equal(
      await fragments(
        `GET /baseline11${rest}`,
        'Host: a\r\n',
        'User-Agent: b\r\n',
        'Connection: close\r\n\r\n',
      ),
      '55',
    );
    assert.equal(await fragments(post, '20'), '75');
    assert.equal(await fragments(post, '2', '0'), '75');
  },
  async pipelined() {
    assert.equal(await text('/pipeline'), 'ok');
  },
  async json() {
    for (const count of [12, 22, 31, 50]) checkItems(await text(`/json/${count}?m=1`), count, 1);
    assert.match(
      (await fetch(`${url}/json/50?m=1`)).headers.get('content-type'),
      /^application\/json/,
    );
  },
  async 'json-comp'() {
    const accept = { headers: { 'accept-encoding': 'gzip, br' } };
    for (const [count, factor] of [
      [25, 3],
      [40, 7],
      [50, 2],
    ]) {
      const answer = await fetch(`${url}/json/${count}?m=${factor}`, accept);
      assert.match(answer.headers.get('content-encoding') ?? '', /^(?:gzip|br)$/);
      checkItems(await answer.text(), count, factor);
    }
    const plain = await fetch(`${url}/json/50?m=1`, { headers: { 'accept-encoding': 'identity' } });
    assert.equal(plain.headers.get('content-encoding'), null);
  },
  async 'json-tls'() {
    for (const [count, factor] of [
      [7, 2],
      [23, 11],
      [50, 1],
    ]) {
      const asked = [
        '-sk',
        '--http1.1',
        '-w',
        '%{http_version} %{content_type}',
        `https://127.0.0.1:${tlsPort}/json/${count}?m=${factor}`,
      ];
      const [, body, told] = /^(.*\})(.*)$/s.exec(
        execFileSync('curl', asked, { encoding: 'utf8' }),
      );
      checkItems(body, count, factor);
      assert.match(told, /^1\.1 application\/json/);
    }
  },
  async upload() {
    assert.equal(await text('/upload', { method: 'POST', body: 'Hello, HttpArena!' }), '17');
    for (const size of [48, 500_000, 2_000_000, 10_000_000, 20_000_000]) {
      assert.equal(
        await text('/upload', { method: 'POST', body: randomBytes(size) }),
        String(size),
      );
    }
  },
  async static() {
    const files = join(clone, 'data/static');
    const names = readdirSync(files).filter((name) => !/\.(?:gz|br)$/.test(name));
    assert.ok(names.length >= 20);
    let compressed = 0;
    for (const name of names) {
      const { size } = statSync(join(files, name));
      for (const coding of ['identity', 'br;q=1, gzip;q=0.8']) {
        const answer = await fetch(`${url}/static/${name}`, {
          headers: { 'accept-encoding': coding },
        });
        const isCoded = answer.headers.has('content-encoding');
        if (isCoded) compressed += 1;
        assert.ok(!(isCoded && coding === 'identity'), name);
        assert.equal((await answer.arrayBuffer()).byteLength, size, name);
      }
    }
    assert.ok(compressed > 10, `${compressed} files were compressed`);
    const typeOf = async (name) =>
      (await fetch(`${url}/static/${name}`)).headers.get('content-type');
    assert.match(await typeOf('reset.css'), /^text\/css/);
    assert.match(await typeOf('app.js'), /^(?:application|text)\/javascript/);
    assert.match(await typeOf('manifest.json'), /^application\/json/);
    assert.equal((await fetch(`${url}/static/nonexistent.txt`)).status, 404);
  },
};

let failed = 0;
const { tests } = JSON.parse(readFileSync(join(entry, 'meta.json'), 'utf8'));
for (const name of tests) {
  try {
    await CHECKS[name === 'limited-conn' ? 'baseline' : name]();
    console.log(`passed  ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.stack}`);
  }
}
child.kill('SIGTERM');
const [status] = await ended;
console.log(
  `${tests.length - failed} of ${tests.length} profiles are valid; ended with status ${status}`,
);
process.exitCode = failed === 0 && status === 0 ? 0 : 1;

function checkItems(json, count, factor) {
  const { items, count: told } = JSON.parse(json);
  assert.equal(told, count);
  assert.equal(items.length, count);
  for (const { price, quantity, total } of items) assert.equal(total, price * quantity * factor);
}

/** Sends pieces of a request, 30 ms apart, and returns the body of what comes back. */
async function fragments(...pieces) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1');
  let answer = '';
  socket.on('data', (more) => (answer += more));
  for (const piece of pieces) {
    socket.write(piece);
    await sleep(30);
  }
  if (!socket.readableEnded) await once(socket, 'end');
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  return free;
}
