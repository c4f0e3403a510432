/**
 * Takes the pictures of docs/inspector.md: the page of a server with which five things are wrong, light and dark.
 *
 *   node scripts/inspector-pictures.mjs [--chromium PATH]
 *
 * Writes docs/assets/inspector-*.webp, each below 150 kB. Needs `chromium` and a build (`pnpm build`). Look at them before you commit.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { traceWaits } from '../packages/core/dist/index.js';
import { inspect } from '../packages/http/dist/inspect/index.js';
import { takePictures } from './lib/picture.mjs';
import { Browser } from './nightly/browser/chromium.mjs';
import { misfortunes } from './nightly/inspector/misfortunes.mjs';

const { values } = parseArgs({ options: { chromium: { type: 'string', default: 'chromium' } } });
/** A view, and how much of the page its picture has. */
const PICTURES = [
  { view: 'overview', width: 1100, height: 600 },
  { view: 'waits', width: 1100, height: 520 },
  { view: 'requests', width: 1100, height: 700 },
  { view: 'timeline', width: 1100, height: 520 },
];

const profile = await mkdtemp(join(tmpdir(), 'awaitio-pictures-'));
traceWaits(true);
const inspector = await inspect({ attentionAfter: 1_000, interval: 200 });
const world = await misfortunes();
let browser;
try {
  browser = await Browser.launch(values.chromium, profile);
  const page = await browser.page();
  await page.send('Page.navigate', { url: inspector.url });
  // Ages of some seconds, so that their colours are seen.
  await page.until(
    "document.querySelector('.attention')?.innerText.includes('Leaked') && document.querySelector('.attention .age').innerText >= '3 s'",
  );
  for (const { view, width, height } of PICTURES) {
    await page.evaluate(`document.querySelector('#tab-${view}').click()`);
    await takePictures(page, { name: `inspector-${view}`, width, height });
  }
} finally {
  await browser?.close();
  await world.end();
  await inspector.close();
  traceWaits(false);
  await rm(profile, { recursive: true, force: true });
}
