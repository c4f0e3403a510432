import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_SERVER_DEADLINES, DEFAULT_SERVER_LIMITS } from '../../src/index.ts';

const page = readFileSync(new URL('../../../../docs/limits.md', import.meta.url), 'utf8');

/** The defaults that the page's tables give, by the option's name. */
const told = (group: string): Record<string, number> =>
  Object.fromEntries(
    [...page.matchAll(new RegExp(`^\\| \`${group}\\.(\\w+)\` +\\| +(\\w+) +\\|`, 'gm'))].map(
      ([, name, value]) => [name, Number(value)],
    ),
  );

describe('the page on limits and deadlines', () => {
  test('names every limit with its default', () => {
    expect(told('limits')).toEqual(DEFAULT_SERVER_LIMITS);
  });

  test('names every deadline with its default', () => {
    expect(told('deadlines')).toEqual(DEFAULT_SERVER_DEADLINES);
  });
});
