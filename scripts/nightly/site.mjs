/**
 * The built site in a real browser: no page is wider than a phone or a desk, none reports an error, each has a title and a
 * description, pictures load, the search finds, a code of an error is an address, a page that is not there says so.
 *
 *   pnpm run docs && node scripts/nightly/site.mjs [--chromium PATH] [--screenshots FOLDER] [--only how-to]
 *
 * Every page is opened at 375 pixels. Of the pages that are not of the API, screenshots are taken: at 375 pixels in light, at 1280 in
 * dark or in light by turns, up to 2,400 pixels of height. Needs `chromium`. Screenshots go to a temporary folder unless
 * `--screenshots` names another.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HttpResponse, serve } from '../../packages/http/dist/index.js';
import { fileResponse, staticFiles } from '../../packages/http/dist/batteries/index.js';
import { root } from '../lib/run.mjs';
import { Browser } from './browser/chromium.mjs';

const { values } = parseArgs({
  options: {
    chromium: { type: 'string', default: 'chromium' },
    screenshots: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const BASE = '/awaitio/';
const PHONE = 375;
const DESK = 1_280;
const TALLEST = 2_400;
/** How long one page may take, in milliseconds. */
const PATIENCE = 60_000;

/** What every page has to say of itself. */
const LACKS = `[
  ['title', document.title],
  ['description', document.querySelector('meta[name=description]')?.content],
].filter(([, text]) => !text).map(([name]) => name)`;
/** Pictures that were asked for and are none. */
const BROKEN =
  '[...document.images].filter((image) => image.complete && image.naturalWidth === 0).map(({ src }) => src)';

const site = join(root, 'site/dist/site');
const files = new Set(
  readdirSync(site, { recursive: true, encoding: 'utf8' }).map((file) =>
    file.replaceAll('\\', '/'),
  ),
);
const pages = [...files]
  .filter((file) => file.endsWith('.html') && file !== '404.html' && file.includes(values.only))
  .map((file) => file.replace(/(?:index)?\.html$/, ''))
  // The guides first: they change more often than the API.
  .toSorted((a, b) => a.startsWith('api/') - b.startsWith('api/') || (a < b ? -1 : 1));
assert.ok(pages.length > 0, 'there is no such page; `pnpm run docs` builds the site');

const notFound = readFileSync(join(site, '404.html'), 'utf8');
/** As GitHub Pages does: a path without an extension is a page. */
const pageOf = (request) => {
  const name = `${decodeURIComponent(request.path.slice(BASE.length))}.html`;
  const headers = { 'Content-Type': 'text/html' };
  if (files.has(name)) return fileResponse(join(site, name), { headers });
  return HttpResponse.text(notFound, { headers, status: 404 });
};
const server = await serve(staticFiles(site, { prefix: BASE.slice(0, -1), notFound: pageOf }));
const home = `${server.url.slice(0, -1)}${BASE}`;
const folder = await mkdtemp(join(tmpdir(), 'awaitio-site-'));
const screenshots = values.screenshots ?? join(folder, 'screenshots');
await mkdir(screenshots, { recursive: true });

const browser = await Browser.launch(values.chromium, join(folder, 'profile'));
const wrong = [];
let place = '';
const watchdog = setTimeout(() => {
  console.error(`${place} was not there after ${PATIENCE} ms`);
  process.exit(1);
}, PATIENCE);
try {
  const page = await browser.page();
  await page.send('Log.enable');
  for (const [at, path] of pages.entries()) {
    watchdog.refresh();
    place = path;
    await size(page, PHONE, 844, 'light');
    await page.goto(`${home}${path}`);
    await page.until("document.querySelector('.VPContent, .NotFound') !== null");
    await fits(page, path, 'a phone');
    for (const lack of await page.evaluate(LACKS)) wrong.push(`${path} has no ${lack}`);
    for (const error of browser.errors.splice(0)) wrong.push(`${path}: ${error}`);
    if (path.startsWith('api/')) continue;
    const name = (path.replaceAll('/', '-') || 'index').replace(/-$/, '');
    await shoot(page, PHONE, 'light', `${name}-phone`);
    await shoot(page, DESK, at % 2 === 0 ? 'light' : 'dark', `${name}-desk`);
    await fits(page, path, 'a desk');
    for (const picture of await page.evaluate(BROKEN)) wrong.push(`${path}: ${picture} is broken`);
  }
  console.log(`${pages.length} pages opened at ${PHONE} pixels; screenshots in ${screenshots}`);
  watchdog.refresh();
  place = 'the search';
  await search(page);
  place = 'addresses';
  await addresses(page);
  for (const error of browser.errors.splice(0)) wrong.push(`the search: ${error}`);
} finally {
  clearTimeout(watchdog);
  await browser.close();
  await server.shutdown({ idleWindow: 0 });
  await rm(join(folder, 'profile'), { recursive: true, force: true });
}
for (const complaint of wrong) console.error(complaint);
console.log(wrong.length === 0 ? 'no error, nothing too wide' : `${wrong.length} complaints`);
process.exitCode = wrong.length === 0 ? 0 : 1;

async function size(page, width, height, scheme) {
  const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 500 };
  await page.send('Emulation.setDeviceMetricsOverride', metrics);
  const features = [{ name: 'prefers-color-scheme', value: scheme }];
  await page.send('Emulation.setEmulatedMedia', { features });
}

/** No page has to be moved sideways. */
async function fits(page, path, what) {
  const excess = await page.evaluate(
    'Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - innerWidth',
  );
  if (excess > 0) wrong.push(`${path} is wider than ${what}, by ${excess} pixels`);
}

/** The address of a code leads to its row, and a page that is not there says so. */
async function addresses(page) {
  await page.goto(`${home}errors#ERR_LIMIT`);
  await page.until("document.querySelector('.VPContent') !== null");
  const row = await page.evaluate(
    "document.getElementById('ERR_LIMIT')?.closest('tr')?.textContent ?? ''",
  );
  if (!row.includes('a limit was reached')) wrong.push(`errors#ERR_LIMIT is ${row}`);
  browser.errors.splice(0);
  await page.goto(`${home}no-such-page`);
  await page.until("document.querySelector('.NotFound') !== null");
  await page.screenshot(join(screenshots, 'not-found.png'));
  // That the server answered 404 is an error of the console, and right.
  browser.errors.splice(0);
}

/** A picture of a whole page. */
async function shoot(page, width, scheme, name) {
  await size(page, width, 800, scheme);
  const height = await page.evaluate('document.documentElement.scrollHeight');
  await size(page, width, Math.min(height, TALLEST), scheme);
  // The sidebar slides in when a page becomes wider.
  await page.evaluate(
    'Promise.allSettled(document.getAnimations().map(({ finished }) => finished)).then(() => null)',
  );
  await page.screenshot(join(screenshots, `${name}.png`));
}

/** A name that is in the API and a word of the guides are found, by keyboard. */
async function search(page) {
  await size(page, DESK, 800, 'light');
  await page.goto(home);
  for (const [text, expected] of [
    ['moveOnAfter', 'structured-concurrency'],
    ['rolling restart', 'how-to/processes'],
    ['readUntil', 'sockets'],
    ['429', 'forms-and-cookies'],
    ['drain', 'shutdown'],
  ]) {
    await page.evaluate(
      "document.querySelector('.VPNavBarSearchButton, .DocSearch-Button').click()",
    );
    await page.until("document.querySelector('.search-input') !== null");
    // It has what was last looked for, and what was found.
    await page.evaluate(
      "document.querySelector('.search-input').select(), document.execCommand('delete')",
    );
    await page.until("document.querySelectorAll('.results .result').length === 0");
    await page.send('Input.insertText', { text });
    await page.until("document.querySelectorAll('.results .result').length > 0");
    const found = await page.evaluate(
      "[...document.querySelectorAll('.results .result')].map((link) => link.getAttribute('href')).join(' ')",
    );
    if (!found.includes(expected)) wrong.push(`"${text}" finds ${found}, and not ${expected}`);
    await page.screenshot(join(screenshots, `search-${text.replaceAll(' ', '-')}.png`));
    await page.goto(`${home}faq`);
    await page.goto(home);
  }
}
