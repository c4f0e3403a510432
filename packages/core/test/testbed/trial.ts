/**
 * Tries a protocol of the test-bed: the right program, and each bug. A bug counts as found when one of a thousand seeds fails, the run
 * is reduced to a few decisions, and those give the same run every time.
 *
 * `AWAITIO_TESTBED_SEEDS=10000` runs all of it, which takes long: `node scripts/nightly/testbed.mjs` does so on every line of Node, and
 * compares the hashes that `AWAITIO_TESTBED_HASHES=path` collects.
 */

import { appendFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  shrinkRun,
  simulate,
  simulateSeeds,
  SimulationError,
  type SimulatedMain,
  type SimulationOptions,
} from '@awaitio/core/testing';
import { countFromEnvironment } from '../support/environment.ts';
import type { Protocol } from './protocol.ts';

/** The seeds in which a bug has to show. */
const ENOUGH = 1_000;
/** What a story may have at most. */
const STORY = 5;
const MINUTES_10 = 600_000;
const FEW = 20;

const SEEDS = countFromEnvironment('AWAITIO_TESTBED_SEEDS', FEW);
const HASHES = process.env['AWAITIO_TESTBED_HASHES'];

/** The failure of the first seed that finds a bug. */
async function find(options: SimulationOptions, main: SimulatedMain): Promise<SimulationError> {
  const found: unknown = await simulateSeeds({ ...options, count: ENOUGH }, main).catch(
    (error: unknown) => error,
  );
  if (found instanceof SimulationError) return found;
  throw new Error(`none of ${ENOUGH} seeds found it`, { cause: found });
}

async function hashOf(options: SimulationOptions, main: SimulatedMain): Promise<string> {
  const error: unknown = await simulate(options, main).catch((failure: unknown) => failure);
  if (error instanceof SimulationError) return error.hash;
  throw new Error('the story does not fail', { cause: error });
}

/** Registers the tests of a protocol. */
export function tryProtocol({ name, bugs, quick, program, faults }: Protocol): void {
  const options = { faults, order: 'seed', deadline: MINUTES_10 } as const;
  const planted = SEEDS > FEW ? Object.keys(bugs) : quick;

  describe(`the program of ${name}`, () => {
    test(
      `is right under ${SEEDS} seeds`,
      async () => {
        const report = await simulateSeeds({ ...options, count: SEEDS }, program());
        expect(report.runs).toBe(SEEDS);
      },
      MINUTES_10 * 6,
    );

    test.each(planted)(
      'is found wrong with a bug, reduced and replayed: %s',
      async (bug) => {
        const main = program(bug);
        const found = await find(options, main);
        const { decisions, runs } = await shrinkRun(found, main, {
          maxRuns: 5_000,
          maxTime: MINUTES_10,
        });
        const story = { ...options, seed: found.seed, decisions };
        const hash = await hashOf(story, main);
        expect(await hashOf(story, main)).toBe(hash);
        expect(decisions.length).toBeLessThanOrEqual(STORY);
        if (HASHES !== undefined) {
          const line = { protocol: name, bug, seed: found.seed, decisions: decisions.length, runs, hash };
          appendFileSync(HASHES, `${JSON.stringify(line)}\n`);
        }
      },
      MINUTES_10,
    );
  });
}
