/** Runs one program under many seeds, and collects what happened. */

import { invalidInput } from '../../../vocabulary/errors.ts';
import { machineTime } from '../../../vocabulary/platform.ts';
import { causeOf } from '../cause.ts';
import type { SimulatedMain, SimulationOptions } from '../options.ts';
import { folderOfPages, writePageFor } from '../pages.ts';
import { SimulationError } from '../report.ts';
import { shrinkRun } from '../shrink/shrink-run.ts';
import { simulate } from '../simulate.ts';
import { wantedSeed, wantedStory } from './environment.ts';
import { simulateChecked } from './determinism.ts';
import { Progress } from './progress.ts';
import { PropertyTable } from './property-table.ts';
import { SeedsError, type FailureGroup } from './seeds-error.ts';
import type { ManyRunsMain, ManyRunsOptions, SeedsReport } from './seeds-options.ts';
import { loadMain, runInWorkers, type SeedsResult } from './workers.ts';

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
  error: SimulationError | undefined;
}

/** @throws `SimulationError`, `SeedsError`, `InvalidInputError` */
export async function runBatch(
  plan: BatchPlan,
  options: ManyRunsOptions,
  main: ManyRunsMain,
): Promise<SeedsReport> {
  const { from: _from, failures, shrink, mustReach = [], ...timing } = options;
  const { maxRealTime, progress, workers = 0, checkDeterminism = 0, pages, ...others } = timing;
  // A page for each cause, of its smallest run, and not one for each run.
  const rest = { ...others, pages: false } as const;
  if (workers > 0 && typeof main === 'function') {
    throw invalidInput(plan.operation, 'main', 'the URL of a module, where `workers` run it', main);
  }
  const program = typeof main === 'function' ? main : await loadMain(main);
  const batch = new Batch(rest, program, checkDeterminism);
  const story = wantedStory(plan.operation);
  const wanted = wantedSeed(plan.operation);
  if (story !== undefined) await batch.run(story.options);
  else if (wanted !== undefined) await batch.run({ seed: wanted });
  else {
    const until = machineTime() + (maxRealTime ?? Infinity);
    const shown = new Progress(progress === true ? process.stderr : undefined, plan.count);
    const isOver = (): boolean =>
      (batch.runs > 0 && machineTime() >= until) || (batch.failed > 0 && failures !== 'all');
    const seeds = new Seeds(plan);
    try {
      if (workers > 0 && typeof main !== 'function') {
        const next = (count: number): readonly number[] => (isOver() ? [] : seeds.take(count));
        const done = (result: SeedsResult): void => {
          batch.add(result);
          shown.show(batch.runs, batch.failed);
        };
        await runInWorkers(workers, main, { ...rest, checkDeterminism }, { next, done });
        await batch.findErrors();
      } else {
        for (let seed = seeds.next(); seed !== undefined && !isOver(); seed = seeds.next()) {
          await batch.run({ seed });
          shown.show(batch.runs, batch.failed);
        }
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
  const folder = folderOfPages({ pages });
  if (folder !== undefined) await writePages(folder, groups, program);
  const [group] = groups;
  if (group !== undefined && failures !== 'all') throw group.error;
  const { report } = batch;
  // One run that the environment asks for proves nothing about all of them.
  const isAlone = story !== undefined || wanted !== undefined;
  const missing = isAlone ? [] : batch.properties.missing(mustReach);
  if (groups.length === 0 && missing.length === 0) return report;
  throw new SeedsError({ groups, missing, mustReach: isAlone ? [] : mustReach, report, remarks });
}

async function writePages(
  folder: string,
  groups: readonly FailureGroup[],
  main: SimulatedMain,
): Promise<void> {
  for (const { error } of groups.slice(0, MAX_SHRUNK)) {
    await writePageFor(folder, error, () => simulate(error.options, main));
  }
}

/** The seeds of a plan, one after another. */
class Seeds {
  readonly #first: readonly number[];
  readonly #known: ReadonlySet<number>;
  readonly #end: number;
  #taken = 0;
  #seed: number;

  constructor({ first, from, count }: BatchPlan) {
    this.#first = first;
    this.#known = new Set(first);
    this.#seed = from;
    this.#end = from + count;
  }

  next(): number | undefined {
    if (this.#taken < this.#first.length) {
      this.#taken += 1;
      return this.#first[this.#taken - 1];
    }
    while (this.#known.has(this.#seed)) this.#seed += 1;
    if (this.#seed >= this.#end) return undefined;
    this.#seed += 1;
    return this.#seed - 1;
  }

  take(count: number): readonly number[] {
    const seeds: number[] = [];
    while (seeds.length < count) {
      const seed = this.next();
      if (seed === undefined) break;
      seeds.push(seed);
    }
    return seeds;
  }
}

class Batch {
  readonly #options: SimulationOptions;
  readonly #main: SimulatedMain;
  readonly #checked: number;
  readonly #groups = new Map<string, Group>();
  readonly properties = new PropertyTable();
  #virtualTime = 0;
  #events = 0;
  runs = 0;
  failed = 0;

  constructor(options: SimulationOptions, main: SimulatedMain, checked: number) {
    this.#options = options;
    this.#main = main;
    this.#checked = checked;
  }

  async run(own: SimulationOptions): Promise<void> {
    this.runs += 1;
    try {
      const run = await simulateChecked(this.#checked, { ...this.#options, ...own }, this.#main);
      this.#virtualTime += run.virtualTime;
      this.#events += run.events;
      this.properties.add(run.properties);
    } catch (error) {
      if (!(error instanceof SimulationError)) throw error;
      this.#virtualTime += error.virtualTime;
      this.#events += error.events;
      this.properties.add(error.properties);
      this.#fail(error);
    }
  }

  #fail(error: SimulationError): void {
    const group = this.#count(causeOf(error.kind, error.what), error.seed);
    group.error ??= error;
  }

  #count(cause: string, seed: number): Group {
    this.failed += 1;
    let group = this.#groups.get(cause);
    if (group === undefined) {
      group = { cause, seeds: [], count: 0, error: undefined };
      this.#groups.set(cause, group);
    }
    group.count += 1;
    if (group.seeds.length < MAX_SEEDS) group.seeds.push(seed);
    return group;
  }

  /** What a worker has run. */
  add({ runs, virtualTime, events, properties, failed }: SeedsResult): void {
    this.runs += runs;
    this.#virtualTime += virtualTime;
    this.#events += events;
    this.properties.add(properties);
    for (const { cause, seed } of failed) this.#count(cause, seed);
  }

  /** Runs the first seed of each cause that a worker found again, for its error. */
  async findErrors(): Promise<void> {
    for (const group of this.#groups.values()) {
      group.seeds.sort((a, b) => a - b);
      const [seed] = group.seeds;
      try {
        await simulate({ ...this.#options, seed }, this.#main);
      } catch (error) {
        if (!(error instanceof SimulationError)) throw error;
        group.error = error;
        continue;
      }
      throw new Error(
        `seed ${seed} failed in a worker (${group.cause}) and not here: the program is not repeatable`,
      );
    }
  }

  async shrink(budget: Parameters<typeof shrinkRun>[2]): Promise<void> {
    for (const group of [...this.#groups.values()].slice(0, MAX_SHRUNK)) {
      if (group.error === undefined || group.error.options.decisions !== undefined) continue;
      const { error } = await shrinkRun(group.error, this.#main, budget);
      group.error = error;
    }
  }

  get groups(): readonly FailureGroup[] {
    const groups = [...this.#groups.values()].toSorted((a, b) => b.count - a.count);
    return Object.freeze(
      groups.flatMap(({ error, seeds, ...group }) =>
        error === undefined
          ? []
          : [Object.freeze({ ...group, seeds: Object.freeze(seeds), error })],
      ),
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
