/**
 * The faults of a simulated network, and how they are drawn.
 *
 * There are two kinds. Everything that TCP may do to a correct connection (split a message anywhere, merge two, take a write
 * in parts, open its window slowly, be read late) happens by default, since a program that depends on any of it is wrong
 * already. Faults that break connections happen only on request.
 */

import { withDefaults, type OptionRule, type OptionTable } from '../../../vocabulary/check.ts';
import type { Random } from '../../../vocabulary/random.ts';

/** A range to draw a number from, both ends included. */
export type Range = readonly [min: number, max: number];

/** Chances from 0 to 1. Those with a default above 0 are what TCP does to correct connections. */
export interface SimFaults {
  /** Per segment: it is split at a random position, often after one byte. @default 0.2 */
  readonly split?: number | undefined;
  /** Per write: its bytes are merged with others that were sent at the same time. @default 0.5 */
  readonly merge?: number | undefined;
  /** Per end of a connection: it takes writes in small parts (a low write mark). @default 0.2 */
  readonly partialWrite?: number | undefined;
  /** Per direction: it begins with a window of a few bytes, which doubles as it is used. @default 0.2 */
  readonly window?: number | undefined;
  /** Per direction: its reader stalls a few times. @default 0.1 */
  readonly slowReader?: number | undefined;
  /** Per connection attempt: refused in spite of a listener. @default 0 */
  readonly refuse?: number | undefined;
  /** Per segment that arrives: instead of its delivery the connection is reset, for both ends. @default 0 */
  readonly reset?: number | undefined;
  /** Per segment that arrives: the connection goes silent for good (half-open peers). @default 0 */
  readonly halfOpen?: number | undefined;
  /** Per segment that arrives: its hosts are partitioned for a time, in one or both directions. @default 0 */
  readonly partition?: number | undefined;
  /** Per segment that arrives at a host with a listener: the host crashes and restarts later. @default 0 */
  readonly crash?: number | undefined;
  /** The duration of a random partition, in milliseconds. @default [10, 2000] */
  readonly partitionFor?: Range | undefined;
  /** How long a randomly crashed host is down, in milliseconds. @default [10, 2000] */
  readonly downFor?: Range | undefined;
}

/** {@link SimFaults} with all defaults. */
export type Faults = { readonly [K in keyof SimFaults]-?: Exclude<SimFaults[K], undefined> };

/** A network that only delivers: every chance is 0. For tests of other things. */
export const CALM: SimFaults = Object.freeze({
  split: 0,
  merge: 0,
  partialWrite: 0,
  window: 0,
  slowReader: 0,
});

const DEFAULTS: Faults = {
  split: 0.2,
  merge: 0.5,
  partialWrite: 0.2,
  window: 0.2,
  slowReader: 0.1,
  refuse: 0,
  reset: 0,
  halfOpen: 0,
  partition: 0,
  crash: 0,
  partitionFor: [10, 2_000],
  downFor: [10, 2_000],
};

const chance: OptionRule = {
  expected: 'a chance from 0 to 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
};

/** A pair of milliseconds. */
export const rangeRule: OptionRule = {
  expected: 'two numbers of milliseconds, [min, max]',
  accepts: (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((end: unknown) => typeof end === 'number' && end >= 0 && end < Infinity) &&
    (value[0] as number) <= (value[1] as number),
};

/** What {@link SimFaults} may be. */
export const SIM_FAULTS: OptionTable<SimFaults> = {
  split: chance,
  merge: chance,
  partialWrite: chance,
  window: chance,
  slowReader: chance,
  refuse: chance,
  reset: chance,
  halfOpen: chance,
  partition: chance,
  crash: chance,
  partitionFor: rangeRule,
  downFor: rangeRule,
};

/** Adds the defaults to faults that were checked. */
export function allFaults(faults: SimFaults | undefined): Faults {
  return withDefaults(DEFAULTS, faults);
}

/** Draws from a range of milliseconds, to the microsecond. */
export function drawFrom(random: Random, [min, max]: Range): number {
  return random.integer(Math.round(min * 1_000), Math.round(max * 1_000)) / 1_000;
}

/** Draws where a segment of `length` bytes is split: a length from 1, often very small. */
export function drawCut(random: Random, faults: Faults, length: number): number {
  if (length < 2 || !random.chance(faults.split)) return length;
  const shape = random.integer(0, 2);
  if (shape === 0) return 1;
  return random.integer(1, shape === 1 ? Math.min(16, length) : length);
}

const SMALL_WINDOWS = [1, 3, 10, 100, 1_000] as const;
/** The window of a direction without that fault, and the most that a small one grows to. */
export const FULL_WINDOW = 65_536;

/** Draws the initial window of a direction, in bytes. */
export function drawWindow(random: Random, faults: Faults): number {
  if (!random.chance(faults.window)) return FULL_WINDOW;
  return SMALL_WINDOWS[random.integer(0, SMALL_WINDOWS.length - 1)] as number;
}

/** Draws the write mark of one end; `undefined` for the default. */
export function drawWriteMark(random: Random, faults: Faults): number | undefined {
  return random.chance(faults.partialWrite) ? random.integer(1, 256) : undefined;
}

/** Draws the stalls of a slow reader: the delays of its first segments, in milliseconds. */
export function drawStalls(random: Random, faults: Faults): number[] {
  if (!random.chance(faults.slowReader)) return [];
  return Array.from({ length: random.integer(1, 5) }, () => random.integer(5, 400));
}
