/** A test of many seeds, for the test runner that runs the file. */

import { basename, dirname, join } from 'node:path';
import { containResult, describeFailure, stderrSink } from '../../../vocabulary/callbacks.ts';
import { checkOptions, rules, type OptionTable } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { hexOf, mixText } from '../decisions/mixing.ts';
import { runBatch } from './batch.ts';
import { callerOf, fileFor, keepSeed, keptSeeds } from './kept-seeds.ts';
import type { FailureGroup } from './seeds-error.ts';
import {
  checkMain,
  MANY_RUNS_OPTIONS,
  type ManyRunsMain,
  type ManyRunsOptions,
} from './seeds-options.ts';
import { HARMLESS_SWARM } from '../swarm.ts';
import { saveStory } from './story.ts';

/** Registers a test: `test` of node:test, Vitest or Jest. The third argument is its time limit, in milliseconds. */
export type RegisterTest = (name: string, body: () => Promise<void>, timeout: number) => unknown;

/** Options of {@link simTest}. */
export interface SimTestOptions extends ManyRunsOptions {
  /** The number of seeds. @default 100 */
  readonly seeds?: number | undefined;
  /** `test` of the runner. @default the global `test` or `it`; where there is none, that of node:test */
  readonly test?: RegisterTest | undefined;
  /**
   * The file in which seeds that failed are kept; stories are written next to it. `false` keeps nothing.
   * @default `simulation-regressions/<file of the test>.txt`, next to the file that calls simTest
   */
  readonly regressions?: string | false | undefined;
}

const SIM_TEST_OPTIONS: OptionTable<SimTestOptions> = {
  ...MANY_RUNS_OPTIONS,
  seeds: rules.whole(1),
  test: rules.function,
  regressions: {
    expected: 'the path of a file, or false',
    accepts: (value) => value === false || rules.text.accepts(value),
  },
};

const SEEDS = 100;
const MAX_REAL_TIME = 20_000;
/** What the runner allows beyond the time for runs: for the last run, for shrinking, and for writing files. */
const SLACK = 40_000;

const OPERATION = 'simTest';

/**
 * Registers a test with the test runner: it runs `main` under many seeds, with an order that the seed chooses, on networks and disks
 * of which each seed draws how rough they are. Faults that break connections or hosts happen when `faults` has them.
 *
 * All failures are reported together, by cause, each reduced to what is needed for it ({@link shrinkRun}). A seed of each cause is kept in
 * a file next to the test, and runs first from then on; keep that file under version control. The smallest run is
 * written as a story, which `AWAITIO_STORY` with its path replays. `AWAITIO_SEED` runs one seed alone.
 *
 * Works with node:test, Jest, and Vitest with `globals`; with others, pass `test`. The test has a time limit of `maxRealTime` and 40 seconds.
 *
 * @param name - The name of the test, unique within its file.
 * @param options - Those of {@link simulate} and {@link simulateSeeds}, with other defaults: `order: 'seed'`, `failures: 'all'`,
 * `shrink: true`, `progress: true`, a swarm of the
 * `faults` that break nothing, `maxRealTime: 20000`; and the number of `seeds`.
 * @param main - The program.
 * @throws `InvalidInputError` for wrong arguments. The test fails with {@link SeedsError}; with {@link SimulationError} if `failures` is
 * `'first'`; with `InvalidInputError` for a wrong `AWAITIO_SEED` or `AWAITIO_STORY`, or a kept seed that is none.
 *
 * @example
 * ```ts
 * import { simTest } from '@awaitio/core/testing';
 *
 * simTest('an echo comes back', { seeds: 50, regressions: false }, async (sim) => {
 *   const listener = await sim.host('server').listen(7);
 *   sim.executor.spawn(async () => {
 *     for await (const stream of listener) {
 *       for await (const chunk of stream) await stream.writeAll(chunk);
 *       await stream.close();
 *     }
 *   });
 *   const stream = await sim.host('client').connect('server:7');
 *   await stream.writeAll('hello');
 *   sim.always((await stream.readExactly(5)).length === 5, 'the echo is whole');
 *   await stream.close();
 * });
 * ```
 */
export function simTest(name: string, options: SimTestOptions, main: ManyRunsMain): void {
  if (typeof name !== 'string' || name === '') {
    throw invalidInput(OPERATION, 'name', 'a non-empty string', name);
  }
  checkOptions(OPERATION, options, SIM_TEST_OPTIONS);
  checkMain(OPERATION, main);
  const { seeds = SEEDS, test = runnersTest(), regressions, ...rest } = options;
  const file = regressions === false ? undefined : (regressions ?? fileFor(callerOf(simTest)));
  const maxRealTime = options.maxRealTime ?? MAX_REAL_TIME;
  const body = async (): Promise<void> => {
    const plan = {
      operation: OPERATION,
      first: file === undefined ? [] : keptSeeds(OPERATION, file, name),
      from: options.from ?? 1,
      count: seeds,
      onFailures: (groups: readonly FailureGroup[]) =>
        file === undefined ? [] : keep(file, name, groups),
    };
    await runBatch(plan, { ...DEFAULTS, ...defined(rest), maxRealTime }, main);
  };
  // The longest time that timers of runners can wait.
  const registered = test(name, body, Math.min(maxRealTime + SLACK, 0x7f_ff_ff_ff));
  // That of node:test is a promise, which never rejects; others may.
  if (registered !== undefined) containResult('test', registered, stderrSink);
}

const DEFAULTS: ManyRunsOptions = {
  faults: HARMLESS_SWARM,
  order: 'seed',
  failures: 'all',
  shrink: true,
  progress: true,
};

/** Without the options that are `undefined`, which do not replace defaults. */
function defined(options: ManyRunsOptions): ManyRunsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The runner's function that registers a test. */
function runnersTest(): RegisterTest {
  const { test, it } = globalThis as { readonly test?: unknown; readonly it?: unknown };
  const found = [test, it].find((value) => typeof value === 'function');
  if (found === undefined && process.env['VITEST'] === 'true') {
    const expected =
      "the `test` of Vitest, which has no globals here: import { test } from 'vitest'";
    throw invalidInput(OPERATION, 'test', expected, undefined);
  }
  return (found ?? process.getBuiltinModule('node:test')) as RegisterTest;
}

/** Keeps the first seed of each cause, and the smallest run of each. @returns where, for the report */
function keep(file: string, test: string, groups: readonly FailureGroup[]): readonly string[] {
  const remarks: string[] = [];
  for (const [at, { cause, seeds, error }] of groups.entries()) {
    const [seed] = seeds;
    if (seed === undefined) continue;
    const story = join(dirname(file), `${storyName(file, test)}-${at + 1}.story.json`);
    try {
      keepSeed(OPERATION, file, test, seed, cause);
      saveStory(story, error);
      remarks.push(`replay ${at + 1}.: AWAITIO_STORY=${story}, or AWAITIO_SEED=${seed}`);
    } catch (failure) {
      // A folder that cannot be written to must not hide why the test failed.
      remarks.push(`${at + 1}. could not be kept: ${describeFailure(failure).split('\n', 1)[0]}`);
    }
  }
  return remarks;
}

/** The name of the file and of the test, cut short; with a hash, since two names may differ in their last word, or in a sign only. */
function storyName(file: string, test: string): string {
  const words = test.replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 48);
  return `${basename(file, '.txt')}-${words}-${hexOf(mixText(0, test))}`;
}
