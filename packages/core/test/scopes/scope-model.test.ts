/** Random programs of scopes, groups and selects: compared with a model that knows no promises, and over a network that fails. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { simulate } from '../../src/testing/index.ts';
import { countFromEnvironment } from '../support/environment.ts';
import { networkPrograms, playOnNetwork, type NetworkEnd } from '../support/network-player.ts';
import { expectedEnd, programs } from '../support/scope-model.ts';
import { play, type Played } from '../support/scope-player.ts';

const RUNS = countFromEnvironment('AWAITIO_MODEL_RUNS', 500);

test('scopes, groups and selects end when the model says, tell each failure once, and leave nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      let played: Played | undefined;
      // It fails by itself when a task fails unseen, a rejection is not handled, or something waits for ever.
      await simulate({ seed: 1, deadline: 1e9 }, async (sim) => {
        played = await play(program, sim);
        expect(sim.executor.snapshot()).toEqual([]);
        expect(sim.clock.size).toBe(0);
      });
      expect(played).toEqual(expectedEnd(program));
    }),
    { numRuns: RUNS },
  );
}, 120_000);

test('over a network that fails each failure is thrown once, and no task, wait or stream is left', async () => {
  const faults = { reset: 0.03, refuse: 0.05, halfOpen: 0.02, partition: 0.03, split: 0.5 };
  const seen = { raised: 0, cancelled: 0, network: 0 };
  await fc.assert(
    fc.asyncProperty(networkPrograms, fc.nat(0xffff), async (program, seed) => {
      const ends: NetworkEnd[] = [];
      await simulate({ seed, deadline: 1e9, faults }, async (sim) => {
        ends.push(await playOnNetwork(program, sim));
        expect(sim.executor.snapshot()).toEqual([]);
      });
      expect(ends).toHaveLength(1);
      for (const { raised, told, cancelled } of ends) {
        expect(new Set(told)).toEqual(new Set(raised));
        expect(told).toHaveLength(raised.length);
        seen.raised += raised.length;
        seen.cancelled += cancelled;
        seen.network += raised.filter((error) => error instanceof Error && 'code' in error).length;
      }
    }),
    { numRuns: RUNS },
  );
  // It would prove nothing if nothing failed.
  expect(Object.values(seen).every((count) => count > RUNS / 10)).toBe(true);
}, 120_000);
