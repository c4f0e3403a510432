/** Runs one program under many seeds, and collects what happened. */

import { machineTime } from '../../../vocabulary/platform.ts';
import { causeOf } from '../cause.ts';
import type { SimulatedMain, SimulationOptions } from '../options.ts';
import { SimulationError } from '../report.ts';
import { shrinkRun } from '../shrink/shrink-run.ts';
import { simulate } from '../simulate.ts';
import { wantedSeed, wantedStory } from './environment.ts';
import { Progress } from './progress.ts';
import { PropertyTable } from './property-table.ts';
import { SeedsError, type FailureGroup } from './seeds-error.ts';
import type { ManyRunsOptions, SeedsReport } from './seeds-options.ts';

/** The most seeds of one cause that are kept. */
const MAX_SEEDS = 1_000;
/** So many causes are shrunk: of more of them, one is mended first anyway. */
const MAX_SHRUNK = 5;

/** What to run. */
export interface BatchPlan {
  /** The public call, for errors. */
  readonly operation: string;
  /** Seeds that run before all others. */
  readonly first: readonly number[];
  readonly from: number;
  readonly count: number;
  /** Called with the failures before they are reported. @returns lines about them for the report */
  readonly onFailures: (groups: readonly FailureGroup[]) => readonly string[];
}

interface Group {
  readonly cause: string;
  readonly seeds: number[];
  count: number;
  error: SimulationError;
}

/** @throws `SimulationError`, `SeedsError`, `InvalidInputError` */
export async function runBatch(
  plan: BatchPlan,
  options: ManyRunsOptions,
  main: SimulatedMain,
): Promise<SeedsReport> {
  const { from: _from, failures, shrink, mustReach = [], maxRealTime, progress, ...rest } = options;
  const batch = new Batch(rest, main);
  const story = wantedStory(plan.operation);
  const wanted = wantedSeed(plan.operation);
  if (story !== undefined) await batch.run(story.options);
  else if (wanted !== undefined) await batch.run({ seed: wanted });
  else {
    const until = machineTime() + (maxRealTime ?? Infinity);
    const shown = new Progress(progress === true ? process.stderr : undefined, plan.count);
    try {
      for (const seed of seedsOf(plan)) {
        if (batch.runs > 0 && machineTime() >= until) break;
        await batch.run({ seed });
        if (batch.failed > 0 && failures !== 'all') break;
        shown.show(batch.runs, batch.failed);
      }
    } finally {
      shown.clear();
    }
  }
  if (shrink !== undefined && shrink !== false) {
    await batch.shrink(shrink === true ? {} : shrink);
  }
  const groups = batch.groups;
  const remarks = groups.length === 0 ? [] : plan.onFailures(groups);
  const [group] = groups;
  if (group !== undefined && failures !== 'all') throw group.error;
  const { report } = batch;
  // One run that the environment asks for proves nothing about all of them.
  const isAlone = story !== undefined || wanted !== undefined;
  const missing = isAlone ? [] : batch.properties.missing(mustReach);
  if (groups.length === 0 && missing.length === 0) return report;
  throw new SeedsError({ groups, missing, mustReach: isAlone ? [] : mustReach, report, remarks });
}

function* seedsOf({ first, from, count }: BatchPlan): Generator<number> {
  yield* first;
  const known = new Set(first);
  for (let seed = from; seed < from + count; seed += 1) if (!known.has(seed)) yield seed;
}

class Batch {
  readonly #options: SimulationOptions;
  readonly #main: SimulatedMain;
  readonly #groups = new Map<string, Group>();
  readonly properties = new PropertyTable();
  #virtualTime = 0;
  #events = 0;
  runs = 0;
  failed = 0;

  constructor(options: SimulationOptions, main: SimulatedMain) {
    this.#options = options;
    this.#main = main;
  }

  async run(own: SimulationOptions): Promise<void> {
    this.runs += 1;
    try {
      const run = await simulate({ ...this.#options, ...own }, this.#main);
      this.#virtualTime += run.virtualTime;
      this.#events += run.events;
      this.properties.add(run.properties);
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      this.#virtualTime += error.virtualTime;
      this.properties.add(error.properties);
      this.#fail(error);
    }
  }

  #fail(error: SimulationError): void {
    this.failed += 1;
    const cause = causeOf(error.kind, error.what);
    let group = this.#groups.get(cause);
    if (group === undefined) {
      group = { cause, seeds: [], count: 0, error };
      this.#groups.set(cause, group);
    }
    group.count += 1;
    if (group.seeds.length < MAX_SEEDS) group.seeds.push(error.seed);
  }

  async shrink(budget: Parameters<typeof shrinkRun>[2]): Promise<void> {
    for (const group of [...this.#groups.values()].slice(0, MAX_SHRUNK)) {
      if (group.error.options.decisions !== undefined) continue;
      const { error } = await shrinkRun(group.error, this.#main, budget);
      group.error = error;
    }
  }

  get groups(): readonly FailureGroup[] {
    const groups = [...this.#groups.values()].toSorted((a, b) => b.count - a.count);
    return Object.freeze(
      groups.map((group) => Object.freeze({ ...group, seeds: Object.freeze(group.seeds) })),
    );
  }

  get report(): SeedsReport {
    return Object.freeze({
      runs: this.runs,
      virtualTime: this.#virtualTime,
      events: this.#events,
      properties: this.properties.totals,
    });
  }
}
