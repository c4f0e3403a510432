/**
 * Makes the pages of packages/http/inspector/: joins each into one document, as text in a module.
 *
 *   node scripts/inspector-page.mjs            writes the modules
 *   node scripts/inspector-page.mjs --check    fails when one would change
 *
 * The inspector's page is in @awaitio/http. The viewer of stories, which is a part of it, is also a separate page in @awaitio/core, for
 * simulations that fail. A document needs nothing from elsewhere, so its policy allows exactly its one script and its one style sheet,
 * by their hashes.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';
import { root } from './lib/run.mjs';

const folder = join(root, 'packages/http/inspector');
const read = (name) => readFileSync(join(folder, name), 'utf8');
const hashOf = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
/** Of a text with one character beyond latin1, V8 keeps two bytes for each. */
const ascii = (text) =>
  text.replaceAll(
    /[^\0-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
const literal = (text) =>
  ascii(`'${JSON.stringify(text).slice(1, -1).replaceAll("'", "\\'").replaceAll('\\"', '"')}'`);
const joined = (text) => `[
${text
  .split('\n')
  .map((line) => `  ${literal(line)},`)
  .join('\n')}
].join('\\n')`;

/** A document, with its script and its style in it. */
async function documentOf(input, page, styles) {
  const { output } = await build({
    cwd: folder,
    input,
    platform: 'browser',
    write: false,
    output: { format: 'iife', comments: false, minify: true },
  });
  // Escaped in the script itself, since bundlers write the escapes of a module's texts out again.
  const script = ascii(output[0].code.trim());
  if (/<\/script|<!--/i.test(script)) throw new Error('the script would end its element');
  const style = styles
    .map((name) => read(name))
    .join('\n')
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
  const text = read(page)
    .replaceAll(/\n\s+/g, '\n')
    .replace('<!-- style -->', () => `<style>${style}</style>`)
    .replace('<!-- script -->', () => `<script>${script}</script>`);
  return { text, scriptHash: hashOf(script), styleHash: hashOf(style) };
}

async function inspectorModule() {
  const { text, scriptHash, styleHash } = await documentOf('main.js', 'page.html', [
    'style.css',
    'story/style.css',
  ]);
  return `/** The inspector's page. Made of packages/http/inspector/ by scripts/inspector-page.mjs; do not change it here. */

/** The document. */
export const PAGE: string = ${joined(text)};

/** What its policy allows. */
export const SCRIPT_HASH: string = '${scriptHash}';
export const STYLE_HASH: string = '${styleHash}';
`;
}

async function viewerModule() {
  const { text, scriptHash, styleHash } = await documentOf('story/main.js', 'story/story.html', [
    'style.css',
    'story/style.css',
  ]);
  const policy = `default-src 'none'; script-src '${scriptHash}'; style-src '${styleHash}'; base-uri 'none'; form-action 'none'`;
  const [before, after] = text.replace('<!-- policy -->', () => policy).split('<!-- recording -->');
  return `/** The viewer of recordings as a page. Made of packages/http/inspector/ by scripts/inspector-page.mjs; do not change it here. */

/** What stands before the recording, which is JSON without \`<\`. */
export const BEFORE: string = ${joined(before)};

/** What stands behind it. */
export const AFTER: string = ${joined(after)};
`;
}

for (const [target, module] of [
  ['packages/http/src/inspect/page/page.ts', await inspectorModule()],
  ['packages/core/src/testing/sim/page/viewer.ts', await viewerModule()],
]) {
  const path = join(root, target);
  if (!process.argv.includes('--check')) writeFileSync(path, module);
  else if (readFileSync(path, 'utf8') !== module) {
    throw new Error(`${target} is not that of its sources: run node scripts/inspector-page.mjs`);
  }
}
