/** Options of runs of many seeds, and their totals. */

import { rules, type OptionRule, type OptionTable } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { SIMULATION_OPTIONS, type SimulationOptions } from '../options.ts';
import { SHRINK_OPTIONS, type ShrinkOptions } from '../shrink/shrink-run.ts';
import type { SimulatedMain } from '../options.ts';
import type { PropertyTotal } from './property-table.ts';

/** What `simulateSeeds` and `simTest` do with their runs. */
export interface ManyRunsOptions extends Omit<SimulationOptions, 'decisions' | 'seed'> {
  /** The first seed. @default 1 */
  readonly from?: number | undefined;
  /** After which failure to stop: the first, or none, and report all by their causes as a {@link SeedsError}. @default 'first'; 'all' for simTest */
  readonly failures?: 'all' | 'first' | undefined;
  /** Whether to reduce failures to what is needed for them, and with which budget: see {@link shrinkRun}. @default false; true for simTest */
  readonly shrink?: boolean | ShrinkOptions | undefined;
  /** Names of {@link reachable} and {@link sometimes} that some run must reach. @default none */
  readonly mustReach?: readonly string[] | undefined;
  /** No run begins after so much real time, in milliseconds; those before are what counts. @default Infinity; 20000 for simTest */
  readonly maxRealTime?: number | undefined;
  /**
   * So many worker threads run the seeds; `main` must then be the URL of a module that exports the program as `main`. Every worker
   * loads the module. @default 0: this thread runs them
   */
  readonly workers?: number | undefined;
  /**
   * The share of the seeds, from 0 to 1, that run twice: a program that depends on more than its seed fails with a
   * {@link NotRepeatableError}, which names the first entry of the trace that differs. @default 0
   */
  readonly checkDeterminism?: number | undefined;
  /** Whether to show on stderr how far it is, where that is a terminal. @default false; true for simTest */
  readonly progress?: boolean | undefined;
}

/** A program, or the URL of a module that exports it as `main`. */
export type ManyRunsMain = SimulatedMain | URL;

/** Options of {@link simulateSeeds}. */
export interface SeedsOptions extends ManyRunsOptions {
  /** The number of seeds. */
  readonly count: number;
}

/** The totals of all runs. */
export interface SeedsReport {
  /** The number of runs. */
  readonly runs: number;
  /** Their total virtual time, in milliseconds. */
  readonly virtualTime: number;
  /** Their total number of events. */
  readonly events: number;
  /** How often the properties of the program held: see {@link always}, {@link sometimes}, {@link reachable}. */
  readonly properties: readonly PropertyTotal[];
}

const { seed, decisions: _decisions, ...OTHERS } = SIMULATION_OPTIONS;

/** What a seed may be. */
export const seedRule: OptionRule = seed;

const names: OptionRule = {
  expected: 'a list of non-empty strings',
  accepts: (value) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''),
};

const shrink: OptionRule = {
  expected: `true, false, or { ${Object.keys(SHRINK_OPTIONS).join(', ')} }`,
  accepts: (value) =>
    typeof value === 'boolean' ||
    (typeof value === 'object' &&
      value !== null &&
      Object.entries(value).every(
        ([name, part]) =>
          part === undefined ||
          (name in SHRINK_OPTIONS && SHRINK_OPTIONS[name as keyof ShrinkOptions].accepts(part)),
      )),
};

/** What {@link ManyRunsOptions} may be. */
export const MANY_RUNS_OPTIONS: OptionTable<ManyRunsOptions> = {
  ...OTHERS,
  from: seed,
  failures: rules.oneOf('first', 'all'),
  shrink,
  mustReach: names,
  maxRealTime: rules.milliseconds,
  workers: rules.whole(0, 256),
  checkDeterminism: {
    expected: 'a share from 0 to 1',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  },
  progress: rules.flag,
};

/** What {@link SeedsOptions} may be. */
export const SEEDS_OPTIONS: OptionTable<SeedsOptions> = {
  ...MANY_RUNS_OPTIONS,
  count: rules.whole(1),
};

/** Checks the program of many runs. @throws `InvalidInputError` */
export function checkMain(operation: string, main: unknown): void {
  if (typeof main !== 'function' && !(main instanceof URL)) {
    throw invalidInput(operation, 'main', 'a function, or the URL of a module', main);
  }
}
