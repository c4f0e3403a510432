/** The tests of hostile arguments: of every call on a page of the public API, with every wrong value in place of each argument. */

import { describe, expect, test } from '@jest/globals';
import { wrongCalls, type CallOptions, type Recipe } from './hostile-calls.ts';
import { readPage, type PackageName } from './public-api.ts';

/** The calls of a page by name. */
export type Recipes = Readonly<Record<string, Recipe>>;

export interface HostileOptions extends CallOptions {
  /** Whether a name is a call that no page lists. */
  readonly isUnlisted?: (name: string) => boolean;
}

/** Defines the tests of some pages, each with the recipes of its calls. */
export function testWrongArguments(
  packageName: PackageName,
  pages: Readonly<Record<string, Recipes>>,
  { isUnlisted = () => false, ...options }: HostileOptions,
): void {
  describe.each(Object.entries(pages))('a call of %s', (page, recipes) => {
    const calls = readPage(packageName, page).calls.filter(
      ({ parameters }) => parameters.length > 0,
    );

    test('is known here, and nothing else is', () => {
      const known = Object.keys(recipes).filter((name) => !isUnlisted(name));
      expect(known.toSorted()).toEqual(calls.map(({ name }) => name).toSorted());
    });

    const called = calls.flatMap((call) => {
      const recipe = recipes[call.name];
      return typeof recipe === 'function' ? [[call.name, call, recipe] as const] : [];
    });
    test.each(called)('%s refuses wrong arguments', async (_name, call, recipe) => {
      const { wrong } = await wrongCalls(call, recipe, options);
      expect(wrong).toEqual([]);
    });
  });
}
