/** Runs one program under many seeds, to find rare orders of events. */

import { checkOptions } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { runBatch } from './batch.ts';
import {
  checkMain,
  SEEDS_OPTIONS,
  type ManyRunsMain,
  type SeedsOptions,
  type SeedsReport,
} from './seeds-options.ts';

/**
 * Runs `main` once for each seed, one after another, and stops at the first that fails, unless `failures` is `'all'`.
 *
 * With `AWAITIO_SEED` in the environment only that seed runs: this replays one failure among thousands of runs.
 * With `AWAITIO_STORY`, the path of a file of {@link saveStory}, only that story does.
 *
 * @returns The totals of all runs.
 * @throws {@link SimulationError}, which names the seed; {@link SeedsError} for all failures together, and when no run reached what
 * `sometimes` or `mustReach` asks for; `InvalidInputError` for a wrong option, for an `AWAITIO_SEED` that is not a whole number from
 * 0, or an `AWAITIO_STORY` that is no story.
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
  main: ManyRunsMain,
): Promise<SeedsReport> {
  checkOptions('simulateSeeds', options, SEEDS_OPTIONS);
  const { count, ...rest } = options;
  if (count === undefined)
    throw invalidInput('simulateSeeds', 'count', SEEDS_OPTIONS.count.expected, count);
  checkMain('simulateSeeds', main);
  const plan = {
    operation: 'simulateSeeds',
    first: [],
    from: options.from ?? 1,
    count,
    onFailures: () => [],
  };
  return runBatch(plan, rest, main);
}
