/** Reduces a failing run to the smallest story that still fails for the same cause. */

import { checkFunction, checkOptions, rules, type OptionTable } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { machineTime } from '../../../vocabulary/platform.ts';
import { seededRandom } from '../../../vocabulary/random.ts';
import { causeOf } from '../cause.ts';
import type { Decision } from '../decisions/log.ts';
import { DEFAULT_DEADLINE, type SimulatedMain, type SimulationOptions } from '../options.ts';
import { SimulationError, tellShrinking } from '../report.ts';
import { simulate } from '../simulate.ts';
import { reduce, type Trial } from './reduce.ts';

/** Options of {@link shrinkRun}. */
export interface ShrinkOptions {
  /** The most runs. @default 1000 */
  readonly maxRuns?: number | undefined;
  /** The most real time, in milliseconds. @default 5000 */
  readonly maxTime?: number | undefined;
}

/** What {@link ShrinkOptions} may be. */
export const SHRINK_OPTIONS: OptionTable<ShrinkOptions> = {
  maxRuns: rules.count,
  maxTime: rules.milliseconds,
};

const MAX_RUNS = 1_000;
const MAX_TIME = 5_000;
/** How much later than the failure a candidate may fail, in virtual milliseconds, beyond twice its time. */
const GRACE = 1_000;

/** A run that was reduced. */
export interface ShrunkRun {
  /**
   * The failure of the smallest run that was found; its message tells what the network did, and which part of the budget to
   * raise when it was not complete.
   */
  readonly error: SimulationError;
  /** What is left of the decisions. */
  readonly decisions: readonly Decision[];
  /** How many there were. */
  readonly before: number;
  /** The number of runs that it took. */
  readonly runs: number;
  /** Whether it ended before the budget did. */
  readonly isComplete: boolean;
}

/**
 * Takes decisions out of a run that failed, for as long as it still fails for the same cause: whole kinds of faults first, then
 * halves, then one after another; of those that are left, the numbers are made small. Where many are left, it also draws calmer
 * runs: fewer kinds of faults, less delay, faults at moments nearby.
 *
 * A failure has the same cause when it is of the same kind and the first line of its message is the same but for its numbers,
 * whichever task it was. Runs are those of the failure's options and seed; one that has not failed at more than twice the
 * virtual time of the failure is ended. Cancelling is not possible; the budget ends it.
 *
 * @param failure - Thrown by `simulate` or `simulateSeeds`.
 * @param main - The program that failed.
 * @param options - The budget: the most runs, and the most time.
 * @returns The smallest run that was found: the run itself, where its decisions alone do not repeat the failure, as when a program
 * is not repeatable.
 * @throws `InvalidInputError` for a failure that is none, and for wrong options.
 *
 * @example
 * ```ts
 * import { shrinkRun, simulateSeeds, SimulationError, type Simulation } from '@awaitio/core/testing';
 *
 * async function main(sim: Simulation): Promise<void> {
 *   const listener = await sim.host('server').listen(80);
 *   const stream = await sim.host('client').connect('server:80');
 *   const peer = await listener.accept();
 *   await stream.writeAll('hello');
 *   const chunk = await peer.readChunk();
 *   if (chunk?.length !== 5) throw new Error('not the whole message');
 *   await stream.close();
 *   await peer.close();
 * }
 *
 * const failure: unknown = await simulateSeeds({ count: 100 }, main).catch((error: unknown) => error);
 * if (!(failure instanceof SimulationError)) throw new Error('no seed found it');
 * const { decisions } = await shrinkRun(failure, main);
 * console.log(decisions); // [{ key: 'client:49153 → server:80 / split / 0', value: 1 }]
 * ```
 */
export async function shrinkRun(
  failure: SimulationError,
  main: SimulatedMain,
  options: ShrinkOptions = {},
): Promise<ShrunkRun> {
  checkOptions('shrinkRun', options, SHRINK_OPTIONS);
  if (!(failure instanceof SimulationError)) {
    throw invalidInput('shrinkRun', 'failure', 'a SimulationError', failure);
  }
  checkFunction('shrinkRun', 'main', main);
  const { maxRuns = MAX_RUNS, maxTime = MAX_TIME } = options;
  const until = machineTime() + maxTime;
  const cause = causeOf(failure.kind, failure.what);
  const candidates = endingSoon(failure);
  let runs = 0;
  let smallest: SimulationError | undefined;
  const trial: Trial = {
    get isOver() {
      return runs >= maxRuns || machineTime() >= until;
    },
    async fails(decisions) {
      runs += 1;
      const error = await failureOf(candidates, failure.seed, decisions, main);
      if (error === undefined || causeOf(error.kind, error.what) !== cause) return undefined;
      return {
        // Without those that were on the list and did not come to pass.
        decisions: error.decisions,
        keep() {
          smallest = error;
        },
      };
    },
  };
  const { decisions: before } = failure;
  await reduce(before, trial, seededRandom(failure.seed));
  const isComplete = !trial.isOver;
  // Once more, with the deadline of the run.
  const found =
    smallest === undefined
      ? failure
      : ((await failureOf(failure.options, failure.seed, smallest.decisions, main)) ?? failure);
  const [budget, limit] =
    runs >= maxRuns ? (['maxRuns', maxRuns] as const) : (['maxTime', maxTime] as const);
  const error = isComplete ? found : tellShrinking(found, { before: before.length, budget, limit });
  const { decisions } = error;
  return Object.freeze({ error, decisions, before: before.length, runs, isComplete });
}

async function failureOf(
  options: SimulationOptions,
  seed: number,
  decisions: readonly Decision[],
  main: SimulatedMain,
): Promise<SimulationError | undefined> {
  try {
    await simulate({ ...options, seed, decisions, pages: false }, main);
  } catch (error) {
    if (error instanceof SimulationError) return error;
    throw error;
  }
  return undefined;
}

/** A candidate that has not failed long after the time of the failure need not run to its end. */
function endingSoon({ kind, options, virtualTime }: SimulationError): SimulationOptions {
  if (kind === 'deadline' || kind === 'events') return options;
  const { deadline = DEFAULT_DEADLINE } = options;
  return { ...options, deadline: Math.min(deadline, 2 * virtualTime + GRACE) };
}
