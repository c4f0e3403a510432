/** What may be in a tarball: only what is used, all that is needed, and nothing that is for this repository alone. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describeEntry } from './entries.mjs';

const FIELDS = ['description', 'keywords', 'homepage', 'bugs', 'repository', 'license', 'engines'];
const LICENCES = 'dist/bundle/third-party-licences.txt';
const LICENSED = {
  '@awaitio/core': ['p-queue', 'p-timeout', 'eventemitter3'],
  '@awaitio/http': ['undici', 'llhttp'],
};

/**
 * @param {string} folder - An unpacked package.
 * @returns {{complaints: string[], entries: Record<string, object>, bytes: number}}
 */
export function examine(folder) {
  const complaints = [];
  const read = (file) => readFileSync(join(folder, file), 'utf8');
  const manifest = JSON.parse(read('package.json'));
  const files = readdirSync(folder, { recursive: true })
    .filter((file) => statSync(join(folder, file)).isFile())
    .map((file) => file.split(sep).join('/'));
  const bytes = files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);

  for (const field of FIELDS) {
    if (manifest[field] === undefined) complaints.push(`package.json has no ${field}`);
  }
  if (manifest.dependencies?.undici !== undefined) complaints.push('undici is a dependency');
  const entries = {};
  const used = new Set([LICENCES]);
  for (const [key, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue;
    const conditions = Object.keys(target).join();
    if (conditions !== 'types,default') complaints.push(`${key} has the conditions ${conditions}`);
    const { files: own, sources, ...entry } = describeEntry(folder, target.default);
    entries[manifest.name + key.slice(1)] = entry;
    if (key !== './testing') {
      const kit = sources.filter((source) => source.includes('/src/testing/'));
      if (kit.length > 0) complaints.push(`${key} loads the test kit: ${kit.join(', ')}`);
    }
    const names = (paths) => paths.map((path) => relative(folder, path).split(sep).join('/'));
    for (const file of names(own)) used.add(file).add(`${file}.map`);
    // What is loaded later loads things, too.
    for (const later of names(own)) {
      for (const file of names(describeEntry(folder, later).files))
        used.add(file).add(`${file}.map`);
    }
  }

  for (const program of Object.values(manifest.bin ?? {})) {
    const file = program.replace(/^\.\//, '');
    if (!files.includes(file)) complaints.push(`the program ${file} is not there`);
    used.add(file).add(`${file}.map`);
  }

  for (const file of files) {
    if (/\.test\.|\.tsbuildinfo$/.test(file)) complaints.push(`${file} is for this repository`);
    else if (file.startsWith('dist/') && !/\.d\.ts(?:\.map)?$/.test(file) && !used.has(file)) {
      complaints.push(`${file} is used by no entry`);
    } else if (file.endsWith('.d.ts') && !existsSync(join(folder, sourceOf(file)))) {
      complaints.push(`${file} is left from an earlier build`);
    }
    if (!file.endsWith('.map')) continue;
    const { sources, sourcesContent = [] } = JSON.parse(read(file));
    for (const [at, source] of sources.entries()) {
      if (typeof sourcesContent[at] === 'string') continue;
      if (!existsSync(join(folder, dirname(file), source))) {
        complaints.push(`${file} leads to ${source}, which is not there`);
      }
    }
  }

  for (const [, target] of read('README.md').matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)) {
    if (!/^[a-z]+:/.test(target) && !files.includes(target)) {
      complaints.push(`README.md links to ${target}, which is not in the package`);
    }
  }
  const licences = existsSync(join(folder, LICENCES)) ? read(LICENCES) : '';
  for (const name of LICENSED[manifest.name]) {
    if (!licences.includes(`${name} `)) complaints.push(`the licence of ${name} is missing`);
  }
  return { complaints, entries, bytes };
}

const sourceOf = (file) => file.replace(/^dist\//, 'src/').replace(/\.d\.ts$/, '.ts');
