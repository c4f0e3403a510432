/**
 * Where the other runtimes are: the binaries that npm's `bun` and `deno` bring for this platform, else those on the PATH.
 *
 * Their npm packages put the binary in its place with an install script; the binary itself is in a package for the
 * platform, which is there without it.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface Runtime {
  readonly path: string;
  readonly version: string;
}

const require = createRequire(import.meta.url);

export const bun: Runtime | undefined = find('bun', '@oven', join('bin', 'bun'));
export const deno: Runtime | undefined = find('deno', '@deno', 'deno');

/** Looks beside the package for its platform's package, then on the PATH. */
function find(name: string, scope: string, binary: string): Runtime | undefined {
  for (const path of [...besides(name, scope, binary), name]) {
    const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    if (status === 0) return { path, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown' };
  }
  return undefined;
}

function besides(name: string, scope: string, binary: string): string[] {
  try {
    const folder = join(dirname(require.resolve(`${name}/package.json`)), '..', scope);
    return readdirSync(folder)
      .map((entry) => join(folder, entry, binary))
      .filter((path) => existsSync(path));
  } catch {
    return [];
  }
}
