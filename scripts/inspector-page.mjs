/**
 * Makes the inspector's page: joins packages/http/inspector/ into one document, as text in a module of @awaitio/http.
 *
 *   node scripts/inspector-page.mjs            writes packages/http/src/inspect/page/page.ts
 *   node scripts/inspector-page.mjs --check    fails when it would change
 *
 * The document needs nothing from elsewhere, so its policy allows exactly its one script and its one style sheet, by their hashes.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';
import { root } from './lib/run.mjs';

const folder = join(root, 'packages/http/inspector');
const target = join(root, 'packages/http/src/inspect/page/page.ts');
const read = (name) => readFileSync(join(folder, name), 'utf8');
const hashOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
/** Of a text with one character beyond latin1, V8 keeps two bytes for each. */
const ascii = (text) =>
  text.replaceAll(
    /[^\0-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const { output } = await build({
  cwd: folder,
  input: 'main.js',
  platform: 'browser',
  write: false,
  output: { format: 'iife', comments: false, minify: true },
});
const script = output[0].code.trim();
if (/<\/script|<!--/i.test(script)) throw new Error('the script would end its element');
const style = read('style.css')
  .replaceAll(/\/\*[^]*?\*\//g, '')
  .replaceAll(/\s*\n\s*/g, ' ')
  .trim();
const page = read('page.html')
  .replaceAll(/\n\s+/g, '\n')
  .replace('<!-- style -->', () => `<style>${style}</style>`)
  .replace('<!-- script -->', () => `<script>${script}</script>`);

const literal = (text) =>
  ascii(`'${JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'").replaceAll('\\"', '"')}'`);
const lines = page.split('\n').map((line) => `  ${literal(line)},`);
const module = `/** The inspector's page. Made of packages/http/inspector/ by scripts/inspector-page.mjs; do not change it here. */

/** The document. */
export const PAGE: string = [
${lines.join('\n')}
].join('\\n');

/** What its policy allows. */
export const SCRIPT_HASH: string = '${hashOf(script)}';
export const STYLE_HASH: string = '${hashOf(style)}';
`;
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== module) {
    throw new Error('the page is not that of its sources: run node scripts/inspector-page.mjs');
  }
} else {
  writeFileSync(target, module);
}
