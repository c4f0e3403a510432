/**
 * Joins the modules of the published packages into a few files, `dist/bundle/`: what `publishConfig.exports` names.
 *
 * A package of small modules reads well and loads slowly: Node spends most of a millisecond on each. Joined, both
 * packages load in about a quarter of the time (`pnpm bench --only start`). What is joined in from other packages stands in
 * `INLINED`, with its licence in the same folder. Nothing but the number of files changes: nothing is minified, and
 * source maps lead to `src/`, which is in the package.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';
import { root } from './lib/run.mjs';

/** The entries of each package: those of its `exports`. They share chunks, so that a class is the same in all of them. */
const ENTRIES = { core: ['index', 'lowlevel', 'testing/index'], http: ['index'] };

/**
 * Packages that become part of the bundle, with what they stand on: they are small, nothing of them shows, and found in
 * `node_modules` they take as long to load as all of `@awaitio/core`.
 */
const INLINED = new Set(['p-queue', 'p-timeout', 'eventemitter3']);

const LICENCES = 'third-party-licences.txt';

for (const [name, entries] of Object.entries(ENTRIES)) {
  const folder = join(root, 'packages', name);
  // Chunks are named by their contents: those of earlier builds would stay.
  rmSync(join(folder, 'dist/bundle'), { recursive: true, force: true });
  const { output } = await build({
    cwd: folder,
    input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
    // Every other bare specifier is a dependency, or Node's own.
    external: (id) => !/^[./]/.test(id) && !INLINED.has(id),
    platform: 'node',
    // What an entry shares with a module that is loaded when it is asked for stays with the entry: one file fewer.
    preserveEntrySignatures: 'allow-extension',
    output: {
      dir: 'dist/bundle',
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name]-[hash].js',
      sourcemap: true,
      sourcemapExcludeSources: true,
      comments: false,
    },
  });
  for (const { code = '', fileName } of output) {
    // Of a text with one character beyond latin1, V8 keeps, and reads, two bytes for each. Tests may wait for that.
    const wide = fileName.startsWith('testing/') ? undefined : /[^\0-\xff]/.exec(code)?.[0];
    if (wide !== undefined) {
      throw new Error(
        `${name}/${fileName}: expected latin1 only, got ${wide}; write it as an escape`,
      );
    }
  }
  const modules = output.flatMap((chunk) => chunk.moduleIds ?? []);
  const licences = [...new Set(modules.map(packageFolderOf))]
    .filter((path) => path !== undefined)
    .map(licenceOf);
  if (licences.length > 0) {
    writeFileSync(join(folder, 'dist/bundle', LICENCES), licences.join(`\n${'-'.repeat(72)}\n\n`));
  }
}

/** The folder of the package that a module is from, if it is not one of ours. */
function packageFolderOf(id) {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];
}

function licenceOf(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} comes without the text of its licence`);
  return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8')}`;
}
