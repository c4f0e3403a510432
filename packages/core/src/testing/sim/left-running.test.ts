/** A program that has finished, and has left timers running. */
import { describe, expect, test } from '@jest/globals';
import type { Simulation } from './options.ts';
import { simulate } from './simulate.ts';

const DEADLINE = 5_000;

const INTERVALS: readonly (readonly [
  where: string,
  set: (sim: Simulation, tick: () => void) => void,
])[] = [
  ['the program', (_sim, tick) => setInterval(tick, 100)],
  ['a host', (sim, tick) => sim.host('a').run(async () => void setInterval(tick, 100))],
];

describe('an interval that is left running', () => {
  test.each(INTERVALS)(
    'by %s runs to the deadline, which the virtual time of the run says',
    async (_where, set) => {
      const ticks: number[] = [];
      const run = await simulate({ deadline: DEADLINE }, async (sim) => {
        set(sim, () => ticks.push(sim.clock.now()));
        await sim.clock.sleep(1);
      });
      expect(run.virtualTime).toBe(DEADLINE);
      // Of the last timers that fire after a run, the deadline keeps none from firing.
      expect(ticks.filter((at) => at <= DEADLINE)).toHaveLength(50);
    },
  );

  test('keeps no run going when it is unref’d or cleared', async () => {
    const run = await simulate({ deadline: DEADLINE }, async (sim) => {
      setInterval(() => {}, 100).unref();
      const interval = setInterval(() => {}, 100);
      await sim.clock.sleep(250);
      clearInterval(interval);
    });
    expect(run.virtualTime).toBe(250);
  });

  test('fails the run where the program has not finished', async () => {
    const failed = simulate({ deadline: DEADLINE }, async () => {
      setInterval(() => {}, 100);
      await new Promise(() => {});
    });
    await expect(failed).rejects.toMatchObject({ kind: 'deadline', virtualTime: DEADLINE });
  });
});
