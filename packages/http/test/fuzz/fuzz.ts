/**
 * Looks for bytes that a connection should not be able to stumble over.
 *
 * Texts come from the grammar, or from changing texts that were kept: those after which the connection did something that
 * it had not done before. A text that breaks a rule is made as small as it can be and still breaks one.
 */

import { seededRandom, type Random } from '@awaitio/core';
import { generate, mutate } from './grammar.ts';
import { judge, type Observe, type Role } from './oracles.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** How many texts at most, of both roles together. */
  readonly iterations?: number | undefined;
  /** Asked after every text. */
  readonly isTimeUp?: (() => boolean) | undefined;
  /** Texts to begin with. */
  readonly corpus?: Readonly<Record<Role, readonly string[]>> | undefined;
  /** What is judged, for a test of the judge. */
  readonly observe?: Observe | undefined;
}

export interface FuzzFailure {
  readonly role: Role;
  readonly text: string;
  readonly complaint: string;
}

export interface FuzzReport {
  readonly texts: number;
  /** Texts that did something new, those of the corpus among them. */
  readonly kept: Readonly<Record<Role, readonly string[]>>;
  readonly failure: FuzzFailure | undefined;
}

/** How many settings every text is tried under. */
const QUICK = 2;
const ROLES: readonly Role[] = ['server', 'client'];

export function fuzz(options: FuzzOptions): FuzzReport {
  const random = seededRandom(options.seed);
  const { iterations = Infinity, isTimeUp = () => false, observe } = options;
  const kept: Record<Role, string[]> = { server: [], client: [] };
  const known = new Set<string>();
  let texts = 0;

  const tryText = (role: Role, text: string): FuzzFailure | undefined => {
    texts += 1;
    const quick = judge(role, text, random, observe, QUICK);
    const news = quick.steps.filter((step) => !known.has(`${role}: ${step}`));
    // What is new is looked at closely; the settings that change less, now and then for the rest.
    const isNew = news.length > 0;
    const { complaint } = isNew || random.chance(0.1) ? judge(role, text, random, observe) : quick;
    if (complaint !== undefined) return shrink(role, text, complaint, random, observe);
    if (isNew) kept[role].push(text);
    for (const step of news) known.add(`${role}: ${step}`);
    return undefined;
  };

  for (const role of ROLES) {
    for (const text of options.corpus?.[role] ?? []) {
      const failure = tryText(role, text);
      if (failure !== undefined) return { texts, kept, failure };
    }
  }
  for (let count = 0; count < iterations && !isTimeUp(); count += 1) {
    // Requests are what strangers send.
    const role: Role = random.chance(0.7) ? 'server' : 'client';
    const failure = tryText(role, nextText(role, random, kept[role]));
    if (failure !== undefined) return { texts, kept, failure };
  }
  return { texts, kept, failure: undefined };
}

function nextText(role: Role, random: Random, kept: readonly string[]): string {
  const any = (): string => kept[random.integer(0, kept.length - 1)] ?? '';
  if (kept.length === 0 || random.chance(0.4)) return generate(role, random);
  return mutate(random, any(), random.chance(0.5) ? any() : generate(role, random));
}

/** Takes out what is not needed for a complaint, in smaller and smaller parts. */
function shrink(
  role: Role,
  text: string,
  complaint: string,
  random: Random,
  observe: Observe | undefined,
): FuzzFailure {
  let smallest = { role, text, complaint };
  for (let size = Math.ceil(text.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.text.length;) {
      const shorter = smallest.text.slice(0, at) + smallest.text.slice(at + size);
      const verdict = judge(role, shorter, random, observe);
      if (verdict.complaint === undefined) at += size;
      else smallest = { role, text: shorter, complaint: verdict.complaint };
    }
  }
  return smallest;
}
