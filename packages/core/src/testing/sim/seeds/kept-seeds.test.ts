import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { keepSeed, keptSeeds } from './kept-seeds.ts';

let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'awaitio-kept-'));
  file = join(folder, 'kept.txt');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('a seed is kept on its own line, also where the last line has no end', () => {
  writeFileSync(file, '"a" seed 1 # main: Error: one');
  keepSeed('simTest', file, 'a', 2, 'main: Error: two');
  keepSeed('simTest', file, 'a', 3, 'main: Error: three');
  expect(keptSeeds('simTest', file, 'a')).toEqual([1, 2, 3]);
  expect(readFileSync(file, 'utf8')).toMatch(/one\n"a" seed 2 .*two\n"a" seed 3 .*three\n$/);
});

test('a name that is no text of JSON is refused with its line', () => {
  writeFileSync(file, '# a comment\n"a\\q" seed 1\n');
  expect(() => keptSeeds('simTest', file, 'a')).toThrow(/kept\.txt:2: expected "name of a test"/);
});
