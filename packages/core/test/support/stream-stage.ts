/** Stages for scripts: a carrier, how it is set up, and the property that every script on it has to keep. */

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { systemClock } from '../../src/index.ts';
import { usesSharedReads } from '../../src/net/socket/shared-buffer.ts';
import { countFromEnvironment } from './environment.ts';
import type { CarrierKind, Pair } from './carriers.ts';
import { Player, type Pass } from './stream-player.ts';
import { scripts, type Step } from './stream-script.ts';

/** What a run draws beside its script. */
export interface Setup {
  readonly seed: number;
  readonly chunkSize: number | undefined;
  readonly readHighWaterMark: number | undefined;
  readonly writeHighWaterMark: number | undefined;
}

const mark = fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined });
export const setups: fc.Arbitrary<Setup> = fc.record({
  seed: fc.nat(),
  chunkSize: fc.option(fc.integer({ min: 1, max: 5_000 }), { nil: undefined }),
  readHighWaterMark: mark,
  writeHighWaterMark: mark,
});

/** For a longer hunt: how many times the usual number of runs. */
const FACTOR = countFromEnvironment('AWAITIO_PROPERTY_FACTOR', 1);

type Program = (pair: Pair, pass: Pass) => Promise<void>;

export interface Stage {
  readonly name: string;
  readonly isSocket: boolean;
  readonly runs: number;
  /** The most bytes that one call moves. */
  readonly most: number;
  readonly use: (setup: Setup, program: Program) => Promise<void>;
}

/** Real time, of which scripts let at most some milliseconds pass: the kernel moves bytes in it. */
export const onSystemClock: Pass = (time) => systemClock.sleep(time);

/** A carrier as it is, with the default high-water marks. */
export const onCarrier = (
  { name, isSocket, use }: CarrierKind,
  runs: number,
  most: number,
): Stage => ({
  name,
  isSocket,
  runs,
  most,
  use: (_setup, program) =>
    use(async ({ connect }) => {
      await program(await connect(), onSystemClock);
    }),
});

/** Plays one script on a stage. */
export async function playOn(stage: Stage, setup: Setup, script: readonly Step[]): Promise<void> {
  await stage.use(setup, async (pair, pass) => {
    const player = new Player(pair, pass);
    try {
      await player.play(script);
      await player.finish();
    } finally {
      player.release();
    }
  });
}

/** Has every script keep the contract on each of the stages that this run is about. */
export function testStages(stages: readonly Stage[]): void {
  describe.each(stages.filter(({ isSocket }) => isSocket || usesSharedReads()))(
    'on $name',
    (stage) => {
      test(
        'any script keeps the contract',
        async () => {
          expect.hasAssertions();
          await fc.assert(
            fc.asyncProperty(setups, scripts(stage.most), async (setup, script) => {
              await playOn(stage, setup, script);
              expect(true).toBe(true);
            }),
            { numRuns: stage.runs * FACTOR },
          );
        },
        120_000 * FACTOR,
      );
    },
  );
}
