import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { seededRandom, systemRandom, type Random } from './random.ts';

const draw = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.next() * 0x1_0000_0000);

describe('a seeded generator', () => {
  // From the reference code of sfc32 in C (PractRand), seeded with the seed's two halves and warmed up twelve times.
  test.each([
    [0, [1_363_572_419, 145_230_303, 808_754_475, 4_216_505_632]],
    [1, [2_012_149_540, 1_872_316_204, 1_707_632_675, 1_779_833_415]],
    [42, [1_264_412_219, 1_947_509_147, 3_919_439_299, 1_251_167_922]],
    [0x1_2345_6789_abcd, [3_084_697_334, 3_599_130_084, 3_453_378_840, 1_348_678_125]],
  ])('gives the numbers of the reference code for seed %d', (seed, expected) => {
    expect(draw(seededRandom(seed), 4)).toEqual(expected);
  });

  test('gives the same numbers for the same seed, and others for another', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seed) => {
        const numbers = draw(seededRandom(seed), 8);
        expect(draw(seededRandom(seed), 8)).toEqual(numbers);
        expect(draw(seededRandom(seed === 0 ? 1 : seed - 1), 8)).not.toEqual(numbers);
      }),
    );
  });

  test('is not moved by the draws of another', () => {
    const alone = draw(seededRandom(7), 4);
    const [one, other] = [seededRandom(7), seededRandom(8)];
    const mixed = [0, 1, 2, 3].flatMap(() => {
      draw(other, 3);
      return draw(one, 1);
    });
    expect(mixed).toEqual(alone);
  });
});

describe.each([
  ['seeded', seededRandom(3)],
  ['system', systemRandom],
])('the %s generator', (_name, random) => {
  test('gives numbers from 0 up to, but not including, 1', () => {
    for (let round = 0; round < 1_000; round += 1) {
      const number = random.next();
      expect(number).toBeGreaterThanOrEqual(0);
      expect(number).toBeLessThan(1);
    }
  });

  test('gives whole numbers between two bounds, both of them included', () => {
    const seen = new Set(Array.from({ length: 1_000 }, () => random.integer(-1, 2)));
    expect([...seen].toSorted((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    expect(random.integer(5, 5)).toBe(5);
  });

  test('takes a chance of 0 never, of 1 always, and of a half sometimes', () => {
    const outcomes = (probability: number): Set<boolean> =>
      new Set(Array.from({ length: 1_000 }, () => random.chance(probability)));
    expect(outcomes(0)).toEqual(new Set([false]));
    expect(outcomes(1)).toEqual(new Set([true]));
    expect(outcomes(0.5)).toEqual(new Set([true, false]));
  });
});

test('a chance of 0 draws no number, so that a fault that is off does not move the others', () => {
  const [one, other] = [seededRandom(9), seededRandom(9)];
  one.chance(0);
  expect(one.next()).toBe(other.next());
});
