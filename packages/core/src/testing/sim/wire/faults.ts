/**
 * The faults of a simulated network, and how they are drawn.
 *
 * There are two kinds. Everything that TCP may do to a correct connection (split a message anywhere, merge two, take a write
 * in parts, open its window slowly, be read late) happens by default, since a program that depends on any of it is wrong
 * already. Faults that break connections happen only on request.
 */

import { withDefaults, type OptionRule, type OptionTable } from '../../../vocabulary/check.ts';
import type { Draws } from '../decisions/draws.ts';
import { KIND, SMALL_WINDOWS, type DecisionKind } from '../decisions/kinds.ts';

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
  /** Per segment that arrives: the programs of its host are paused, see {@link SimHost.pause}. @default 0 */
  readonly pause?: number | undefined;
  /** Per host: its clock is up to 1 % too fast or too slow. @default 0 */
  readonly skew?: number | undefined;
  /** Per start of a host: its date jumps by up to 10 s, forward or back. @default 0 */
  readonly jump?: number | undefined;
  /** Per call on a disk: it fails with `EIO`. @default 0 */
  readonly diskError?: number | undefined;
  /** Per write to a disk: it fails with `ENOSPC`. @default 0 */
  readonly diskFull?: number | undefined;
  /** Per write that was not synced, when its host crashes: it is lost; and whether the last changes of names are. @default 0.5 */
  readonly loseWrites?: number | undefined;
  /** Per write that was not synced, when its host crashes: only a part of it is on the disk. @default 0.25 */
  readonly tearWrites?: number | undefined;
  /** Per datagram: it is lost. @default 0.05 */
  readonly loseDatagrams?: number | undefined;
  /** Per datagram: it arrives twice. @default 0.02 */
  readonly duplicateDatagrams?: number | undefined;
  /** Per datagram: it takes up to ten times as long as others, so that those behind it arrive first. @default 0.1 */
  readonly delayDatagrams?: number | undefined;
  /** How long a call on a disk takes, in milliseconds; a sync takes up to ten times as long. @default [0.05, 2] */
  readonly diskLatency?: Range | undefined;
  /** The duration of a random pause, in milliseconds. @default [10, 2000] */
  readonly pauseFor?: Range | undefined;
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
  loseWrites: 0,
  tearWrites: 0,
  loseDatagrams: 0,
  duplicateDatagrams: 0,
  delayDatagrams: 0,
});

/** The faults that break something: a connection, a host, its clock. A run has them only where it asks for them. */
export const NO_BREAKAGE = {
  refuse: 0,
  reset: 0,
  halfOpen: 0,
  partition: 0,
  crash: 0,
  pause: 0,
  skew: 0,
  jump: 0,
} as const;

const DEFAULTS: Faults & { readonly latency: Range } = {
  ...NO_BREAKAGE,
  split: 0.2,
  merge: 0.5,
  partialWrite: 0.2,
  window: 0.2,
  slowReader: 0.1,
  diskError: 0,
  diskFull: 0,
  loseWrites: 0.5,
  tearWrites: 0.25,
  loseDatagrams: 0.05,
  duplicateDatagrams: 0.02,
  delayDatagrams: 0.1,
  diskLatency: [0.05, 2],
  pauseFor: [10, 2_000],
  partitionFor: [10, 2_000],
  downFor: [10, 2_000],
  latency: [1, 50],
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
  pause: chance,
  skew: chance,
  jump: chance,
  diskError: chance,
  diskFull: chance,
  loseWrites: chance,
  tearWrites: chance,
  loseDatagrams: chance,
  duplicateDatagrams: chance,
  delayDatagrams: chance,
  diskLatency: rangeRule,
  pauseFor: rangeRule,
  partitionFor: rangeRule,
  downFor: rangeRule,
};

/** Adds the defaults to faults that were checked. @param latency - How long a segment travels, in milliseconds */
export function allFaults(
  faults: SimFaults | undefined,
  latency: Range | undefined,
): Faults & { readonly latency: Range } {
  const all = withDefaults(DEFAULTS, faults);
  return latency === undefined ? all : { ...all, latency };
}

/** How long after a loss TCP sends again what was lost, in milliseconds. */
export const RETRANSMISSION: Range = [1, 1_000];

const MICROS = 1_000;

/** Draws from a range of milliseconds, to the microsecond. */
export function drawFrom(draws: Draws, kind: DecisionKind, [min, max]: Range): number {
  return draws.integer(kind, Math.round(min * MICROS), Math.round(max * MICROS)) / MICROS;
}

/** Draws whether something happens, and for how long, from a range of milliseconds. */
export function drawOutage(
  draws: Draws,
  kind: DecisionKind,
  probability: number,
  [min, max]: Range,
): number | undefined {
  const from = Math.round(min * MICROS);
  const micros = draws.maybe(kind, probability, from, Math.round(max * MICROS));
  return micros === undefined ? undefined : micros / MICROS;
}

/** The window of a direction without that fault, and the most that a small one grows to. */
export const FULL_WINDOW = 65_536;

/** Draws the initial window of a direction, in bytes. */
export function drawWindow(draws: Draws, faults: Faults): number {
  const index = draws.maybe(KIND.window, faults.window, 0, SMALL_WINDOWS.length - 1);
  return index === undefined ? FULL_WINDOW : (SMALL_WINDOWS[index] as number);
}

/** Draws the write mark of one end; `undefined` for the default. */
export function drawWriteMark(draws: Draws, faults: Faults): number | undefined {
  return draws.maybe(KIND.partialWrite, faults.partialWrite, 1, 256);
}

/** The most stalls of a slow reader, and how long each is, in milliseconds. */
const MOST_STALLS = 5;
const STALL: Range = [5, 400];

/** Draws how many of the first segments of a direction find its reader stalled. */
export function drawStalls(draws: Draws, faults: Faults): number {
  const isSlow = draws.tilt(KIND.stall, 0, 0, TILTS - 1) < faults.slowReader * TILTS;
  return isSlow ? draws.tilt(KIND.stall, 1, 1, MOST_STALLS) : 0;
}

const TILTS = 1_000_000;

/** Draws the stall of a segment, in milliseconds. */
export function drawStall(draws: Draws, isSlow: boolean): number {
  return drawOutage(draws, KIND.stall, isSlow ? 1 : 0, STALL) ?? 0;
}
