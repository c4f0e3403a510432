import { expect, test } from '@jest/globals';
import { simulate } from '../testing/sim/simulate.ts';
import { budgetOf } from './budget.ts';
import { PerClock } from './per-clock.ts';
import { systemClock } from './system-clock.ts';

test('a clock has one value, made for it when it is first asked for', () => {
  const made: unknown[] = [];
  const values = new PerClock((clock) => {
    made.push(clock);
    return {};
  });
  expect(made).toEqual([]);
  const value = values.of(systemClock);
  expect(values.of(systemClock)).toBe(value);
  expect(values.of({ ...systemClock })).not.toBe(value);
  expect(made).toHaveLength(2);
});

test('a run of a simulation has another value for the system’s clock than the process, and than the next run', async () => {
  const values = new PerClock(() => ({}));
  const seen = new Set([values.of(systemClock), budgetOf(systemClock)]);
  const beside: unknown[] = [];
  const timer = setInterval(() => beside.push(values.of(systemClock)), 1);
  for (const seed of [1, 2]) {
    await simulate({ seed }, async (sim) => {
      const own = values.of(systemClock);
      seen.add(own).add(budgetOf(systemClock));
      while (beside.length < 2 * seed) await sim.clock.sleep(0.01);
      expect(values.of(systemClock)).toBe(own);
    });
  }
  clearInterval(timer);
  expect(seen.size).toBe(6);
  expect(new Set(beside)).toEqual(new Set([values.of(systemClock)]));
  expect(seen.has(values.of(systemClock))).toBe(true);
});
