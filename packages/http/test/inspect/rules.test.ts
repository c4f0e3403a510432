/** Every refusal that the wire cases know has a rule that the inspector can name. */
import { describe, expect, test } from '@jest/globals';
import { ruleOf } from '../../src/inspect/looking/rules-of-refusals.ts';
import { REQUEST_CASES } from '../wire/request-cases.ts';

describe('the table of rules', () => {
  const codes = REQUEST_CASES.flatMap(({ expect: lines }) => lines)
    .map((line) => /^refused \d+ (\w+)$/.exec(line)?.[1])
    .filter((code) => code !== undefined);

  test.each([...new Set(codes)])('knows %s', (code) => {
    expect(ruleOf(code).rule).not.toBe(ruleOf('unknown').rule);
  });
});
