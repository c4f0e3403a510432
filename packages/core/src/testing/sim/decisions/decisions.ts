/**
 * Every choice of a run passes here: which segments are split, how long they travel, which host crashes, who goes first.
 *
 * A run is a calm world and a list of decisions. Where the seed decides, the choices that are not calm are recorded; given a
 * list, a run does what is on it and is calm in everything else. So a run that failed can be repeated without its seed, with
 * less and less of what happened in it.
 */

import type { OptionRule } from '../../../vocabulary/check.ts';
import { Draws } from './draws.ts';
import { DecisionLog, placeNumber, placeOf, type Decision } from './log.ts';
import { mix, mixText } from './mixing.ts';
import { sampleOf, type Sample } from './sample.ts';

/** A list of decisions. */
export const decisionsRule: OptionRule = {
  expected: 'a list of decisions, { key, value }, as `decisions` of a run has them',
  accepts: (value) => Array.isArray(value) && value.every(isDecision),
};

function isDecision(item: unknown): item is Decision {
  const { key, value } = (item ?? {}) as { readonly key?: unknown; readonly value?: unknown };
  return (
    typeof key === 'string' &&
    placeOf(key) !== undefined &&
    Number.isSafeInteger(value) &&
    (value as number) >= 0
  );
}

export class Decisions {
  readonly #seed: number;
  readonly #log = new DecisionLog();
  readonly #draws = new Map<string, Draws>();
  readonly #orders: ReadonlyMap<string, Map<number, number>> | undefined;
  readonly #sample: Sample | undefined;

  /**
   * @param high - With `low`, the seed: 64 bits.
   * @param only - What is not calm; `undefined` where the seed decides. It may stand for a {@link Sample}.
   */
  constructor(high: number, low: number, only: readonly Decision[] | undefined) {
    const sample = sampleOf(only);
    this.#sample = sample;
    this.#seed = mix(mix(high | 0) + low) ^ (sample?.number ?? 0);
    this.#orders = only === undefined || sample !== undefined ? undefined : ordersOf(only);
  }

  /** Whether decisions are given, so that chances are void. */
  get isReplay(): boolean {
    return this.#orders !== undefined;
  }

  /** The choices of a subject; the same for the same name. */
  of(subject: string): Draws {
    let draws = this.#draws.get(subject);
    if (draws === undefined) {
      const orders = this.#orders === undefined ? undefined : (this.#orders.get(subject) ?? CALM);
      const base = mixText(this.#seed, subject);
      draws = new Draws(this.#log, subject, base, orders, this.#sample?.densities);
      this.#draws.set(subject, draws);
    }
    return draws;
  }

  /** What was not calm until now, in order: at most a million. */
  read(): readonly Decision[] {
    return this.#log.read();
  }

  /** See {@link DecisionLog.seal}. */
  seal(): void {
    this.#log.seal();
  }
}

const CALM: ReadonlyMap<number, number> = new Map();

function ordersOf(decisions: readonly Decision[]): ReadonlyMap<string, Map<number, number>> {
  const orders = new Map<string, Map<number, number>>();
  for (const { key, value } of decisions) {
    const place = placeOf(key);
    if (place === undefined) continue;
    let own = orders.get(place.subject);
    if (own === undefined) {
      own = new Map();
      orders.set(place.subject, own);
    }
    own.set(placeNumber(place.kind, place.ordinal), value);
  }
  return orders;
}
