/** The sans-IO connection in both roles, for fuzzing. */

import { DICTIONARY, generate } from './grammar.ts';
import { judge, observe, type Observe, type Role } from './oracles.ts';
import type { Target } from './target.ts';

/** How many settings a text is tried under that is not looked at closely. */
const QUICK = 2;

const target = (role: Role, weight: number, by: Observe): Target => ({
  name: role,
  weight,
  dictionary: DICTIONARY,
  generate: (random) => generate(role, random),
  judge: (text, random, isClose) => judge(role, text, random, by, isClose ? Infinity : QUICK),
});

/**
 * Requests are what strangers send, so they are more.
 *
 * @param by - What is judged, for a test of the judge.
 */
export const httpTargets = (by: Observe = observe): readonly Target[] => [
  target('server', 14, by),
  target('client', 6, by),
];
