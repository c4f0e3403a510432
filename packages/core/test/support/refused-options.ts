/** Calls that take options, with options that are wrong: for the tests of each package. */
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError } from '../../src/index.ts';

/** A call with the options that it is given. */
export type Call = (options: never) => unknown;

/** A call; the name that its errors give it; a slip and the name it is near; a wrong value. */
export type OptionCase = readonly [
  name: string,
  call: Call,
  operation: string,
  slip: string,
  nearest: string,
  wrong: object,
];

/** What a call throws or rejects with. */
export async function failureOf(call: Call, options: unknown): Promise<unknown> {
  try {
    await call(options as never);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Expects a call to refuse `null` in place of its options. */
export async function expectNoNull(call: Call, operation: string): Promise<void> {
  const error = await failureOf(call, null);
  expect(error).toBeInstanceOf(InvalidInputError);
  expect((error as Error).message).toBe(
    `${operation}: expected \`options\` to be an object, got null`,
  );
}

/** Declares the tests of calls that check every name and value of their options. */
export function testOptions(cases: readonly OptionCase[]): void {
  describe.each(cases)('%s', (_name, call, operation, slip, nearest, wrong) => {
    test('refuses an unknown option, with the nearest one', async () => {
      const error = await failureOf(call, { [slip]: 1 });
      expect(error).toBeInstanceOf(InvalidInputError);
      expect(error).toMatchObject({
        message: `${operation}: unknown option \`${slip}\`: did you mean \`${nearest}\`?`,
        operation,
      });
    });

    test('refuses a wrong value, with what was expected and what came', async () => {
      const error = await failureOf(call, wrong);
      expect(error).toBeInstanceOf(InvalidInputError);
      expect((error as Error).message).toMatch(
        new RegExp(`^${operation}: expected \`[\\w.]+\` to be .+, got .+$`),
      );
    });

    test('refuses null', () => expectNoNull(call, operation));
  });
}
