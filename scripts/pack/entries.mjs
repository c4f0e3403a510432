/** What an entry of a published package loads: its chunks, and what it asks for from other packages and Node. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const STATIC = /^(?:import|export)\s(?:[^'"]*?\sfrom\s)?["']([^"']+)["'];?$/gm;
const LATER = /(?:\bimport\(|\.url\)\([^"']*|\? |: )["'](\.[^"']+\.c?js)["']/g;

const sorted = (names) => names.toSorted((a, b) => (a < b ? -1 : 1));

/** A chunk without the hash of its contents: what it is called in every build. */
const plain = (path) => path.replace(/-[\w-]{8}(?=\.js$)/, '');

/**
 * @param {string} folder - An unpacked package.
 * @param {string} file - An entry, from there.
 */
export function describeEntry(folder, file) {
  const loaded = new Set();
  const later = new Set();
  const foreign = new Set();
  const sources = new Set();
  let bytes = 0;
  const visit = (path) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    const text = readFileSync(path, 'utf8');
    bytes += text.length;
    const map = `${path}.map`;
    if (existsSync(map)) {
      for (const source of JSON.parse(readFileSync(map, 'utf8')).sources) sources.add(source);
    }
    for (const [, name] of text.matchAll(STATIC)) {
      if (name.startsWith('.')) visit(join(dirname(path), name));
      else foreign.add(name);
    }
    for (const [, name] of text.matchAll(LATER)) later.add(join(dirname(path), name));
  };
  visit(join(folder, file));
  const named = (paths) => sorted([...paths].map((path) => plain(relative(folder, path))));
  return {
    loads: named(loaded),
    later: named([...later].filter((path) => !loaded.has(path))),
    imports: sorted([...foreign]),
    kilobytes: Math.ceil(bytes / 1_024),
    files: [...loaded, ...later],
    sources: [...sources],
  };
}
