/** A task that is awaited in a scope which ends first: its failure is the executor's then. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Executor } from '../../src/tasks/executor.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { CancelledError } from '../../src/vocabulary/errors.ts';
import { cancelScope } from '../../src/waiting/cancel-scope.ts';

const failure = new Error('the task failed');
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => {
  unhandled.push(reason);
};
beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});
afterEach(() => {
  process.off('unhandledRejection', onUnhandled);
});

/** Awaits a task in a scope that ends before the task does, by these steps; what the executor reported. */
async function awaited(
  steps: (cancel: () => void, wait: () => Promise<unknown>) => Promise<unknown>,
  run: (clock: ManualClock) => Promise<unknown>,
): Promise<{ told: unknown[]; outcome: unknown }> {
  const clock = new ManualClock();
  const told: unknown[] = [];
  const executor = new Executor({ clock, onTaskError: (error) => told.push(error) });
  const task = executor.spawn(() => run(clock));
  let outcome: unknown;
  await cancelScope(
    async ({ cancel }) => {
      outcome = await steps(cancel, async () => task).catch((error: unknown) => error);
    },
    { clock },
  );
  await clock.advance(100);
  await new Promise(setImmediate);
  await executor.idle();
  return { told, outcome };
}

const failing = (clock: ManualClock): Promise<never> =>
  clock.sleep(50).then(() => Promise.reject(failure));

describe('a task that is awaited in a scope', () => {
  test.each([
    [
      'has ended',
      (cancel: () => void, wait: () => Promise<unknown>) => {
        cancel();
        return wait();
      },
    ],
    [
      'ends meanwhile',
      (cancel: () => void, wait: () => Promise<unknown>) => {
        const waiting = wait();
        setImmediate(cancel);
        return waiting;
      },
    ],
  ])(
    'that %s: the failure is reported once, and no rejection is left over',
    async (_when, steps) => {
      const { told, outcome } = await awaited(steps, failing);
      expect(outcome).toBeInstanceOf(CancelledError);
      expect(told).toEqual([failure]);
      expect(unhandled).toEqual([]);
    },
  );

  test('and elsewhere, which gets the failure: the executor does not', async () => {
    let elsewhere: unknown;
    const clock = new ManualClock();
    const told: unknown[] = [];
    const executor = new Executor({ clock, onTaskError: (error) => told.push(error) });
    const task = executor.spawn(() => failing(clock));
    const other = task.then(undefined, (error: unknown) => {
      elsewhere = error;
    });
    await cancelScope(
      async ({ cancel }) => {
        cancel();
        await task;
      },
      { clock },
    );
    await clock.advance(100);
    await other;
    await new Promise(setImmediate);
    expect([elsewhere, told, unhandled]).toEqual([failure, [], []]);
  });
});
