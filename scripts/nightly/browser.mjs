/**
 * A real browser in front of a real server: what a page, a video, a form and an EventSource make of awaitio.
 *
 *   node scripts/nightly/browser.mjs [--chromium PATH] [--megabytes 200] [--screenshots FOLDER]
 *
 * Headless Chromium loads a page that `staticFiles` serves, records a video, seeks in it by ranges, uploads a file by a form
 * with a progress bar, and keeps an EventSource over a restart of the server. Each step prints what it saw; the first
 * that fails ends the script with 1. Needs `chromium` and a build (`pnpm build`). Everything is on 127.0.0.1;
 * screenshots go to a temporary folder unless `--screenshots` names another.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Browser } from './browser/chromium.mjs';

const { values } = parseArgs({
  options: {
    chromium: { type: 'string', default: 'chromium' },
    megabytes: { type: 'string', default: '200' },
    screenshots: { type: 'string' },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'awaitio-browser-'));
const screenshots = values.screenshots ?? join(folder, 'screenshots');
const site = join(folder, 'site');
await mkdir(screenshots, { recursive: true });
await cp(fileURLToPath(new URL('./browser/site', import.meta.url)), site, { recursive: true });

const server = { child: undefined, port: 0, requests: [] };
let browser;
try {
  await start();
  browser = await Browser.launch(values.chromium, join(folder, 'profile'));
  const page = await browser.page();

  await page.goto(`http://127.0.0.1:${server.port}/`);
  assert.equal(await page.evaluate('document.title'), 'awaitio in a browser');
  assert.equal(await page.evaluate('getComputedStyle(document.body).margin'), '24px');
  say('a page and its style sheet and module, by staticFiles');

  const bytes = await page.evaluate('recordVideo()');
  say(`a video of ${(bytes / 1e6).toFixed(1)} MB, recorded by the browser and stored by PUT`);
  const before = server.requests.length;
  const seeks = await page.evaluate('seek([0.9, 0.2, 0.6])');
  for (const { wanted, came } of seeks)
    assert.ok(Math.abs(wanted - came) < 0.1, 'a seek went wrong');
  const ranges = await sent(before, (request) => request.range !== undefined);
  // What the browser has in its cache, it asks for with a condition.
  for (const { range, status } of ranges) assert.ok(status === 206 || status === 304, range);
  const starts = ranges.map(({ range }) => Number(/^bytes=(\d+)-/.exec(range)?.[1]));
  assert.ok(
    starts.some((first) => first > bytes / 2),
    'no range began in the second half',
  );
  await page.screenshot(join(screenshots, 'video.png'));
  say(`three seeks, by ${ranges.length} ranges: ${ranges.map(({ range }) => range).join(', ')}`);

  const upload = join(folder, 'upload.bin');
  const hash = await fill(upload, Number(values.megabytes) * 1e6);
  await page.setFile('#file', upload);
  const { answer, steps } = await page.evaluate('upload()');
  assert.equal(answer.sha256, hash);
  assert.ok(steps.length >= 5, `the bar moved ${steps.length} times`);
  assert.ok(answer.memory < 128, `the server grew by ${answer.memory} MiB`);
  await page.screenshot(join(screenshots, 'upload.png'));
  say(
    `${values.megabytes} MB by a form, the bar moved ${steps.length} times, the server grew by ${answer.memory} MiB`,
  );

  await page.evaluate('listen()');
  await page.until('received.length >= 20');
  const first = await stop();
  await start(server.port);
  await page.until('received.length >= 60');
  const ids = await page.evaluate('received');
  assert.deepEqual(
    ids,
    ids.map((_, index) => index + 1),
    'an event was lost or came twice',
  );
  await page.screenshot(join(screenshots, 'events.png'));
  say(
    `an EventSource over a restart: ${ids.length} events, each once; ${await page.evaluate('reconnects')} reconnect`,
  );
  assert.equal(first.aborted, 0, 'the shutdown had to cut the stream');
  assert.deepEqual(browser.errors, []);
  console.log(`everything held; screenshots in ${screenshots}`);
} finally {
  await browser?.close();
  await stop();
  // The screenshots stay.
  await rm(join(folder, 'site'), { recursive: true });
  await rm(join(folder, 'upload.bin'), { force: true });
  await rm(join(folder, 'profile'), { recursive: true, force: true });
}

function say(what) {
  console.log(`ok  ${what}`);
}

async function start(port = 0) {
  const program = fileURLToPath(new URL('./browser/server.mjs', import.meta.url));
  const child = fork(program, [site, String(port)]);
  server.child = child;
  child.on('message', (message) => {
    if (message.request !== undefined) server.requests.push(message.request);
  });
  const [{ port: chosen }] = await once(child, 'message');
  server.port = chosen;
}

/** Shuts the server down; how many connections it had to abort. */
async function stop() {
  const { child } = server;
  if (child === undefined) return undefined;
  server.child = undefined;
  const report = new Promise((resolve) => {
    child.on('message', (message) => {
      if (message.aborted !== undefined) resolve(message);
    });
  });
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const said = await Promise.race([report, ended.then(() => ({ aborted: Infinity }))]);
  await ended;
  return said;
}

/** The requests since the index that a condition holds for, once there are some. */
async function sent(from, holds) {
  for (;;) {
    const found = server.requests.slice(from).filter(holds);
    if (found.length > 0) return found;
    await once(server.child, 'message');
  }
}

/** Fills a file with random bytes; their SHA-256. */
async function fill(path, size) {
  const hash = createHash('sha256');
  const file = await open(path, 'w');
  for (let left = size; left > 0;) {
    const piece = randomBytes(Math.min(left, 1_000_000));
    hash.update(piece);
    await file.write(piece);
    left -= piece.length;
  }
  await file.close();
  return hash.digest('hex');
}
