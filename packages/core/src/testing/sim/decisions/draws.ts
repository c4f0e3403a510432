/**
 * The choices of one subject: a direction of a connection, an attempt to connect, a host.
 *
 * A choice is *keyed*: its value depends on the seed, the subject, the kind, and how many of that kind the subject had before.
 * It does not depend on other choices, so when one of them is taken out, all others stay as they were. Ordinals count every
 * call, whether or not anything can happen, so that a replay with other chances finds the same places.
 */

import { KIND_NAMES, type DecisionKind } from './kinds.ts';
import { placeNumber, type DecisionLog } from './log.ts';
import { wordAt, WORDS } from './mixing.ts';

/** What happens to a subject, by {@link placeNumber}, in a world that is calm besides. */
export type Orders = ReadonlyMap<number, number>;

/** A choice takes up to three words: whether, how, how much. */
const LANES = 3;
/** The first of the lanes that say what a sample keeps. */
const KEPT = 1 << 16;

const ZEROS: readonly number[] = KIND_NAMES.map(() => 0);

export class Draws {
  readonly #log: DecisionLog;
  readonly #subject: number;
  readonly #base: number;
  readonly #orders: Orders | undefined;
  readonly #densities: readonly number[] | undefined;
  /** How many there were of each kind. */
  readonly #ordinals: number[] = ZEROS.slice();

  /**
   * @param orders - What is not calm; `undefined` where the seed decides.
   * @param densities - Of each kind, the part of what the seed decides that is kept; `undefined`: all.
   */
  constructor(
    log: DecisionLog,
    subject: string,
    base: number,
    orders: Orders | undefined,
    densities: readonly number[] | undefined,
  ) {
    this.#log = log;
    this.#subject = log.add(subject);
    this.#base = base;
    this.#orders = orders;
    this.#densities = densities;
  }

  /** Whether something happens. Calm: it does not. */
  chance(kind: DecisionKind, probability: number): boolean {
    const ordinal = this.#next(kind);
    const happens =
      this.#orders === undefined
        ? this.#falls(kind, ordinal, probability)
        : (this.#orders.get(placeNumber(kind, ordinal)) ?? 0) > 0;
    if (happens) this.#log.record(this.#subject, placeNumber(kind, ordinal), 1);
    return happens;
  }

  /** A whole number from `min` to `max`, both included. Calm: `min`. */
  integer(kind: DecisionKind, min: number, max: number): number {
    const ordinal = this.#next(kind);
    let value = min;
    if (this.#orders !== undefined) {
      value = within(this.#orders.get(placeNumber(kind, ordinal)) ?? min, min, max);
    } else if (this.#isKept(kind, ordinal)) {
      value = this.#number(kind * LANES, ordinal, min, max);
    }
    if (value !== min) this.#log.record(this.#subject, placeNumber(kind, ordinal), value);
    return value;
  }

  /** Whether something happens, and how much of it: from `min` to `max`. Calm: `undefined`, it does not happen. */
  maybe(kind: DecisionKind, probability: number, min: number, max: number): number | undefined {
    const ordinal = this.#next(kind);
    let value: number | undefined;
    if (this.#orders === undefined) {
      if (!this.#falls(kind, ordinal, probability)) return undefined;
      value = this.#number(kind * LANES + 1, ordinal, min, max);
    } else {
      value = this.#orders.get(placeNumber(kind, ordinal));
      if (value === undefined) return undefined;
      value = within(value, min, max);
    }
    this.#log.record(this.#subject, placeNumber(kind, ordinal), value);
    return value;
  }

  /** How many of `length` come first: all, or a part, often very small. Calm: all. */
  cut(kind: DecisionKind, probability: number, length: number): number {
    const ordinal = this.#next(kind);
    if (length < 2) return length;
    let part: number;
    if (this.#orders === undefined) {
      if (!this.#falls(kind, ordinal, probability)) return length;
      const most = [1, Math.min(16, length - 1), length - 1];
      const shape = this.#number(kind * LANES + 1, ordinal, 0, 2);
      part = this.#number(kind * LANES + 2, ordinal, 1, most[shape] as number);
    } else {
      part = within(this.#orders.get(placeNumber(kind, ordinal)) ?? length, 1, length);
      if (part === length) return length;
    }
    this.#log.record(this.#subject, placeNumber(kind, ordinal), part);
    return part;
  }

  /** Draws what only moves chances. It is not recorded; where chances are void, it is `min`. */
  tilt(kind: DecisionKind, ordinal: number, min: number, max: number): number {
    if (this.#orders !== undefined || this.#densities?.[kind] === 0) return min;
    return this.#number(-1 - kind, ordinal, min, max);
  }

  #next(kind: DecisionKind): number {
    const ordinal = this.#ordinals[kind] as number;
    this.#ordinals[kind] = ordinal + 1;
    return ordinal;
  }

  #falls(kind: DecisionKind, ordinal: number, probability: number): boolean {
    const word = probability > 0 ? wordAt(this.#base, kind * LANES, ordinal) : WORDS;
    return word < probability * WORDS && this.#isKept(kind, ordinal);
  }

  #isKept(kind: DecisionKind, ordinal: number): boolean {
    if (this.#densities === undefined) return true;
    const density = this.#densities[kind] as number;
    return wordAt(this.#base, KEPT + kind, ordinal) < density * WORDS;
  }

  #number(lane: number, ordinal: number, min: number, max: number): number {
    return min + Math.floor((wordAt(this.#base, lane, ordinal) / WORDS) * (max - min + 1));
  }
}

function within(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
