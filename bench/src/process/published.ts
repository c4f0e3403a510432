/**
 * awaitio as it is published: a folder as npm would make it, with the bundles in it, for programs to run from.
 *
 * In this repository `@awaitio/http` is many small modules; what users load is a few files. How fast it starts is
 * measured with those.
 */

import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from './child.ts';
import { scratch } from './scratch.ts';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly publishConfig: { readonly exports: unknown };
}

const PACKAGES = ['core', 'http'];
let folder: string | undefined;

/** Whether the bundles have been built. */
export const isBundled: boolean = PACKAGES.every((name) =>
  existsSync(join(packageFolder(name), 'dist/bundle/index.js')),
);

/** A program of the bench in a place from which `@awaitio/http` is the published one. */
export function publishedProgram(path: string): string {
  folder ??= install();
  return join(folder, 'bench', path);
}

function install(): string {
  const root = join(scratch(), 'published');
  const modules = join(root, 'node_modules');
  for (const name of PACKAGES) {
    const source = packageFolder(name);
    const target = join(modules, '@awaitio', name);
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Manifest;
    cpSync(join(source, 'dist/bundle'), join(target, 'dist/bundle'), { recursive: true });
    const published = { ...manifest, exports: manifest.publishConfig.exports };
    writeFileSync(join(target, 'package.json'), JSON.stringify(published));
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      link(join(source, 'package.json'), dependency, modules);
    }
  }
  cpSync(program('.'), join(root, 'bench'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  return root;
}

/** Puts another package where it is looked for, as it stands in this repository. */
function link(from: string, name: string, modules: string): void {
  const target = join(modules, name);
  if (name.startsWith('@awaitio/') || existsSync(target)) return;
  const paths = createRequire(from).resolve.paths(name) ?? [];
  const found = paths.map((path) => join(path, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not installed`);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(found, target);
}

function packageFolder(name: string): string {
  // Not `require.resolve`: what is looked for stands beside the entry that the workspace names.
  return dirname(dirname(fileURLToPath(import.meta.resolve(`@awaitio/${name}`))));
}
