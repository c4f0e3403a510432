/** Libraries from npm, in a folder apart: nothing of them becomes a dependency of this repository. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Installs them, into a temporary folder that is removed at the end of the process, or into that of `--folder`, which is kept.
 *
 * @returns `load`, which imports one of them by its name, and `versionOf`.
 */
export function installLibraries(names) {
  const { values } = parseArgs({ options: { folder: { type: 'string' } } });
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'awaitio-libraries-'));
  if (values.folder === undefined) {
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...names];
  const installed = spawnSync('npm', npm, { cwd: folder, encoding: 'utf8' });
  if (installed.status !== 0) throw new Error(`npm install failed:\n${installed.stderr}`);
  const loader = join(folder, 'load.mjs');
  writeFileSync(loader, 'export const load = (name) => import(name);\n');
  return {
    load: async (name) => (await import(pathToFileURL(loader).href)).load(name),
    versionOf: (name) =>
      JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version,
  };
}
