/**
 * Joins the modules of the published packages into a few files, `dist/bundle/`: what `publishConfig.exports` names.
 *
 * A package of small modules reads well and loads slowly: Node spends most of a millisecond on each. Joined, both
 * packages load in about a third of the time (`pnpm bench --only start`). Nothing but the number of files changes:
 * nothing is minified, and source maps lead to `src/`, which is in the package.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'rolldown';
import { root } from './lib/run.mjs';

/** The entries of each package: those of its `exports`. They share chunks, so that a class is the same in all of them. */
const ENTRIES = { core: ['index', 'testing/index'], http: ['index'] };

for (const [name, entries] of Object.entries(ENTRIES)) {
  const folder = join(root, 'packages', name);
  // Chunks are named by their contents: those of earlier builds would stay.
  rmSync(join(folder, 'dist/bundle'), { recursive: true, force: true });
  await build({
    cwd: folder,
    input: Object.fromEntries(entries.map((entry) => [entry, `src/${entry}.ts`])),
    // Every bare specifier is a dependency, or Node's own.
    external: (id) => !/^[./]/.test(id),
    platform: 'node',
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
}
