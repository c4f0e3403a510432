import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seededRandom } from '../../../vocabulary/random.ts';
import type { Decision } from '../decisions/log.ts';
import { sampleOf } from '../decisions/sample.ts';
import { reduce, type Trial } from './reduce.ts';

const decision = (number: number, value = 5): Decision => ({
  key: `client:${number % 7} → server:7 / ${number % 3 === 0 ? 'reset' : 'latency'} / ${number}`,
  value,
});
const listOf = (numbers: readonly number[]): Decision[] =>
  numbers.map((number) => decision(number));

/** A run that fails as `isWrong` says of a list; `cameToPass` is what it made of one. */
function trialOf(
  isWrong: (list: readonly Decision[]) => boolean,
  cameToPass: (list: readonly Decision[]) => readonly Decision[] = (list) => list,
  maxRuns = 20_000,
): Trial & { runs: number; kept: readonly Decision[] | undefined; readonly lists: string[] } {
  return {
    runs: 0,
    kept: undefined,
    lists: [],
    get isOver() {
      return this.runs >= maxRuns;
    },
    fails(list) {
      this.runs += 1;
      if (sampleOf(list) !== undefined) return Promise.resolve(undefined);
      this.lists.push(JSON.stringify(list.toSorted((a, b) => (a.key < b.key ? -1 : 1))));
      const decisions = cameToPass(list);
      if (!isWrong(decisions)) return Promise.resolve(undefined);
      const keep = (): void => {
        this.kept = decisions;
      };
      return Promise.resolve({ decisions, keep });
    },
  };
}

const has = (list: readonly Decision[], ...wanted: readonly Decision[]): boolean =>
  wanted.every(({ key }) => list.some((each) => each.key === key));

describe('a reducer', () => {
  test('leaves what is needed and nothing else, whatever that is', async () => {
    const numbers = fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(numbers, fc.nat(3), fc.nat(), async (all, count, seed) => {
        const list = listOf(all);
        const needed = list.slice(0, count);
        const trial = trialOf((tried) => has(tried, ...needed));
        await reduce(list, trial, seededRandom(seed));
        const left = trial.kept?.map(({ key }) => key).toSorted();
        expect(left).toEqual(needed.map(({ key }) => key).toSorted());
        expect(trial.kept?.every(({ value }) => value <= 5)).toBe(true);
      }),
    );
  });

  test('keeps only what fails, also where less is not always more', async () => {
    const numbers = fc.uniqueArray(fc.nat(60), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(numbers, fc.nat(), async (all, seed) => {
        // Fails with an odd number of them alone: no step down by one is possible.
        const isWrong = (list: readonly Decision[]): boolean => list.length % 2 === all.length % 2;
        const trial = trialOf(isWrong);
        await reduce(listOf(all), trial, seededRandom(seed));
        expect(isWrong(trial.kept ?? [])).toBe(true);
        expect(trial.kept?.length).toBe(all.length % 2);
      }),
    );
  });

  test('tries no list twice that did not fail', async () => {
    const needed = listOf([3, 4, 8, 15, 16]);
    const trial = trialOf((list) => has(list, ...needed));
    await reduce(listOf(Array.from({ length: 80 }, (_, at) => at)), trial, seededRandom(1));
    expect(trial.kept).toHaveLength(5);
    const failed = trial.lists.filter(
      (list) => !has(JSON.parse(list) as readonly Decision[], ...needed),
    );
    expect(new Set(failed).size).toBe(failed.length);
  });

  test('makes numbers small also when a smaller one takes others off the list', async () => {
    // With a value below 3 of the first, the last does not come to pass, and the run fails without it.
    const list = listOf([1, 2, 3]);
    const trial = trialOf(
      (tried) => tried.length > 0 && (tried[0]?.value ?? 0) !== 2,
      (tried) => ((tried[0]?.value ?? 0) < 4 ? tried.slice(0, 1) : tried),
    );
    await reduce(list, trial, seededRandom(1));
    expect(trial.kept).toHaveLength(1);
  });

  test('finds a calmer run where taking decisions out leads nowhere', async () => {
    // Every delay is needed for the moment of the fault; where there is none, the fault is needed one place earlier.
    const delays = listOf([1, 2, 4, 5, 7, 8, 10]);
    const fault = { key: 'client:1 → server:7 / reset / 9', value: 1 };
    const earlier = { key: 'client:1 → server:7 / reset / 8', value: 1 };
    const trial = trialOf((list) => has(list, ...delays, fault) || has(list, earlier));
    await reduce([...delays, fault], trial, seededRandom(1));
    expect(trial.kept).toEqual([earlier]);
  });

  test('keeps the best when the budget is over', async () => {
    const needed = listOf([3, 40]);
    const trial = trialOf((list) => has(list, ...needed), undefined, 12);
    await reduce(listOf(Array.from({ length: 80 }, (_, at) => at)), trial, seededRandom(1));
    expect(trial.runs).toBe(12);
    expect(has(trial.kept ?? [], ...needed)).toBe(true);
    expect(trial.kept?.length).toBeLessThan(80);
  });

  test('does nothing with a list that does not fail', async () => {
    const trial = trialOf(() => false);
    await reduce(listOf([1, 2]), trial, seededRandom(1));
    expect([trial.runs, trial.kept]).toEqual([1, undefined]);
  });
});
