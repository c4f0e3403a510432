/**
 * Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002) of a list of decisions, and
 * samples where that alone leaves many.
 *
 * A run does with a list what it can, so a candidate that still fails gives the decisions that came to pass, which may be
 * fewer. Every step keeps what fails; the result is the smallest list that was tried.
 */

import { mixText } from '../decisions/mixing.ts';
import { placeOf, type Decision } from '../decisions/log.ts';
import type { Random } from '../../../vocabulary/random.ts';
import { sampleOf } from '../decisions/sample.ts';
import { calmerThan } from './calmer.ts';

/** A run that failed for the cause that is looked for. */
export interface Failing {
  readonly decisions: readonly Decision[];
  /** It is the smallest until now. */
  keep(): void;
}

/** Runs a list of decisions. */
export interface Trial {
  /** Whether the budget is used up. */
  readonly isOver: boolean;
  /** @returns the run, if it fails for the same cause */
  fails(decisions: readonly Decision[]): Promise<Failing | undefined>;
}

/**
 * Tries smaller and smaller lists; does nothing when the whole list does not fail.
 *
 * @param random - Draws the samples.
 */
export async function reduce(
  decisions: readonly Decision[],
  trial: Trial,
  random: Random,
): Promise<void> {
  const reducer = new Reducer(trial, random);
  if (await reducer.accept(decisions)) await reducer.run();
}

/** Numbers that are easy to read: one digit and zeros, up to a minute in microseconds. */
const ROUNDS: readonly number[] = Array.from({ length: 8 }, (_, zeros) => 10 ** zeros).flatMap(
  (power) => Array.from({ length: 9 }, (_, digit) => (digit + 1) * power),
);

/** A list of no more than this is a story that can be read: nothing is drawn for it. */
const STORY = 4;
/** Samples that are tried in a row, while none is smaller. */
const SAMPLES = 150;
/** Rounds in a row in which nothing became smaller, after which a long list is left as it is. */
const STALE = 4;
/** Of longer lists no decision is made strong: each takes as many runs as the list is long. */
const MOST_STRONG = 24;

class Reducer {
  readonly #trial: Trial;
  readonly #random: Random;
  /** The lists that did not fail, whatever their order. */
  readonly #tried = new Set<string>();
  #current: readonly Decision[] = [];

  constructor(trial: Trial, random: Random) {
    this.#trial = trial;
    this.#random = random;
  }

  async run(): Promise<void> {
    for (let stale = 0; stale < STALE && !this.#trial.isOver;) {
      const before = this.#current.length;
      if (await this.accept([])) return;
      await this.#withoutGroups((decision) => String(placeOf(decision.key)?.kind));
      await this.#withoutGroups((decision) => String(placeOf(decision.key)?.subject));
      await this.#withSamples();
      await this.#withoutParts();
      if (this.#current.length <= MOST_STRONG) await this.#withStrongDecisions();
      if (this.#current.length < before) stale = 0;
      // Samples are others each time; of what can be read, none are drawn.
      else stale = this.#current.length > STORY ? stale + 1 : STALE;
    }
    await this.#withSmallNumbers();
  }

  /** Keeps a list if it fails. */
  async accept(candidate: readonly Decision[]): Promise<boolean> {
    return this.#keepIf(candidate, () => true);
  }

  async #keepIf(
    candidate: readonly Decision[],
    isGood: (failing: readonly Decision[]) => boolean,
  ): Promise<boolean> {
    // What a sample consists of is not known.
    const name = sampleOf(candidate) === undefined ? nameOf(candidate) : '';
    if (this.#trial.isOver || this.#tried.has(name)) return false;
    const failing = await this.#trial.fails(candidate);
    if (failing === undefined && name !== '') this.#tried.add(name);
    if (failing === undefined || !isGood(failing.decisions)) return false;
    this.#current = failing.decisions;
    failing.keep();
    return true;
  }

  /** Takes out all decisions that have a name in common, those of which there are most first. */
  async #withoutGroups(groupOf: (decision: Decision) => string): Promise<void> {
    const counts = new Map<string, number>();
    for (const decision of this.#current) {
      const name = groupOf(decision);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const largestFirst = [...counts].toSorted(([, a], [, b]) => b - a);
    for (const [name] of largestFirst) {
      const rest = this.#current.filter((decision) => groupOf(decision) !== name);
      if (rest.length < this.#current.length) await this.accept(rest);
    }
  }

  /** Looks for a calmer run that fails as well: see `calmer.ts`. */
  async #withSamples(): Promise<void> {
    for (let left = SAMPLES; left > 0 && this.#current.length > STORY; left -= 1) {
      const candidate = calmerThan(this.#current, this.#random);
      if (await this.#acceptSmaller(candidate)) left = SAMPLES;
    }
  }

  async #acceptSmaller(candidate: readonly Decision[]): Promise<boolean> {
    const { length } = this.#current;
    return this.#keepIf(candidate, (failing) => failing.length < length);
  }

  /** Takes out halves, quarters, and so on to single decisions, for as long as one can be taken out. */
  async #withoutParts(): Promise<void> {
    let parts = 2;
    while (this.#current.length > 0 && !this.#trial.isOver) {
      const size = Math.ceil(this.#current.length / parts);
      let isSmaller = false;
      for (let from = 0; from < this.#current.length;) {
        const { length } = this.#current;
        const rest = this.#current.toSpliced(from, size);
        if ((await this.accept(rest)) && this.#current.length < length) isSmaller = true;
        else from += size;
      }
      if (size === 1 && !isSmaller) return;
      if (!isSmaller) parts = Math.min(parts * 2, this.#current.length);
    }
  }

  /** One long delay may do what several short ones did: makes one as long as can be, and takes out others. */
  async #withStrongDecisions(): Promise<void> {
    for (let at = this.#current.length - 1; at >= 0; at -= 1) {
      const decision = this.#current[at];
      if (decision === undefined || this.#current.length < 2) continue;
      const before = this.#current;
      const strong = { ...decision, value: Number.MAX_SAFE_INTEGER };
      if (!(await this.accept(before.with(at, strong)))) continue;
      await this.#withoutParts();
      if (this.#current.length >= before.length) await this.accept(before);
    }
  }

  /** Makes each number small: the least round one with which the run fails, or the least of all, by halving. */
  async #withSmallNumbers(): Promise<void> {
    for (let at = 0; at < this.#current.length; at += 1) {
      const decision = this.#current[at];
      if (decision === undefined) continue;
      const { value, key } = decision;
      let low = 0;
      let high = ROUNDS.findIndex((number) => number >= value);
      if (high === -1) high = ROUNDS.length;
      while (low < high && !this.#trial.isOver) {
        const middle = (low + high) >> 1;
        const smaller = { key, value: ROUNDS[middle] as number };
        const { length } = this.#current;
        const candidate = this.#current.map((each) => (each.key === key ? smaller : each));
        if (await this.#keepIf(candidate, (failing) => failing.length <= length)) high = middle;
        else low = middle + 1;
      }
    }
  }
}

/** Two lists of the same decisions have one name. */
function nameOf(decisions: readonly Decision[]): string {
  let [first, second] = [0, 0];
  for (const { key, value } of decisions) {
    const text = `${key}=${value}`;
    first = (first + mixText(1, text)) | 0;
    second = (second + mixText(2, text)) | 0;
  }
  return `${decisions.length} ${first} ${second}`;
}
