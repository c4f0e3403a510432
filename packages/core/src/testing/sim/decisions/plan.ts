/** Plans: decisions made of plain numbers, so that a property-based testing library can draw and shrink them. */

import { invalidInput } from '../../../vocabulary/errors.ts';
import { KIND_NAMES, KINDS } from './kinds.ts';
import type { Decision } from './log.ts';

/** Places of each kind that a plan reaches: those that come later are seldom what matters. */
const ORDINALS = 16;

/**
 * Makes a plan of numbers: the decisions of a run, for `decisions` of {@link simulate}.
 *
 * Four numbers make one decision: which subject, which kind, how many of that kind came before, and its value. Each may be any
 * whole number from 0, and smaller ones mean less, so that whatever makes the numbers can also shrink them. What does
 * not come to pass in a run does nothing.
 *
 * @param subjects - The directions of connections, such as `client:49153 → server:7`, and tasks, such as `task 1 "server"`: see the
 * keys of {@link SimulationRun.decisions}.
 * @param numbers - Any number of lists of four.
 * @throws `InvalidInputError` for no subject, or numbers that are none.
 *
 * @example
 * ```ts
 * import fc from 'fast-check';
 * import { planOf, simulate } from '@awaitio/core/testing';
 *
 * const four = fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat());
 * const plans = fc.array(four, { maxLength: 8 }).map((numbers) => planOf(['client:49153 → server:7'], numbers));
 * await fc.assert(
 *   fc.asyncProperty(plans, async (decisions) => {
 *     await simulate({ decisions }, async (sim) => {
 *       const listener = await sim.host('server').listen(7);
 *       sim.executor.spawn(async () => {
 *         for await (const stream of listener) stream.reset();
 *       });
 *       await sim.host('client').connect('server:7').catch(() => {});
 *     });
 *   }),
 *   { numRuns: 20 },
 * );
 * ```
 */
export function planOf(
  subjects: readonly string[],
  numbers: readonly (readonly number[])[],
): readonly Decision[] {
  if (!Array.isArray(subjects) || subjects.length === 0) {
    throw invalidInput('planOf', 'subjects', 'a list of names', subjects);
  }
  if (!Array.isArray(numbers) || !numbers.every(isFour)) {
    throw invalidInput('planOf', 'numbers', 'lists of four whole numbers from 0', numbers);
  }
  // Of two decisions for one place, the first counts.
  const plan = new Map<string, Decision>();
  for (const [subject = 0, kind = 0, ordinal = 0, value = 0] of numbers) {
    const name = subjects[subject % subjects.length];
    const key = `${name} / ${KIND_NAMES[kind % KINDS]} / ${ordinal % ORDINALS}`;
    if (!plan.has(key)) plan.set(key, Object.freeze({ key, value }));
  }
  return Object.freeze([...plan.values()]);
}

function isFour(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === 4 &&
    value.every((number) => Number.isSafeInteger(number) && number >= 0)
  );
}
