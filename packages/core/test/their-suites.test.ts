/** Every case of tokio's and trio's suites of these concepts is played here by its name, or has a reason why not. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { LEFT_OUT, THEIR_CASES } from './support/their-cases.ts';

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** The names in the tests of this package; one that ends with `*` stands for all that begin so. */
const played = ['scopes', 'sync'].flatMap((folder) =>
  readdirSync(new URL(folder, import.meta.url))
    .filter((file) => /^(?:tokio|trio)/.test(file))
    .flatMap((file) => {
      const text = readFileSync(new URL(`${folder}/${file}`, import.meta.url), 'utf8');
      return text.match(/\w+\*?/g) ?? [];
    }),
);
const exact = new Set(played);
const prefixes = played.filter((name) => name.endsWith('_*')).map((name) => name.slice(0, -1));

const isPlayed = (name: string): boolean =>
  exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));

const reasons = LEFT_OUT.flatMap(([, names]) => words(names));
const isLeftOut = (name: string): boolean =>
  reasons.some((each) => (each.endsWith('_') ? name.startsWith(each) : name === each));

test.each(Object.entries(THEIR_CASES))(
  '%s: every case is played, or left out with a reason',
  (_file, names) => {
    const cases = words(names);
    expect(cases.length).toBeGreaterThan(4);
    expect(cases.filter((name) => !isPlayed(name) && !isLeftOut(name))).toEqual([]);
  },
);

test('no reason is left of cases that there are no more', () => {
  const all = Object.values(THEIR_CASES).flatMap(words);
  const isUsed = (each: string): boolean =>
    all.some((name) => (each.endsWith('_') ? name.startsWith(each) : name === each));
  expect(reasons.filter((each) => !isUsed(each))).toEqual([]);
});
