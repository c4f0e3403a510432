/**
 * WebSockets against those that people have: Python's websockets and autobahn, ws, undici, Node, Bun, Deno and Chromium, as clients
 * of our server, and as servers of our client.
 *
 *   node scripts/nightly/web-socket-peers.mjs [--only NAME] [--chromium PATH] [--screenshot FILE]
 *
 * Each sends text, bytes, fragments, pings and messages of 1 MiB, agrees on a subprotocol, closes and is closed with a code; what comes is
 * compared byte by byte, where the peer's API has it. What is not installed is left out, and said (Debian: apt-get install
 * python3-websockets python3-autobahn chromium; Bun and Deno are those of the bench, or on the PATH). Needs a build
 * (`pnpm build`). Everything is on 127.0.0.1.
 * In Chromium, the chat of the examples is opened at the width of a phone as well.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { HttpResponse, serve } from '../../packages/http/dist/index.js';
import { connectWebSocket, webSocket } from '../../packages/http/dist/websocket/index.js';
import { Browser } from './browser/chromium.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    chromium: { type: 'string', default: 'chromium' },
    screenshot: { type: 'string' },
  },
});
const LENGTH = 1_048_576;
const LONG = Uint8Array.from({ length: LENGTH }, (_, at) => (at * 31) & 255);
const here = (name) => fileURLToPath(new URL(`./web-socket/${name}`, import.meta.url));
const require = createRequire(new URL('../../packages/http/package.json', import.meta.url));
const children = [];
const failures = [];

const isInstalled = (program, ...args) => spawnSync(program, args).status === 0;
/** The one of the system has what Debian's packages bring; another may come first on the PATH. */
const pythons = ['python3', '/usr/bin/python3'];
const pythonWith = (module) =>
  pythons.find((python) => isInstalled(python, '-c', `import ${module}`)) ?? pythons[0];
const hasPython = (module) => isInstalled(pythonWith(module), '-c', `import ${module}`);
const bench = new URL('../../bench/dist/process/runtimes.js', import.meta.url);
const runtimes = existsSync(bench) ? await import(bench) : {};
const bun = runtimes.bun?.path ?? 'bun';
const deno = runtimes.deno?.path ?? 'deno';
const denoRun = [deno, 'run', '--allow-all', '--quiet'];
const hasWebSocket = globalThis.WebSocket !== undefined;

/** Where the URL stands in a command; otherwise at its end. */
const URL_HERE = 'URL';

/** Name, whether it is there, the command of a client (the URL follows), the command of a server (the port follows). */
const PEERS = [
  [
    'websockets (Python)',
    () => hasPython('websockets'),
    [pythonWith('websockets'), here('client-websockets.py')],
    [pythonWith('websockets'), here('server-websockets.py')],
  ],
  [
    'autobahn (Python)',
    () => hasPython('autobahn'),
    [pythonWith('autobahn'), here('client-autobahn.py')],
    [pythonWith('autobahn'), here('server-autobahn.py')],
  ],
  [
    'ws',
    () => true,
    [process.execPath, here('client-ws.mjs')],
    [process.execPath, here('server-ws.mjs')],
  ],
  [
    'undici',
    () => true,
    [
      process.execPath,
      here('web-client.mjs'),
      URL_HERE,
      pathToFileURL(require.resolve('undici')).href,
    ],
  ],
  ['Node', () => hasWebSocket, [process.execPath, here('web-client.mjs')]],
  [
    'Bun',
    () => isInstalled(bun, '--version'),
    [bun, here('web-client.mjs')],
    [bun, here('server-bun.mjs')],
  ],
  [
    'Deno',
    () => isInstalled(deno, '--version'),
    [...denoRun, here('web-client.mjs')],
    [...denoRun, here('server-deno.mjs')],
  ],
];
/** What a peer's API does not have. */
const LACKS = { Bun: ['fragments'], Deno: ['fragments', 'ping'] };

async function check(title, run) {
  try {
    console.log(`ok   ${title}: ${await run()}`);
  } catch (error) {
    failures.push(title);
    console.log(`FAIL ${title}: ${error?.stack ?? error}`);
  }
}

function equal(got, expected, what) {
  const isBytes = expected instanceof Uint8Array;
  const isSame = isBytes ? Buffer.from(expected).equals(got) : got === expected;
  if (!isSame)
    throw new Error(
      `${what}: expected ${String(expected).slice(0, 60)}, got ${String(got).slice(0, 60)}`,
    );
}

/** How our server's WebSockets ended. */
const ends = [];

const server = await serve(
  async (request, context) => {
    if (request.headers.get('upgrade') === undefined) return pageAt(request.path);
    const isPinged = request.path === '/pinged';
    const socket = await webSocket(request, context, {
      protocols: ['v1'],
      deadlines: isPinged ? { ping: 300, pong: 600 } : {},
    });
    void socket.closed.then((end) => ends.push(end));
    for await (const message of socket) {
      const close = /^close (\d+) (.*)$/.exec(typeof message === 'string' ? message : '');
      if (close === null) await socket.send(message);
      else await socket.close(Number(close[1]), close[2]);
    }
    return undefined;
  },
  { port: 0, onError: (error) => failures.push(`the server: ${error?.stack}`) },
);
const url = server.url.replace('http', 'ws');

function pageAt(path) {
  const script = readFileSync(here('web-client.mjs'), 'utf8');
  return path === '/web-client.mjs'
    ? HttpResponse.text(script, { headers: { 'Content-Type': 'text/javascript' } })
    : HttpResponse.text('<!doctype html>', { headers: { 'Content-Type': 'text/html' } });
}

/** Three WebSockets of a client: it closes the first and the last one, we the second. */
function checkEnds() {
  const [first, second, third, ...more] = ends.splice(0);
  equal(
    [first?.code, first?.reason, first?.by, first?.isClean].join(),
    '4321,bye,peer,true',
    'the first end',
  );
  equal([second?.code, second?.by, second?.isClean].join(), '4001,local,true', 'the second end');
  equal([third?.by, third?.isClean, more.length].join(), 'peer,true,0', 'the third end');
}

async function runClient([program, ...args]) {
  const all = args.includes(URL_HERE) ? args : [...args, URL_HERE];
  const child = spawn(
    program,
    all.map((each) => (each === URL_HERE ? url : each)),
    { stdio: 'pipe' },
  );
  children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const [status] = await once(child, 'close');
  clearTimeout(late);
  if (status !== 0) throw new Error(`ended with ${status}:\n${said}`);
  // The last end may come after the client's own.
  for (let time = 0; ends.length < 3 && time < 100; time += 1) await sleep(20);
  checkEnds();
  return said.trim();
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

/** Starts a server, and waits until it listens. */
async function startServer([program, ...args]) {
  const port = await freePort();
  const child = spawn(program, [...args, String(port)], { stdio: 'pipe' });
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
    if (isUp) return [`ws://127.0.0.1:${port}/`, child];
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  throw new Error(`it does not listen:\n${said}`);
}

/** Our client with a server of the peer. */
async function runServer(name, command) {
  const [target, child] = await startServer(command);
  const lacks = LACKS[name] ?? [];
  const socket = await connectWebSocket(target, { protocols: ['v2', 'v1'], timeout: 5_000 });
  equal(socket.protocol, 'v1', 'the subprotocol');
  const ask = async (message) => {
    await socket.send(message);
    return socket.receive({ timeout: 10_000 });
  };
  const texts = ['hello', '', 'ä€😀', 'x'.repeat(70_000), 'y'.repeat(LENGTH)];
  const bytes = [0, 1, 125, 126, 65_535, 65_536, LENGTH].map((length) => LONG.subarray(0, length));
  for (const message of [...texts, ...bytes]) equal(await ask(message), message, 'a message');
  if (!lacks.includes('fragments')) equal(await ask('fragments'), 'in three parts', 'fragments');
  if (!lacks.includes('ping')) equal(await ask('ping'), 'ponged', 'a ping');
  const end = await socket.close(4321, 'bye');
  equal([end.code, end.by, end.isClean].join(), '4321,local,true', 'our end');

  const other = await connectWebSocket(target, { timeout: 5_000 });
  equal(other.protocol, '', 'no subprotocol');
  await other.send('close 4001 as you wish');
  equal(await other.receive({ timeout: 5_000 }), null, 'the end of messages');
  const { code, reason, by, isClean } = await other.closed;
  equal([code, reason, by, isClean].join(), '4001,as you wish,peer,true', 'its end');

  const silent = await connectWebSocket(target, { deadlines: { ping: 300, pong: 600 } });
  await sleep(1_500);
  equal(silent.isOpen, true, 'a WebSocket whose pings are answered');
  await silent.close();
  child.kill();
  const without =
    lacks.length > 0 ? `; it has no ${lacks.join(' and no ')} of its own to send` : '';
  return `text, binary, fragments, 1 MiB, subprotocol, closes by both, pings${without}`;
}

async function inChromium(use) {
  const profile = await mkdtemp(join(tmpdir(), 'awaitio-web-socket-'));
  const browser = await Browser.launch(values.chromium, profile);
  try {
    const said = await use(await browser.page());
    equal(browser.errors.join(), '', 'what pages reported');
    return said;
  } finally {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function talkInPage(page) {
  await page.goto(server.url);
  const said = await page.evaluate(
    `import('/web-client.mjs').then(({ talk }) => talk(WebSocket, ${JSON.stringify(url)}))`,
  );
  checkEnds();
  return said;
}

/** The chat of the examples at the width of a phone, with a message that has no place to break. */
async function chatOnPhone(page) {
  const program = fileURLToPath(
    new URL('../../packages/examples/dist/web-chat.js', import.meta.url),
  );
  const [target] = await startServer([process.execPath, program, '--port']);
  const width = 375;
  const metrics = { width, height: 667, deviceScaleFactor: 2, mobile: true };
  await page.send('Emulation.setDeviceMetricsOverride', metrics);
  await page.goto(target.replace('ws', 'http'));
  await page.until('document.querySelectorAll("li").length === 1');
  const word = 'w'.repeat(500);
  await page.evaluate(
    `document.querySelector('input').value = '${word}'; document.querySelector('form').requestSubmit()`,
  );
  await page.until(`document.querySelectorAll('li')[1]?.textContent === '${word}'`);
  equal(await page.evaluate('innerWidth'), width, 'the width of the page');
  equal(
    await page.evaluate('document.documentElement.scrollWidth'),
    width,
    'the width of its text',
  );
  if (values.screenshot !== undefined) await page.screenshot(values.screenshot);
  return `${width} px wide, also with a word of ${word.length} letters`;
}

try {
  for (const [name, isThere, client, program] of PEERS) {
    if (!name.includes(values.only)) continue;
    if (!isThere()) {
      console.log(`skip ${name}: it is not installed`);
      continue;
    }
    await check(`${name}, client`, () => runClient(client));
    ends.splice(0);
    if (program !== undefined) await check(`${name}, server`, () => runServer(name, program));
  }
  if ('Chromium'.includes(values.only)) {
    if (isInstalled(values.chromium, '--version')) {
      await check('Chromium, client', () => inChromium(talkInPage));
      await check('Chromium, the chat on a phone', () => inChromium(chatOnPhone));
    } else console.log('skip Chromium: it is not installed');
  }
} finally {
  for (const child of children) child.kill();
  await server.shutdown();
}
console.log(failures.length === 0 ? 'all well' : `failed: ${failures.join('; ')}`);
process.exit(failures.length === 0 ? 0 : 1);
