/** What `pnpm install` at the root fetches for a first `pnpm test` or `pnpm example server`. */

import { describe, expect, test } from '@jest/globals';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const wanted = (path: string): string[] => {
  const { dependencies, devDependencies } = JSON.parse(read(path)) as Manifest;
  return Object.keys({ ...dependencies, ...devDependencies });
};

/** `name@version` of every package that a lockfile fetches, for whatever platform. */
function fetched(lockfile: string): string[] {
  const [, packages = ''] = /^packages:\n(.*?)^snapshots:$/ms.exec(read(lockfile)) ?? [];
  return [...packages.matchAll(/^ {2}'?(@?[^@'\s]+@[^'\s:]+)'?:$/gm)].map(([, key]) => key ?? '');
}

const nameOf = (key: string): string => key.slice(0, key.indexOf('@', 1));
const atRoot = fetched('pnpm-lock.yaml');
const namesAtRoot = new Set(atRoot.map(nameOf));

/** What a folder takes in the blocks of the disk. Links are not followed, as a recursive `readdir` of some versions does. */
function sizeOf(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) bytes += sizeOf(path);
    else if (entry.isFile()) bytes += Math.ceil(lstatSync(path).size / 4_096) * 4_096;
  }
  return bytes;
}

describe('the first install', () => {
  test('has what the packages are built and tested with', () => {
    const all = [
      'package.json',
      ...['core', 'http', 'examples'].map((name) => `packages/${name}/package.json`),
    ]
      .flatMap(wanted)
      .filter((name) => !name.startsWith('@awaitio/'));
    expect(all.length).toBeGreaterThan(8);
    expect(all.filter((name) => !namesAtRoot.has(name))).toEqual([]);
  });

  test('has no peer of the benchmarks and no other runtime', () => {
    const shared = new Set(wanted('packages/http/package.json'));
    const peers = wanted('bench/package.json').filter((name) => !shared.has(name));
    expect(peers).toEqual(expect.arrayContaining(['bun', 'deno', 'express', 'fastify']));
    const runtimes = fetched('bench/pnpm-lock.yaml')
      .map(nameOf)
      .filter((name) => /\b(?:bun|deno)\b/.test(name));
    expect(runtimes.length).toBeGreaterThan(2);
    expect([...peers, ...runtimes].filter((name) => namesAtRoot.has(name))).toEqual([]);
  });

  test('has no linter and no tool of releases', () => {
    const tools = wanted('tools/package.json');
    expect(tools).toContain('oxlint');
    expect(tools.filter((name) => namesAtRoot.has(name))).toEqual([]);
  });

  test('knows no other projects than those of packages/', () => {
    const workspace = read('pnpm-workspace.yaml');
    expect(/^packages:\n((?: +- .*\n)*)/m.exec(workspace)?.[1]).toBe('  - packages/*\n');
    const [, importers = ''] = /^importers:\n(.*?)^packages:$/ms.exec(read('pnpm-lock.yaml')) ?? [];
    expect([...importers.matchAll(/^ {2}(\S+):$/gm)].map(([, path]) => path)).toEqual([
      '.',
      'packages/core',
      'packages/examples',
      'packages/http',
    ]);
  });

  test('takes less than 150 MB', () => {
    const store = `${root}node_modules/.pnpm`;
    const folders = readdirSync(store);
    // Of the packages in the lockfile: a checkout that was updated keeps older ones for a while.
    const present = atRoot.flatMap((key) => {
      const begin = key.replaceAll('/', '+');
      return folders.filter((name) => name === begin || name.startsWith(`${begin}_`));
    });
    expect(present.length).toBeGreaterThan(100);
    let bytes = 0;
    for (const folder of new Set(present)) bytes += sizeOf(`${store}/${folder}`);
    expect(bytes).toBeLessThan(150_000_000);
  });
});
