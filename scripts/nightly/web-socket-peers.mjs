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
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { HttpResponse, serve } from '../../packages/http/dist/index.js';
import { webSocket } from '../../packages/http/dist/websocket/index.js';
import { Browser } from './browser/chromium.mjs';
import { freePort, startListening } from '../lib/programs.mjs';
import { equal, talkTo } from './web-socket/our-client.mjs';
import { isInstalled, PEERS, URL_HERE } from './web-socket/peers.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    chromium: { type: 'string', default: 'chromium' },
    screenshot: { type: 'string' },
  },
});
const client = fileURLToPath(new URL('./web-socket/web-client.mjs', import.meta.url));
const children = [];
const failures = [];

async function check(title, run) {
  try {
    console.log(`ok   ${title}: ${await run()}`);
  } catch (error) {
    failures.push(title);
    console.log(`FAIL ${title}: ${error?.stack ?? error}`);
  }
}

/** How our server's WebSockets ended. */
const ends = [];

const server = await serve(
  async (request, context) => {
    if (!request.headers.has('upgrade')) return pageAt(request.path);
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
  const script = readFileSync(client, 'utf8');
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

/** Starts a server, and waits until it listens. */
async function startServer(command) {
  const port = await freePort();
  const child = await startListening(port, [...command, String(port)], children);
  return [`ws://127.0.0.1:${port}/`, child];
}

/** Our client with a server of the peer. */
async function runServer({ server: command, lacks }) {
  const [target, child] = await startServer(command);
  const said = await talkTo(target, lacks);
  child.kill();
  return said;
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
    new URL('../../packages/examples/dist/websockets/web-chat.js', import.meta.url),
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
  for (const peer of PEERS) {
    if (!peer.name.includes(values.only)) continue;
    if (!peer.isThere()) {
      console.log(`skip ${peer.name}: it is not installed`);
      continue;
    }
    await check(`${peer.name}, client`, () => runClient(peer.client));
    ends.splice(0);
    if (peer.server !== undefined) await check(`${peer.name}, server`, () => runServer(peer));
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
