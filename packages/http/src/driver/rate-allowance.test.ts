import { describe, expect, test } from '@jest/globals';
import { RateAllowance } from './rate-allowance.ts';

describe('the allowance of a minimum rate', () => {
  test('is the grace before anything came', () => {
    expect(new RateAllowance(5_000, 240).left).toBe(5_000);
  });

  test('shrinks by what the peer kept this side waiting, and grows by what its bytes are worth', () => {
    const allowance = new RateAllowance(1_000, 100);
    allowance.count(400, 20);
    expect(allowance.left).toBe(800);
    allowance.count(700, 0);
    expect(allowance.left).toBe(100);
  });

  test('is never negative', () => {
    const allowance = new RateAllowance(1_000, 100);
    allowance.count(5_000, 1);
    expect(allowance.left).toBe(0);
  });

  test('has no end without a minimum rate, or with an endless grace', () => {
    const free = new RateAllowance(1_000, 0);
    free.count(100_000, 0);
    expect(free.left).toBe(Infinity);
    expect(new RateAllowance(Infinity, 240).left).toBe(Infinity);
  });

  test('allows no wait beyond the grace at an infinite rate', () => {
    const allowance = new RateAllowance(1_000, Infinity);
    allowance.count(600, 10_000);
    expect(allowance.left).toBe(400);
  });
});
