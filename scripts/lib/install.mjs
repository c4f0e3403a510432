/**
 * The projects apart, `bench/`, `site/` and `tools/`: installed when they are first used, and again when their lockfile changes.
 *
 * They are no part of the workspace, since they are large (other runtimes, linters) and a first `pnpm test` needs none of
 * them.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm, root, run } from './run.mjs';

/**
 * @param {'bench' | 'site' | 'tools'} name - A folder with a `package.json` and a lockfile.
 * @returns {Promise<void>} When it is installed.
 * @throws When the install fails, with what pnpm printed.
 */
export async function installApart(name) {
  const cwd = join(root, name);
  const lockfile = readFileSync(join(cwd, 'pnpm-lock.yaml'), 'utf8');
  const installed = join(cwd, 'node_modules', '.installed-lock.yaml');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === lockfile) return;
  console.error(`installing ${name}/ …`);
  const { ok, output } = await run(
    pnpm('install', '--ignore-workspace', '--frozen-lockfile', '--ignore-scripts', '--silent'),
    { cwd, quiet: true },
  );
  if (!ok) throw new Error(`${name}/ could not be installed:\n${output}`);
  writeFileSync(installed, lockfile);
}
