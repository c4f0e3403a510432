/**
 * What grammars of fuzzing are made of.
 *
 * A production picks one of its alternatives; the first is the right one and the most likely. So most texts are right but
 * for one or two things, which is where readers disagree. Then some bytes are changed, cut, doubled, or taken from another
 * text.
 */

import type { Random } from '@awaitio/core';

export type Rule = (random: Random) => string;
export type Part = string | Rule;

export const write = (random: Random, part: Part): string =>
  typeof part === 'string' ? part : part(random);

/** One of several; the first in seven of ten cases. */
export const oneOf =
  (...parts: readonly Part[]): Rule =>
  (random) =>
    write(random, random.chance(0.7) ? (parts.at(0) as Part) : anyOf(random, parts));

export const anyOf = <T>(random: Random, list: readonly T[]): T =>
  list.at(random.integer(0, list.length - 1)) as T;

/** One of several, all as likely. */
export const choice =
  (...parts: readonly Part[]): Rule =>
  (random) =>
    write(random, anyOf(random, parts));

export const sequence =
  (...parts: readonly Part[]): Rule =>
  (random) =>
    parts.map((part) => write(random, part)).join('');

export const repeat =
  (part: Part, min: number, max: number): Rule =>
  (random) =>
    Array.from({ length: random.integer(min, max) }, () => write(random, part)).join('');

export const rarely =
  (probability: number, part: Part): Rule =>
  (random) =>
    random.chance(probability) ? write(random, part) : '';

/**
 * Changes a text in a few places.
 *
 * @param other - A text to take parts of.
 * @param dictionary - What may be put in.
 */
export function mutate(
  random: Random,
  text: string,
  other: string,
  dictionary: readonly string[],
): string {
  let result = text;
  for (let count = random.integer(1, 3); count > 0; count -= 1) {
    const at = random.integer(0, result.length);
    const to = Math.min(result.length, at + random.integer(1, 8));
    const [head, part, tail] = [result.slice(0, at), result.slice(at, to), result.slice(to)];
    result = anyOf(random, [
      () => `${head}${String.fromCharCode(random.integer(0, 255))}${result.slice(at + 1)}`,
      () => `${head}${anyOf(random, dictionary)}${part}${tail}`,
      () => `${head}${tail}`,
      () => `${head}${part}${part}${tail}`,
      () => `${head}${other.slice(random.integer(0, other.length))}`,
    ])();
  }
  return result.slice(0, MAX_LENGTH);
}

/** Texts longer than this are cut: what is found in long ones is found in short ones, slower. */
const MAX_LENGTH = 600;
