/**
 * Looks for bytes that a reader should not be able to stumble over.
 *
 * Texts come from a grammar, or from changing texts that were kept: those after which the reader did something that
 * it had not done before. A text that breaks a rule is made as small as it can be and still breaks one.
 */

import { seededRandom, type Random } from '@awaitio/core';
import { mutate } from './rules.ts';
import type { Target } from './target.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly targets: readonly Target[];
  /** How many texts at most, of all targets together, those of the corpus aside. */
  readonly iterations?: number | undefined;
  /** Asked after every text. */
  readonly isTimeUp?: (() => boolean) | undefined;
  /** Texts to begin with, by the name of their target. */
  readonly corpus?: Readonly<Record<string, readonly string[]>> | undefined;
}

export interface FuzzFailure {
  /** The name of the target. */
  readonly target: string;
  readonly text: string;
  readonly complaint: string;
}

export interface FuzzReport {
  readonly texts: number;
  /** Texts that did something new, those of the corpus among them, by the name of their target. */
  readonly kept: Readonly<Record<string, readonly string[]>>;
  readonly failure: FuzzFailure | undefined;
}

export function fuzz(options: FuzzOptions): FuzzReport {
  const random = seededRandom(options.seed);
  const { targets, iterations = Infinity, isTimeUp = () => false } = options;
  const kept = new Map<Target, string[]>(targets.map((target) => [target, []]));
  const known = new Set<string>();
  let texts = 0;
  const report = (failure: FuzzFailure | undefined): FuzzReport => ({
    texts,
    kept: Object.fromEntries([...kept].map(([{ name }, list]) => [name, list])),
    failure,
  });

  const tryText = (target: Target, text: string): FuzzFailure | undefined => {
    texts += 1;
    const quick = target.judge(text, random, false);
    const news = quick.steps.filter((step) => !known.has(`${target.name}: ${step}`));
    // What is new is looked at closely, and some of the rest.
    const isNew = news.length > 0;
    const { complaint } = isNew || random.chance(0.1) ? target.judge(text, random, true) : quick;
    if (complaint !== undefined) return shrink(target, text, complaint, random);
    if (isNew) kept.get(target)?.push(text);
    for (const step of news) known.add(`${target.name}: ${step}`);
    return undefined;
  };

  for (const target of targets) {
    for (const text of options.corpus?.[target.name] ?? []) {
      const failure = tryText(target, text);
      if (failure !== undefined) return report(failure);
    }
  }
  for (let count = 0; count < iterations && !isTimeUp(); count += 1) {
    const target = anyTarget(targets, random);
    const failure = tryText(target, nextText(target, random, kept.get(target) ?? []));
    if (failure !== undefined) return report(failure);
  }
  return report(undefined);
}

function anyTarget(targets: readonly Target[], random: Random): Target {
  let place = random.integer(
    1,
    targets.reduce((sum, { weight }) => sum + weight, 0),
  );
  for (const target of targets) {
    place -= target.weight;
    if (place <= 0) return target;
  }
  throw new Error('fuzz: there is no target');
}

function nextText(target: Target, random: Random, kept: readonly string[]): string {
  const any = (): string => kept[random.integer(0, kept.length - 1)] ?? '';
  if (kept.length === 0 || random.chance(0.4)) return target.generate(random);
  const other = random.chance(0.5) ? any() : target.generate(random);
  return mutate(random, any(), other, target.dictionary);
}

/** Takes out what is not needed for a complaint, in smaller and smaller parts. */
function shrink(target: Target, text: string, complaint: string, random: Random): FuzzFailure {
  let smallest = { target: target.name, text, complaint };
  for (let size = Math.ceil(text.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.text.length;) {
      const shorter = smallest.text.slice(0, at) + smallest.text.slice(at + size);
      const verdict = target.judge(shorter, random, true);
      if (verdict.complaint === undefined) at += size;
      else smallest = { target: target.name, text: shorter, complaint: verdict.complaint };
    }
  }
  return smallest;
}
