/**
 * The server before programs that people run: curl, Python's http.client and wrk, directly and behind nginx (with and without
 * buffering, and in HTTP/1.0) and HAProxy.
 *
 *   node scripts/nightly/real-clients.mjs [--rate 200000] [--seconds 5]
 *
 * Uploads with and without a length and with `Expect`, forms, ranges and a resumed download, compression, event streams, upgrades and
 * WebSockets, a reader of `--rate` bytes a second, `--seconds` of wrk; what comes is compared byte by byte, and nothing may reach
 * `onError`. What is not installed is left out, and said (Debian: apt-get install curl python3 nginx-light haproxy wrk). Needs a build
 * (`pnpm build`). Everything is on 127.0.0.1.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, startListening } from '../lib/programs.mjs';
import { TcpStream } from '../../packages/core/dist/index.js';
import { connectWebSocket } from '../../packages/http/dist/websocket/index.js';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200000' },
    seconds: { type: 'string', default: '5' },
  },
});
const SIZE = 8_000_000;
const BODY = Buffer.alloc(SIZE);
for (let at = 0; at < SIZE; at += 4) BODY.writeUInt32LE((at * 2_654_435_761) % 2 ** 32, at);
const SUM = createHash('sha256').update(BODY).digest('hex');

const folder = mkdtempSync(join(tmpdir(), 'awaitio-clients-'));
const files = join(folder, 'files');
mkdirSync(files);
const body = join(files, 'body.bin');
writeFileSync(body, BODY);
const children = [];
const failures = [];

const isInstalled = (program) => spawnSync(program, ['-v']).error === undefined;

const start = (port, ...command) => startListening(port, command, children);

async function check(title, run) {
  try {
    await run();
    console.log(`ok   ${title}`);
  } catch (error) {
    failures.push(title);
    console.log(`FAIL ${title}: ${error?.message ?? error}`);
  }
}

function equal(got, expected, what) {
  if (Buffer.isBuffer(expected) ? expected.equals(got) : got === expected) return;
  const show = (value) => String(value).slice(0, 80);
  throw new Error(`${what}: expected ${show(expected)}, got ${show(got)}`);
}

/** What curl prints. */
async function curl(...args) {
  const child = spawn('curl', ['-sS', '-m', '300', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pieces = [];
  child.stdout.on('data', (piece) => pieces.push(piece));
  const [status] = await once(child, 'close');
  return { status, body: Buffer.concat(pieces), text: String(Buffer.concat(pieces)) };
}

const PYTHON = `
import http.client, sys
body = open(sys.argv[2], 'rb').read()
pieces = lambda: (body[at:at + 99991] for at in range(0, len(body), 99991))
connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]), timeout=60)
for turn in range(20):
    connection.request('POST', '/sum', body=pieces() if turn % 2 else body[:turn * 1000], encode_chunked=turn % 2 == 1,
        headers={'Transfer-Encoding': 'chunked'} if turn % 2 else {})
    response = connection.getresponse()
    text = response.read()
    assert response.status == 200, response.status
    if turn % 2: print(text.decode())
    connection.request('GET', '/body.bin', headers={'Range': f'bytes={turn}-{turn + 9}'})
    assert connection.getresponse().read() == body[turn:turn + 10]
`;

/** Checks one way to the server. */
async function through(name, port, { upgrades = true } = {}) {
  const base = `http://127.0.0.1:${port}`;
  await check(`${name}: uploads`, async () => {
    for (const how of [
      ['--data-binary', `@${body}`],
      ['--data-binary', `@${body}`, '-H', 'Expect: 100-continue'],
      ['-T', body],
      ['-T', body, '-H', 'Transfer-Encoding: chunked'],
    ]) {
      equal((await curl(...how, '-X', 'POST', `${base}/sum`)).text, SUM, how.join(' '));
    }
  });
  await check(`${name}: an upload that is not read, and one that is refused`, async () => {
    const upload = [
      '--data-binary',
      `@${body}`,
      '-o',
      join(folder, 'answer'),
      '-w',
      '%{http_code}',
    ];
    equal((await curl(...upload, `${base}/refused`)).text, '403', 'status');
    equal((await curl(...upload, `${base}/unread`)).text, '200', 'status');
  });
  await check(`${name}: a form`, async () => {
    const form = ['-F', `a=@${body};filename=ü.bin`, '-F', 'b=text'];
    const parts = JSON.parse((await curl(...form, `${base}/form`)).text);
    equal(JSON.stringify(parts[0]), JSON.stringify(['a', 'ü.bin', SUM]), 'file');
  });
  await check(`${name}: ranges, and a download that is resumed`, async () => {
    const range = await curl('-r', '100-199', `${base}/body.bin`);
    equal(range.body, BODY.subarray(100, 200), 'range');
    const several = await curl('-r', '0-9,100-109', `${base}/body.bin`);
    equal(several.body.includes(BODY.subarray(100, 110)), true, 'second range');
    const part = join(folder, 'part');
    writeFileSync(part, BODY);
    truncateSync(part, 3_000_001);
    await curl('-C', '-', '-o', part, `${base}/body.bin`);
    equal(readFileSync(part), BODY, 'resumed');
  });
  await check(`${name}: HTTP/1.0, HEAD, compression`, async () => {
    equal((await curl('-0', `${base}/body.bin`)).body, BODY, 'HTTP/1.0');
    equal(
      /content-length: 8000000/i.test((await curl('-I', `${base}/body.bin`)).text),
      true,
      'HEAD',
    );
    equal(
      (await curl('--compressed', `${base}/packed`)).text,
      'again and '.repeat(2_000),
      'packed',
    );
  });
  await check(`${name}: an event stream`, async () => {
    const { text } = await curl('-N', '-m', '1', `${base}/events`).catch((error) => error);
    equal(/data: 1\n\nid: 2\n/.test(text), true, text);
  });
  await check(`${name}: a reader of ${values.rate} bytes a second`, async () => {
    equal((await curl('--limit-rate', values.rate, `${base}/body.bin`)).body, BODY, 'body');
  });
  await check(`${name}: an upgrade that was not asked for`, async () => {
    const answer = await curl('-o', join(folder, 'answer'), '-w', '%{http_code}', `${base}/lines`);
    equal(answer.text, '426', 'status');
  });
  if (isInstalled('python3')) {
    await check(`${name}: Python's http.client`, async () => {
      const child = spawn('python3', ['-c', PYTHON, String(port), body]);
      let said = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text) => (said += text));
      equal((await once(child, 'close'))[0], 0, said);
      equal(said.trim(), Array(10).fill(SUM).join('\n'), 'sums');
    });
  }
  if (!upgrades) return;
  await check(`${name}: another protocol, and a WebSocket`, async () => {
    const stream = await TcpStream.connect(`127.0.0.1:${port}`);
    await stream.writeAll(
      'GET /lines HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: lines\r\n\r\n',
    );
    await stream.readUntil('\r\n\r\n');
    await stream.writeAll('one\ntwo\n');
    equal(
      `${await stream.readLine()},${await stream.readLine()}`,
      'you said one,you said two',
      'lines',
    );
    await stream.close();
    const socket = await connectWebSocket(`ws://127.0.0.1:${port}/socket`);
    for (const message of ['small', 'x'.repeat(100_000)]) {
      await socket.send(message);
      equal((await socket[Symbol.asyncIterator]().next()).value, message, 'message');
    }
    await socket.close();
  });
}

async function nginx(target) {
  const program = ['nginx', '/usr/sbin/nginx'].find(isInstalled);
  if (program === undefined) return;
  const ports = [await freePort(), await freePort(), await freePort()];
  const both = `proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;`;
  const ways = [
    both,
    `${both} proxy_buffering off; proxy_request_buffering off;`,
    `proxy_pass http://app; proxy_http_version 1.0;`,
  ];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr error;
events {}
http {
  access_log off; client_max_body_size 0;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream app { server 127.0.0.1:${target}; keepalive 8; }
  ${ways.map((way, at) => `server { listen 127.0.0.1:${ports[at]}; location / { ${way} } }`).join('\n  ')}
}
`,
  );
  await start(ports[0], program, '-c', file, '-p', folder);
  await through('nginx', ports[0]);
  await through('nginx without buffering', ports[1]);
  await through('nginx in HTTP/1.0', ports[2], { upgrades: false });
}

async function haproxy(target) {
  if (!isInstalled('haproxy')) return;
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  const times = ['connect', 'client', 'server', 'tunnel'].map((name) => `  timeout ${name} 1m\n`);
  writeFileSync(
    file,
    `defaults\n  mode http\n${times.join('')}frontend front\n  bind 127.0.0.1:${port}\n  default_backend servers\n` +
      `backend servers\n  http-reuse always\n  server one 127.0.0.1:${target}\n`,
  );
  await start(port, 'haproxy', '-q', '-f', file, '-db');
  await through('HAProxy', port);
}

try {
  for (const program of ['curl', 'python3', 'nginx', 'haproxy', 'wrk']) {
    if (!isInstalled(program)) console.log(`skip ${program}: it is not installed`);
  }
  const port = await freePort();
  const path = fileURLToPath(new URL('real-clients/server.mjs', import.meta.url));
  await start(port, process.execPath, path, files, String(port));
  const base = `http://127.0.0.1:${port}`;
  await through('directly', port);
  await check('curl: HTTP/2 without asking is refused, and the server goes on', async () => {
    const { status } = await curl('--http2-prior-knowledge', '-m', '5', `${base}/body.bin`);
    equal(status !== 0 && status !== 28, true, `curl's status ${status}`);
    equal((await curl('--http2', `${base}/sum`, '-d', '')).status, 0, 'status');
  });
  if (isInstalled('wrk')) {
    await check(`wrk: ${values.seconds} seconds`, async () => {
      const { stdout } = spawnSync('wrk', ['-c', '64', '-d', values.seconds, `${base}/unread`]);
      equal(/Non-2xx|Socket errors/.test(String(stdout)), false, stdout);
    });
  }
  await nginx(port);
  await haproxy(port);
  await check('nothing reached onError', async () => {
    equal((await curl(`${base}/errors`)).text, '0', 'errors');
  });
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
console.log(failures.length === 0 ? 'all well' : `failed: ${failures.join('; ')}`);
process.exitCode = failures.length === 0 ? 0 : 1;
