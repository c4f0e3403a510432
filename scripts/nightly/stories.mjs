/**
 * The pages of ten simulations that fail, in a real browser: each shows what went wrong.
 *
 *   node scripts/nightly/stories.mjs [--chromium PATH] [--pages FOLDER] [--only N] [--picture]
 *
 * For each program of scripts/nightly/stories/programs.mjs the first seed that fails is found and its page written; Chromium opens it on a
 * desk and on a phone, light and dark, by keyboard. The page must say what the program's row expects, be no wider than its screen, have a
 * name for each control and contrast for each text. Then each of the two pages opens a file of the other: the viewer a recording of a live
 * process, the inspector's page that of a simulation. Needs `chromium` and a build (`pnpm build`). The pages and their pictures go to a
 * temporary folder unless `--pages` names another: look at them. With `--only N --picture` that page becomes the
 * picture of the README, docs/assets/simulation-*.webp.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { simulate, SimulationError } from '../../packages/core/dist/testing/index.js';
import { HttpClient, HttpResponse, serve } from '../../packages/http/dist/index.js';
import { inspect } from '../../packages/http/dist/inspect/index.js';
import { PAGE } from '../../packages/http/dist/inspect/page/page.js';
import { takePictures } from '../lib/picture.mjs';
import { Browser } from './browser/chromium.mjs';
import { findFaint, findNameless } from './inspector/accessible.mjs';
import { PROGRAMS } from './stories/programs.mjs';

const { values } = parseArgs({
  options: {
    chromium: { type: 'string', default: 'chromium' },
    pages: { type: 'string' },
    only: { type: 'string' },
    picture: { type: 'boolean', default: false },
  },
});
const MOST_SEEDS = 1_000;
const folder = await mkdtemp(join(tmpdir(), 'awaitio-stories-'));
const pages = values.pages ?? join(folder, 'pages');
await mkdir(pages, { recursive: true });

const browser = await Browser.launch(values.chromium, join(folder, 'profile'));
try {
  const page = await browser.page();
  for (const [index, program] of PROGRAMS.entries()) {
    if (values.only !== undefined && Number(values.only) !== index + 1) continue;
    const path = await pageOf(program, index + 1);
    await look(page, path, program, index + 1);
    if (values.picture) await takePictures(page, { name: 'simulation', width: 1100, height: 720 });
    console.log(`ok  ${index + 1}. ${program.name}: ${path}`);
  }
  await both(page);
  assert.deepEqual(browser.errors, []);
  console.log(`everything held; pages and pictures are in ${pages}`);
} finally {
  await browser.close();
  await rm(join(folder, 'profile'), { recursive: true, force: true });
}

/** Finds a seed that fails, and writes its page. */
async function pageOf({ name, options = {}, main }, number) {
  for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
    const error = await simulate({ ...options, seed }, main).catch((failure) => failure);
    if (!(error instanceof SimulationError)) continue;
    const place = join(pages, String(number));
    await simulate({ ...options, seed, pages: place }, main).catch(() => {});
    const written = (await readdir(place)).find((file) => file.endsWith('.html'));
    const path = join(place, written);
    const trace = JSON.parse(await readFile(path.replace('.html', '.perfetto.json'), 'utf8'));
    assert.ok(trace.traceEvents.length > 0, `${name}: an empty trace`);
    return path;
  }
  throw new Error(`${name}: no seed of ${MOST_SEEDS} fails`);
}

async function look(page, path, { name, expects }, number) {
  await page.send('Page.navigate', { url: `file://${path}` });
  await page.until("document.querySelector('.summary .failure')?.innerText.length > 0");
  await page.until("document.querySelectorAll('.diagram .row').length > 0");
  for (const [device, width, height] of [
    ['desk', 1280, 900],
    ['phone', 375, 800],
  ]) {
    for (const scheme of ['light', 'dark']) {
      const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 500 };
      await page.send('Emulation.setDeviceMetricsOverride', metrics);
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await page.send('Emulation.setEmulatedMedia', { features });
      await page.evaluate('new Promise((resolve) => setTimeout(resolve, 150))');
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      assert.ok(overflow <= 0, `${name}: wider than a ${device} by ${overflow}`);
      assert.deepEqual(await page.evaluate(`(${String(findNameless)})()`), [], `${name}: nameless`);
      assert.deepEqual(await page.evaluate(`(${String(findFaint)})()`), [], `${name}: faint`);
      await page.screenshot(join(pages, `${number}-${device}-${scheme}.png`));
    }
  }
  const text = await page.evaluate(
    "document.body.innerText + [...document.querySelectorAll('.diagram [role=option]')].map((row) => row.getAttribute('aria-label')).join('\\n')",
  );
  for (const expected of expects) assert.match(text, expected, name);
  // By keyboard: from the end upwards to a message, whose bytes are shown.
  await page.evaluate("document.querySelector('.diagram').focus()");
  for (let step = 0; step < 3; step += 1) {
    const event = { key: 'ArrowUp', windowsVirtualKeyCode: 38 };
    await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
    await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }
  assert.equal(
    await page.evaluate("document.querySelectorAll('.diagram [aria-selected=true]').length"),
    1,
    `${name}: nothing is selected by keyboard`,
  );
}

/** A recording of a process in the viewer, and one of a simulation in the inspector's page. */
async function both(page) {
  const inspector = await inspect({ always: true });
  const client = new HttpClient();
  const server = await serve(
    async (request) => {
      if (request.path === '/hangs') await new Promise(() => {});
      return HttpResponse.text('hello', { status: request.path === '/fails' ? 500 : 200 });
    },
    { port: 0, onError: () => {} },
  );
  for (const path of ['', 'users/1', 'fails']) await (await client.get(server.url + path)).text();
  client.get(`${server.url}hangs`).catch(() => {});
  while (inspector.look().requests.length === 0) await new Promise(setImmediate);
  const live = join(folder, 'live.json');
  await writeFile(live, JSON.stringify(inspector.record()));
  await client.close();
  await server.shutdown({ grace: 0 });
  await inspector.close();
  await page.setFile('#file', live);
  await page.until("document.querySelector('.summary')?.innerText.includes('of process')");
  const text = await page.evaluate(
    "[...document.querySelectorAll('.diagram [role=option]')].map((row) => row.getAttribute('aria-label')).join('\\n')",
  );
  for (const expected of [
    /GET \/users\/1/,
    /500 GET \/fails/,
    /GET \/hangs of 127.0.0.1:\d+ waits for its handler/,
  ]) {
    assert.match(text, expected);
  }
  await page.screenshot(join(pages, 'live-in-viewer.png'));
  console.log('ok  the viewer opens a recording of a live process');
  const { recording } = await simulate(
    { seed: 1, faults: { halfOpen: 1 }, giveUpAfter: Infinity },
    PROGRAMS[5].main,
  ).catch((error) => error);
  const simulated = join(folder, 'simulated.json');
  await writeFile(simulated, JSON.stringify(recording));
  const document = join(folder, 'inspector.html');
  await writeFile(document, PAGE);
  await page.send('Emulation.setDeviceMetricsOverride', {
    width: 1280,
    height: 900,
    deviceScaleFactor: 1,
    mobile: false,
  });
  await page.send('Page.navigate', { url: `file://${document}` });
  await page.until("document.querySelector('#status')?.dataset.state === 'file'");
  await page.setFile('#file', simulated);
  await page.until("document.querySelector('.summary .failure')?.innerText.length > 0");
  await page.evaluate('new Promise((resolve) => setTimeout(resolve, 200))');
  await page.screenshot(join(pages, 'simulation-in-inspector.png'));
  console.log("ok  the inspector's page opens a simulation");
}
