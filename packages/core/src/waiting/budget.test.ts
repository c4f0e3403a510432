import { describe, expect, test } from '@jest/globals';
import { BUDGET, Budget, budgetOf } from './budget.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { systemClock } from './system-clock.ts';
import { ManualClock } from '../testing/manual-clock.ts';

/** A clock whose deferred calls happen when the test says so. */
function turningClock() {
  const deferred: (() => void)[] = [];
  const clock: Clock = { ...systemClock, defer: (callback) => deferred.push(callback) };
  const turn = (): void => {
    for (const callback of deferred.splice(0)) callback();
  };
  return { clock, deferred, turn };
}

/** Whether the promise settles before the loop turns. */
async function settlesAtOnce(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  void promise.then(() => (isSettled = true));
  for (let count = 0; count < 10; count += 1) await Promise.resolve();
  return isSettled;
}

describe('the cooperative budget', () => {
  test('gives values at once until it is used up, and then after one turn of the loop', async () => {
    const { clock, deferred, turn } = turningClock();
    const budget = new Budget(clock);
    for (let count = 0; count < BUDGET; count += 1) expect(await budget.pay(count)).toBe(count);
    const late = budget.pay('late');
    expect(await settlesAtOnce(late)).toBe(false);
    expect(deferred).toHaveLength(1);
    turn();
    expect(await late).toBe('late');
  });

  test('is full again after the turn', async () => {
    const { clock, deferred, turn } = turningClock();
    const budget = new Budget(clock);
    for (let count = 0; count < BUDGET; count += 1) void budget.pay(count);
    const late = budget.pay('late');
    turn();
    await late;
    for (let count = 0; count < BUDGET; count += 1) {
      expect(await settlesAtOnce(budget.pay(count))).toBe(true);
    }
    expect(deferred).toHaveLength(0);
    expect(await settlesAtOnce(budget.pay('next'))).toBe(false);
    turn();
  });

  test('lets all that come late wait for the same turn, and gives each its own value', async () => {
    const { clock, deferred, turn } = turningClock();
    const budget = new Budget(clock);
    for (let count = 0; count < BUDGET; count += 1) void budget.pay(count);
    const late = [budget.pay('a'), budget.pay('b'), budget.pay('c')];
    expect(deferred).toHaveLength(1);
    turn();
    expect(await Promise.all(late)).toEqual(['a', 'b', 'c']);
  });

  test('is one for all streams on a clock, and another on another', () => {
    const [one, other] = [new ManualClock(), new ManualClock()];
    expect(budgetOf(one)).toBe(budgetOf(one));
    expect(budgetOf(one)).not.toBe(budgetOf(other));
  });

  test('lets timers and sockets have their turn in a loop that never has to wait', async () => {
    const budget = new Budget(systemClock);
    let rounds = 0;
    let roundsBeforeTurn = Infinity;
    setImmediate(() => (roundsBeforeTurn = rounds));
    for (; rounds < 10 * BUDGET; rounds += 1) await budget.pay(undefined);
    expect(roundsBeforeTurn).toBeLessThanOrEqual(BUDGET);
  });
});
