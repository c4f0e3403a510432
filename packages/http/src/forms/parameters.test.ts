import { expect, test } from '@jest/globals';
import { parseParameters, readEscaped } from './parameters.ts';

test('blanks inside a malformed value take time in proportion to their number', () => {
  const blanks = ' '.repeat(500_000);
  expect(parseParameters(`form-data${blanks}x; name=a`, readEscaped)).toEqual([
    `form-data${blanks}x`,
    new Map([['name', 'a']]),
  ]);
});
