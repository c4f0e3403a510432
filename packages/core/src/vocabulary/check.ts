/** Checks of options that many calls share. */

import { invalidInput } from './errors.ts';

/** Checks that every count is a whole number from 1, `Infinity` or absent. @throws {@link InvalidInputError} */
export function checkCounts(
  operation: string,
  counts: Readonly<Record<string, number | undefined>>,
): void {
  for (const [name, value] of Object.entries(counts)) {
    if (value === undefined || value === Infinity) continue;
    if (Number.isInteger(value) && value >= 1) continue;
    throw invalidInput(operation, name, 'a whole number from 1', value);
  }
}
