/**
 * `pnpm run docs`: the documentation as a site, in `site/dist/site`. TypeDoc writes the reference of the API from the sources,
 * VitePress builds the pages. A dead link, and a comment of the sources with one, fail the build.
 *
 *   pnpm run docs              the site, for https://awaitio.github.io/awaitio/
 *   pnpm run docs --serve      and shows it at http://127.0.0.1:4173/awaitio/
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installApart } from './lib/install.mjs';
import { root, run } from './lib/run.mjs';
import { complaintsAboutPages } from './site/check.mjs';
import { writeForReaders } from './site/llms.mjs';
import { stage, STAGED } from './site/stage.mjs';

const { values: options } = parseArgs({ options: { serve: { type: 'boolean', default: false } } });

const started = performance.now();
const say = (text) =>
  console.log(`${((performance.now() - started) / 1_000).toFixed(1)} s: ${text}`);
const cwd = join(root, 'site');
const vitepress = [process.execPath, join(cwd, 'node_modules/vitepress/bin/vitepress.js')];

await installApart('site');
const complaints = complaintsAboutPages();
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exit(1);

const pages = stage();
say(`${pages.length} pages laid out`);
const { writeApi } = await import('../site/api.mjs');
const api = await writeApi(join(STAGED, 'api'));
mkdirSync(join(cwd, 'dist'), { recursive: true });
writeFileSync(join(cwd, 'dist/api.json'), JSON.stringify(api));
say('the API written');

const { ok } = await run([...vitepress, 'build', '.'], { cwd });
if (!ok) process.exit(1);
writeForReaders(join(cwd, 'dist/site'), api);
say('the site is in site/dist/site');
if (options.serve) await run([...vitepress, 'preview', '.', '--host', '127.0.0.1'], { cwd });
