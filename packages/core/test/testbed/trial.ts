/**
 * Tries a protocol of the test-bed: the right program, and each bug. A bug counts as found when one of a thousand seeds fails, the run
 * is reduced to a few decisions, and those give the same run every time.
 *
 * `AWAITIO_TESTBED_SEEDS=10000` runs all of it, which takes long, and `AWAITIO_TESTBED_STORIES=path` writes what it found;
 * `AWAITIO_TESTBED_REPLAY=path` replays that, under another Node for instance: scripts/nightly/testbed.mjs does all three.
 */

import { appendFileSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  shrinkRun,
  simulate,
  simulateSeeds,
  SimulationError,
  type Decision,
  type SimulatedMain,
  type SimulationOptions,
} from '@awaitio/core/testing';
import { countFromEnvironment } from '../support/environment.ts';
import type { Protocol } from './protocol.ts';

/** The seeds in which a bug has to show. */
const ENOUGH = 1_000;
/** What a story may have at most. */
const STORY = 5;
/** How many failing seeds are reduced, until one is small enough. */
const MOST_STORIES = 3;
const MINUTES_10 = 600_000;
const FEW = 10;

const SEEDS = countFromEnvironment('AWAITIO_TESTBED_SEEDS', FEW);
const STORIES = process.env['AWAITIO_TESTBED_STORIES'];
const REPLAY = process.env['AWAITIO_TESTBED_REPLAY'];

interface Story {
  readonly seed: number;
  readonly decisions: readonly Decision[];
}

/** The smallest story of the first seeds that find a bug: some are shorter than others. */
async function find(options: SimulationOptions, main: SimulatedMain): Promise<Story> {
  let from = 1;
  let smallest: Story | undefined;
  for (let tries = 0; tries < MOST_STORIES; tries += 1) {
    const found: unknown = await simulateSeeds(
      { ...options, from, count: ENOUGH + 1 - from },
      main,
    ).catch((error: unknown) => error);
    if (!(found instanceof SimulationError)) break;
    const { decisions } = await shrinkRun(found, main, { maxRuns: 2_000, maxTime: 120_000 });
    if (decisions.length < (smallest?.decisions.length ?? Infinity)) {
      smallest = { seed: found.seed, decisions };
    }
    if (decisions.length <= STORY) break;
    from = found.seed + 1;
  }
  if (smallest === undefined) throw new Error(`none of ${ENOUGH} seeds found it`);
  return smallest;
}

async function hashOf(options: SimulationOptions, main: SimulatedMain): Promise<string> {
  const error: unknown = await simulate(options, main).catch((failure: unknown) => failure);
  if (error instanceof SimulationError) return error.hash;
  throw new Error('the story does not fail', { cause: error });
}

/** A line of the file of stories. */
interface Found extends Story {
  readonly protocol: string;
  readonly bug: string;
  readonly hash: string;
}

/** The stories of a protocol that an earlier run has written. */
function storiesIn(path: string, protocol: string): readonly Found[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as Found)
    .filter((found) => found.protocol === protocol);
}

/** Registers the tests of a protocol. */
export function tryProtocol(protocol: Protocol): void {
  if (REPLAY === undefined) tryAll(protocol);
  else replay(protocol, storiesIn(REPLAY, protocol.name));
}

function replay({ name, program, faults }: Protocol, stories: readonly Found[]): void {
  test.each(stories)(
    `${name} with a bug runs as it did elsewhere: $bug`,
    async ({ bug, seed, decisions, hash }) => {
      const options = { faults, order: 'seed', deadline: MINUTES_10, seed, decisions } as const;
      expect(await hashOf(options, program(bug))).toBe(hash);
    },
  );
}

function tryAll({ name, bugs, quick, program, faults }: Protocol): void {
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

    if (planted.length === 0) return;
    test.each(planted)(
      'is found wrong with a bug, reduced and replayed: %s',
      async (bug) => {
        const main = program(bug);
        const { seed, decisions } = await find(options, main);
        const story = { ...options, seed, decisions };
        const hash = await hashOf(story, main);
        expect(await hashOf(story, main)).toBe(hash);
        expect(decisions.length).toBeLessThanOrEqual(STORY);
        if (STORIES !== undefined) {
          const line: Found = { protocol: name, bug, seed, decisions, hash };
          appendFileSync(STORIES, `${JSON.stringify(line)}\n`);
        }
      },
      MINUTES_10,
    );
  });
}
