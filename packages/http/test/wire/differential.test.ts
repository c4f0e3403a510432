import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Outcome } from './differences.ts';
import { ASKED, askBoth, explained, rewrite } from './supported-http.ts';

/** The Node whose answers stand in the page; others change theirs, and that is no mistake of this server. */
const isNodeOfThePage = process.versions.node.startsWith('20.');
const page = readFileSync(new URL('../../../../docs/supported-http.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8').replaceAll(
  /\s+/g,
  ' ',
);

describe('every request of the wire table that a server with default limits can be asked about', () => {
  let outcomes: readonly Outcome[] = [];

  beforeAll(async () => {
    outcomes = await askBoth();
  });

  test('is answered by both servers, and the names are different', () => {
    expect(outcomes.length).toBeGreaterThan(200);
    expect(new Set(ASKED.map(({ name }) => name)).size).toBe(outcomes.length);
  });

  test('is refused by this server with the status of the table, and by no other', () => {
    // What asks for another protocol is answered as the table's own server does not.
    const asked = ASKED.filter(
      ({ expect: lines }) => !lines.some((line) => / upgrade\b/.test(line)),
    );
    const statuses = asked.map(({ name, expect: lines }) => ({
      name,
      status: /^refused (\d+)/.exec(lines.at(-1) ?? '')?.[1],
    }));
    const answered = asked.map(({ name }) => {
      const answer = outcomes.find((outcome) => outcome.name === name)?.awaitio ?? '';
      return { name, status: /(?:^|, )([45]\d\d)$/.exec(answer)?.[1] };
    });
    expect(answered).toEqual(statuses);
  });

  test('is answered alike by node:http, but for the differences that are explained', () => {
    const different = outcomes.filter(({ awaitio, node }) => awaitio !== node);
    const names = different.map(({ name }) => name).toSorted();
    const expected = isNodeOfThePage ? [...explained].toSorted() : names;
    expect(names).toEqual(expected);
  });

  test('is counted in the README as it was answered', () => {
    const isRefused = (answer: string): boolean => /(?:^|, )[45]\d\d$/.test(answer);
    const refused = outcomes.filter(({ awaitio }) => isRefused(awaitio));
    const answered = refused.filter(({ node }) => /(?:^|, )200 /.test(node));
    const counts = `Of ${outcomes.length} requests of our own, valid and invalid, it refuses ${refused.length}; \`node:http\` answers `;
    expect(readme).toContain(isNodeOfThePage ? `${counts}${answered.length} of these` : counts);
  });

  test('stands in the documentation as it was answered', () => {
    // When this fails: node scripts/supported-http.mjs
    expect(rewrite(page, isNodeOfThePage ? outcomes : undefined)).toBe(page);
  });
});
