/** Whether a program is repeatable: one seed, run twice. */

import { seededRandom } from '../../../vocabulary/random.ts';
import { firstDifference, formatTrace, type TraceEntry } from '../wire/trace.ts';
import type { SimulatedMain, SimulationOptions } from '../options.ts';
import { SimulationError } from '../report.ts';
import type { SimulationRun } from '../run.ts';
import { simulate } from '../simulate.ts';

/** The number of entries before the first that differs, in the message. */
const SHOWN_BEFORE = 3;

/** Two runs of one seed differed: the program depends on something outside of the simulation, or on what a run has left behind. */
export class NotRepeatableError extends Error {
  override name = 'NotRepeatableError';
  readonly seed: number;
  /** The hashes of both runs. */
  readonly hashes: readonly [first: string, second: string];
  /** The first entries of both traces that differ; `undefined` at the end of a trace. */
  readonly entries: readonly [first: TraceEntry | undefined, second: TraceEntry | undefined];

  constructor(seed: number, first: Outcome, second: Outcome) {
    const { text, entries } = describe(first, second);
    super(`the seed ${seed} gave two different runs: ${text}`);
    this.seed = seed;
    this.hashes = [first.hash, second.hash];
    this.entries = entries;
  }
}

type Outcome = SimulationRun | SimulationError;

/** Runs a program once; or twice, if its seed is one of the share that is checked: the same seeds each time. */
export function simulateChecked(
  share: number,
  options: SimulationOptions,
  main: SimulatedMain,
): Promise<SimulationRun> {
  const isChecked = share > 0 && seededRandom(options.seed ?? 0).next() < share;
  return isChecked ? simulateTwice(options, main) : simulate(options, main);
}

/**
 * Runs a program twice from one seed.
 *
 * @throws {@link NotRepeatableError} when the runs differ, also if both fail; otherwise what `simulate` throws.
 */
async function simulateTwice(
  options: SimulationOptions,
  main: SimulatedMain,
): Promise<SimulationRun> {
  const first = await outcome(options, main);
  const second = await outcome(options, main);
  const isSame =
    first.hash === second.hash &&
    first.virtualTime === second.virtualTime &&
    first instanceof SimulationError === second instanceof SimulationError;
  if (!isSame) throw new NotRepeatableError(first.seed, first, second);
  if (first instanceof SimulationError) throw first;
  return first;
}

async function outcome(options: SimulationOptions, main: SimulatedMain): Promise<Outcome> {
  try {
    return await simulate(options, main);
  } catch (error) {
    if (error instanceof SimulationError) return error;
    throw error;
  }
}

function describe(
  first: Outcome,
  second: Outcome,
): { readonly text: string; readonly entries: NotRepeatableError['entries'] } {
  const found = firstDifference(first.trace, second.trace);
  if (found === undefined) {
    return {
      text: `they ended differently:\n${end(first)}\n${end(second)}`,
      entries: [undefined, undefined],
    };
  }
  const { at, isInBytes } = found;
  const shown = (outcomeOf: Outcome): string =>
    at < outcomeOf.trace.length
      ? formatTrace(outcomeOf.trace.slice(at, at + 1))
      : `no entry: ${end(outcomeOf)}`;
  const before = formatTrace(first.trace.slice(Math.max(0, at - SHOWN_BEFORE), at));
  const text = [
    isInBytes ? 'the bytes of this entry differ' : 'this is the first entry that differs',
    ...(before === '' ? [] : [`after:\n${before}`]),
    ...(isInBytes
      ? [`both:\n${shown(first)}`]
      : [`first:\n${shown(first)}`, `second:\n${shown(second)}`]),
    'Look for what is read or drawn outside of the simulation, and for modules that keep something from one run to the next.',
  ].join('\n');
  return { text, entries: [first.trace[at], second.trace[at]] };
}

function end(outcomeOf: Outcome): string {
  return outcomeOf instanceof SimulationError
    ? (outcomeOf.message.split('\n')[0] ?? '')
    : `it ended at ${outcomeOf.virtualTime.toFixed(3)} ms`;
}
