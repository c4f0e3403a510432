/** Random programs of scopes, groups and selects, compared with a model that knows no promises. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { simulate } from '../../src/testing/index.ts';
import { expectedEnd, programs } from '../support/scope-model.ts';
import { play, type Played } from '../support/scope-player.ts';

const RUNS = 500;

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
