/**
 * The inspector in a real browser: five things that are wrong with a server are seen in one look.
 *
 *   node scripts/nightly/inspector.mjs [--chromium PATH] [--screenshots FOLDER] [--connections 10000]
 *
 * A server with a handler that hangs, a client that drips its body, a refused request, a socket that nothing reads and a pool that has
 * run dry is shown in headless Chromium: on a desk and on a phone, light and dark, by keyboard, as a recording without a server,
 * with a token that is wrong, and with many connections. Each step prints what it saw; the first that fails ends the script with 1.
 * Needs `chromium`, a build (`pnpm build`) and an open file for each connection (`ulimit -n`). Screenshots go to a temporary folder unless `--screenshots` names another.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { traceWaits } from '../../packages/core/dist/index.js';
import { HttpClient } from '../../packages/http/dist/index.js';
import { inspect } from '../../packages/http/dist/inspect/index.js';
import { Browser } from './browser/chromium.mjs';
import { findFaint, findNameless } from './inspector/accessible.mjs';
import { misfortunes } from './inspector/misfortunes.mjs';

const { values } = parseArgs({
  options: {
    chromium: { type: 'string', default: 'chromium' },
    screenshots: { type: 'string' },
    connections: { type: 'string', default: '10000' },
  },
});
const folder = await mkdtemp(join(tmpdir(), 'awaitio-inspector-'));
const screenshots = values.screenshots ?? join(folder, 'screenshots');
await mkdir(screenshots, { recursive: true });
const CLIENTS = fileURLToPath(new URL('inspector/clients.mjs', import.meta.url));
const ATTENTION = 1_000;
const VIEWS = ['overview', 'requests', 'waits', 'sockets', 'refusals', 'clients', 'timeline'];

traceWaits(true);
const inspector = await inspect({ attentionAfter: ATTENTION, interval: 200, allowClose: true });
const world = await misfortunes();
let browser;
try {
  browser = await Browser.launch(values.chromium, join(folder, 'profile'));
  const page = await openPage(inspector.url);

  await page.until("document.querySelectorAll('.attention li').length >= 5");
  await page.until(
    "['Slow handler', 'Slow client', 'Refused', 'Leaked socket?', 'Pool run dry'].every((kind) => document.querySelector('.attention').innerText.includes(kind))",
  );
  const seen = await page.evaluate("document.querySelector('.attention').innerText");
  for (const expected of [
    /Slow handler\s[^]*GET \/report of 127\.0\.0\.1:\d+ waits for its handler, which waits for readChunk on TcpStream 127\.0\.0\.1:\d+ at .*inspector\/misfortunes\.mjs:/,
    /Slow client\s[^]*POST \/upload of 127\.0\.0\.1:\d+ waits for bytes of its body; \d+ of 1000 bytes came, for [^.]* now\.[^]*its deadline is in/,
    /Refused\s[^]*1 refused with 400: a request has exactly one Host, and a valid one \(RFC 9112 section 3\.2\)/,
    /Leaked socket\?\s[^]*TcpStream 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ is open, and nothing waits for it, opened at .*misfortunes\.mjs/,
    /Pool run dry\s[^]*3 requests wait for a connection to http:\/\/127\.0\.0\.1:\d+: all 2 connections are in use/,
  ]) {
    assert.match(seen, expected);
  }
  await size(page, 1280, 860, 'light');
  const isInView =
    "[...document.querySelectorAll('.attention li')].every((line) => line.getBoundingClientRect().bottom < innerHeight)";
  assert.ok(await page.evaluate(isInView), 'the five are not in one look');
  say('a hung handler, a drip, a refusal, a leaked socket and a dry pool, in one look');

  assert.equal(await page.evaluate('location.href'), inspector.url.split('#')[0]);
  say('the token is out of the address bar');

  for (const [name, width, height] of [
    ['desk', 1280, 860],
    ['phone', 375, 780],
  ]) {
    for (const scheme of ['light', 'dark']) {
      await size(page, width, height, scheme);
      for (const view of VIEWS) {
        await page.evaluate(`document.querySelector('#tab-${view}').click()`);
        await page.evaluate('new Promise((resolve) => setTimeout(resolve, 250))');
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        assert.ok(overflow <= 0, `${view} is wider than a ${name}: by ${overflow}`);
        await page.screenshot(join(screenshots, `${view}-${name}-${scheme}.png`));
      }
    }
  }
  say('seven views at 1280 and 375 pixels, light and dark, none wider than its screen');
  await size(page, 1280, 860, 'light');

  await accessible(page);
  say('every control has a name, every text has contrast');

  await keys(page, ['3']);
  await page.until("document.querySelector('#view').innerText.includes('/report')");
  const waits = await page.evaluate("document.querySelector('#view').innerText");
  assert.match(waits, /readChunk on TcpStream 127\.0\.0\.1:\d+ at /);
  say('who waits on what: request, task, line and socket');

  await keys(page, ['4', '/']);
  assert.equal(await page.evaluate('document.activeElement.type'), 'search');
  await page.send('Input.insertText', { text: 'program' });
  await page.evaluate("document.querySelector('.rows').focus()");
  await keys(page, ['ArrowDown', 'Enter']);
  await page.until("!document.querySelector('#detail').hidden");
  assert.match(
    await page.evaluate("document.querySelector('#detail').innerText"),
    /Made at[^]*misfortunes\.mjs/,
  );
  await page.screenshot(join(screenshots, 'detail.png'));
  await keys(page, ['Escape']);
  assert.ok(await page.evaluate("document.querySelector('#detail').hidden"));
  say('a view, a filter, a row and its details, by keyboard alone');

  await recording(page);
  await denied();
  await many(page, Number(values.connections));
  await manyRows();
  assert.deepEqual(browser.errors, []);
  console.log(`everything held; screenshots in ${screenshots}`);
} finally {
  await browser?.close();
  await world.end();
  await inspector.close();
  traceWaits(false);
  await rm(join(folder, 'profile'), { recursive: true, force: true });
}

function say(what) {
  console.log(`ok  ${what}`);
}

async function openPage(url) {
  const page = await browser.page();
  await page.send('Page.navigate', { url });
  await page.until("document.querySelector('#status')?.dataset.state === 'live'");
  return page;
}

async function size(page, width, height, scheme) {
  const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 500 };
  await page.send('Emulation.setDeviceMetricsOverride', metrics);
  const features = [{ name: 'prefers-color-scheme', value: scheme }];
  await page.send('Emulation.setEmulatedMedia', { features });
}

async function keys(page, names) {
  for (const key of names) {
    const text = key.length === 1 ? key : key === 'Enter' ? '\r' : undefined;
    const code = { Enter: 13, Escape: 27, ArrowDown: 40 }[key];
    const event = { key, text, windowsVirtualKeyCode: code };
    await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event, text: undefined });
  }
}

/** Names of controls, and the contrast of texts against what is behind them (WCAG 2, level AA). */
async function accessible(page) {
  for (const scheme of ['light', 'dark']) {
    await size(page, 1280, 860, scheme);
    for (const view of VIEWS) {
      await page.evaluate(`document.querySelector('#tab-${view}').click()`);
      assert.deepEqual(
        await page.evaluate(`(${String(findNameless)})()`),
        [],
        `${view}: without a name`,
      );
      assert.deepEqual(
        await page.evaluate(`(${String(findFaint)})()`),
        [],
        `${view}, ${scheme}: too faint`,
      );
    }
  }
  await size(page, 1280, 860, 'light');
}

/** A recording is opened again by the page as a file, without a server; Perfetto's format is what it says. */
async function recording(live) {
  const token = inspector.url.split('#')[1];
  const client = new HttpClient();
  const ask = async (path) => {
    const headers = { Authorization: `Bearer ${token}` };
    return await (await client.get(`${inspector.url.split('#')[0]}${path}`, { headers })).text();
  };
  const [saved, html, trace] = [
    await ask('recording'),
    await ask(''),
    JSON.parse(await ask('perfetto')),
  ];
  await client.close();
  assert.ok(trace.traceEvents.some(({ ph, name }) => ph === 'X' && name === 'GET /users/1'));
  const file = join(folder, 'recording.json');
  const document = join(folder, 'inspector.html');
  await writeFile(file, saved);
  await writeFile(document, html);
  const page = await browser.page();
  await page.send('Page.navigate', { url: `file://${document}` });
  await page.until("document.querySelector('#status')?.dataset.state === 'file'");
  await page.setFile('#file', file);
  await page.until("document.querySelectorAll('.attention li').length >= 5");
  await page.evaluate("document.querySelector('#tab-timeline').click()");
  await page.until("/\\d+ events/.test(document.querySelector('#view').innerText)");
  await page.screenshot(join(screenshots, 'recording.png'));
  assert.ok(!(await readFile(file, 'utf8')).includes(token));
  say('a recording, opened from a file without a server; and as a trace for Perfetto');
  await live.evaluate("document.querySelector('#tab-overview').click()");
}

/** Without the token the page is empty. */
async function denied() {
  const page = await browser.page();
  await page.send('Page.navigate', { url: `${inspector.url.split('#')[0]}#not-the-right-token` });
  await page.until("document.querySelector('#status')?.dataset.state === 'refused'");
  assert.equal(await page.evaluate("document.querySelectorAll('.attention li').length"), 0);
  say('with another token the page shows nothing');
}

/** A recording of 10,000 sockets and as many events, without a server beside it: frames while its tables are scrolled. */
async function manyRows() {
  const page = await browser.page();
  const { inspection, ...saved } = inspector.record();
  const [socket] = inspection.sockets;
  const numbers = Array.from({ length: 10_000 }, (_, at) => at);
  const sockets = numbers.map((at) => ({ ...socket, id: `x${at}`, peer: `10.0.0.1:${at}` }));
  const events = numbers.map((at) => ({
    type: 'request',
    at: inspection.now - at,
    duration: at % 50,
    lane: `#${at % 300} 10.0.0.1:${at % 300}`,
    method: 'GET',
    path: `/items/${at}`,
    status: 200,
    isComplete: true,
  }));
  const file = join(folder, 'many.json');
  await writeFile(
    file,
    JSON.stringify({ ...saved, inspection: { ...inspection, sockets }, events }),
  );
  await page.send('Page.navigate', { url: `file://${join(folder, 'inspector.html')}` });
  await page.until("document.querySelector('#status')?.dataset.state === 'file'");
  await page.setFile('#file', file);
  await page.send('Page.bringToFront');
  await page.until("document.querySelector('#tab-sockets').innerText.includes('10000')");
  for (const view of ['sockets', 'timeline']) {
    await page.evaluate(`document.querySelector('#tab-${view}').click()`);
    const frames = await framesOf(page);
    say(`10,000 rows of ${view}: ${frames}`);
  }
}

/** How long frames take while a table is scrolled, sorted again twice on the way. */
async function framesOf(page) {
  const times = await page.evaluate(`new Promise((resolve) => {
    const times = []; let last = performance.now();
    const list = document.querySelector('.rows');
    const titles = document.querySelectorAll('[role=columnheader] button');
    const look = () => {
      const now = performance.now();
      times.push(now - last); last = now;
      list.scrollTop += 900;
      if (times.length === 60 || times.length === 90) titles[0].click();
      if (times.length < 120) requestAnimationFrame(look); else resolve(times);
    };
    requestAnimationFrame(look);
  })`);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => `${sorted[Math.floor((sorted.length - 1) * share)].toFixed(0)} ms`;
  return `a frame takes ${at(0.5)}, one in twenty ${at(0.95)} or more, the longest ${at(1)}`;
}

/** Many connections: the page stays responsive, and draws only what is in view. */
async function many(page, count) {
  // In the background nothing is drawn.
  await page.send('Page.bringToFront');
  await page.evaluate("document.querySelector('#tab-sockets').click()");
  // All of them: a filter is left from before.
  await page.evaluate(
    "(() => { const filter = document.querySelector('[type=search]'); filter.value = ''; filter.dispatchEvent(new Event('input')); })()",
  );
  const { port } = new URL(world.server.url);
  const clients = spawn(process.execPath, [CLIENTS, port, String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(clients.stdout, 'data');
    await page.until(
      `document.querySelector('#tab-sockets').innerText.match(/\\d+/)[0] >= ${count * 0.99}`,
    );
    const rows = await page.evaluate("document.querySelectorAll('.spacer .line').length");
    assert.ok(rows > 10 && rows < 80, `${rows} rows are elements`);
    const frames = await framesOf(page);
    await page.screenshot(join(screenshots, 'many.png'));
    say(`${count} connections: ${rows} rows are elements; ${frames}`);
  } finally {
    clients.stdin.end();
    if (clients.exitCode === null) await once(clients, 'exit');
  }
}
