/** Checks of arguments and options that several calls share. */

import { invalidInput } from './errors.ts';
import { Interest } from './interest.ts';

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

/** Checks that an interest is one or both of {@link Interest}. @throws {@link InvalidInputError} */
export function checkInterest(operation: string, interest: Interest): void {
  if (Number.isInteger(interest) && interest >= 1 && interest <= 3) return;
  throw invalidInput(
    operation,
    'interest',
    `Interest.READABLE (${Interest.READABLE}), Interest.WRITABLE (${Interest.WRITABLE}) or both`,
    interest,
  );
}
