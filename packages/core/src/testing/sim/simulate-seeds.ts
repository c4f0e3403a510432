/** Runs one program under many seeds, to find rare orders of events. */

import { checkOptions, rules, type OptionTable } from '../../vocabulary/check.ts';
import { invalidInput } from '../../vocabulary/errors.ts';
import { isChecked, simulateTwice } from './determinism.ts';
import { simulate } from './simulate.ts';
import { SIMULATION_OPTIONS, type SimulatedMain, type SimulationOptions } from './options.ts';

/** Options of {@link simulateSeeds}. */
export interface SeedsOptions extends Omit<SimulationOptions, 'seed'> {
  /** The first seed. @default 1 */
  readonly from?: number | undefined;
  /** The number of seeds. */
  readonly count: number;
  /**
   * The share of the seeds, from 0 to 1, that run twice: a program that depends on more than its seed fails, with the first entry of
   * the trace that differs. @default 0
   */
  readonly checkDeterminism?: number | undefined;
}

const { seed: seedRule, ...OTHERS } = SIMULATION_OPTIONS;
const SEEDS_OPTIONS: OptionTable<SeedsOptions> = {
  ...OTHERS,
  from: seedRule,
  count: rules.whole(1),
  checkDeterminism: {
    expected: 'a share from 0 to 1',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  },
};

/** The totals of all runs. */
export interface SeedsReport {
  /** The number of runs. */
  readonly runs: number;
  /** Their total virtual time, in milliseconds. */
  readonly virtualTime: number;
  /** Their total number of events. */
  readonly events: number;
}

/**
 * Runs `main` once for each seed, one after another, and stops at the first that fails.
 *
 * With `AWAITIO_SEED` in the environment only that seed runs: this replays one failure among thousands of runs.
 *
 * @throws {@link SimulationError}, which names the seed; {@link NotRepeatableError} when a seed that runs twice gives two runs; `InvalidInputError` for a wrong option, or for an `AWAITIO_SEED` that is
 * not a whole number from 0.
 *
 * @example
 * ```ts
 * import { simulateSeeds } from '@awaitio/core/testing';
 *
 * const report = await simulateSeeds({ from: 1, count: 100 }, async (sim) => {
 *   await sim.clock.sleep(sim.random.integer(0, 1_000));
 * });
 * console.log(report.runs); // 100
 * ```
 */
export async function simulateSeeds(
  options: SeedsOptions,
  main: SimulatedMain,
): Promise<SeedsReport> {
  checkOptions('simulateSeeds', options, SEEDS_OPTIONS);
  const { from = 1, count, checkDeterminism = 0, ...rest } = options;
  if (count === undefined)
    throw invalidInput('simulateSeeds', 'count', SEEDS_OPTIONS.count.expected, count);
  const wanted = wantedSeed();
  const first = wanted ?? from;
  const runs = wanted === undefined ? count : 1;
  let virtualTime = 0;
  let events = 0;
  for (let seed = first; seed < first + runs; seed += 1) {
    const once = isChecked(seed, checkDeterminism) ? simulateTwice : simulate;
    const run = await once({ ...rest, seed }, main);
    virtualTime += run.virtualTime;
    events += run.events;
  }
  return Object.freeze({ runs, virtualTime, events });
}

/** The seed that the environment asks for, in decimal digits: anything else would run no seed, or another. */
function wantedSeed(): number | undefined {
  const text = process.env['AWAITIO_SEED'];
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw invalidInput('simulateSeeds', 'AWAITIO_SEED', seedRule.expected, text);
  }
  return seed;
}
