/** The end of what an executor does: when it is idle, and its shutdown. */

import { describe, expect, test } from '@jest/globals';
import { deferred } from '../waiting/deferred.ts';
import {
  CancelledError,
  ClosedError,
  InvalidInputError,
  TimeoutError,
} from '../vocabulary/errors.ts';
import type { TaskContext } from './task-types.ts';
import {
  fail,
  failure,
  setUpErrors,
  untilAborted,
  gated,
} from '../../test/support/executor-set-up.ts';

describe('idle', () => {
  test('settles at once when there is nothing to do, else when the last task has ended', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    await executor.idle();
    const { gate, run } = gated();
    executor.spawn(run('a'));
    executor.spawn(run('b'));
    let isIdle = false;
    const idle = executor.idle().then(() => (isIdle = true));
    await clock.advance(0);
    expect(isIdle).toBe(false);
    gate.resolve();
    await idle;
    // The counts are those of an idle executor in the same breath.
    expect(executor.statistics()).toMatchObject({ pending: 0, running: 0, done: 2 });
  });

  test('waits until a failure that is not awaited was reported', async () => {
    const { executor, unobserved } = setUpErrors();
    executor.spawn(fail);
    await executor.idle();
    expect(unobserved).toEqual([failure]);
  });

  test('can be cancelled', async () => {
    const { clock, executor } = setUpErrors();
    const task = executor.spawn(untilAborted);
    const late = executor.idle({ timeout: 10 }).catch((error: unknown) => error);
    await clock.advance(10);
    expect(await late).toEqual(new TimeoutError('idle', 10));
    await expect(executor.idle({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
    task.abort();
  });
});

describe('shutdown', () => {
  test('waits for what runs and what waits, and says how many finished', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    await executor.spawn(() => 'before');
    const sleep = ({ sleep: nap }: TaskContext): Promise<void> => nap(100);
    executor.spawn(sleep);
    executor.spawn(sleep);
    const report = executor.shutdown({ grace: 1_000 });
    await clock.advance(200);
    expect(await report).toEqual({ completed: 2, aborted: [], stuck: [] });
    expect(clock.pending).toBe(0);
  });

  test('aborts what has not ended in time, with a reason that says so, and waits for it to clean up', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 2, name: 'the pool' });
    let reason: unknown;
    const cleanUp = async (context: TaskContext): Promise<void> => {
      try {
        await untilAborted(context);
      } catch (error) {
        reason = error;
        await Promise.resolve();
      }
    };
    executor.spawn(cleanUp, { name: 'tidy' });
    executor.spawn(() => deferred<void>().promise, { name: 'deaf' });
    executor.spawn(cleanUp, { name: 'waiting' });
    const shutdown = executor.shutdown({ grace: 100 });
    await clock.advance(99);
    expect(executor.statistics()).toMatchObject({ aborted: 0 });
    await clock.advance(1);
    // The deaf one gets some more turns of the loop.
    expect(await shutdown).toEqual({
      completed: 0,
      aborted: ['tidy', 'deaf', 'waiting'],
      stuck: ['deaf'],
    });
    expect(reason).toBeInstanceOf(CancelledError);
    const { cause } = reason as CancelledError;
    expect(cause).toBeInstanceOf(ClosedError);
    expect(cause).toMatchObject({
      code: 'ERR_EXECUTOR_SHUT_DOWN',
      message: 'shutdown: the pool was shut down',
    });
  });

  test('with a grace of 0 aborts at once', async () => {
    const { clock, executor } = setUpErrors();
    executor.spawn(untilAborted, { name: 'reader' });
    await clock.advance(0);
    const report = await executor.shutdown({ grace: 0 });
    expect(report).toEqual({ completed: 0, aborted: ['reader'], stuck: [] });
  });

  test('takes no more tasks, but lets running ones spawn children until they are aborted', async () => {
    const { clock, executor } = setUpErrors();
    const child = deferred<string>();
    executor.spawn(async ({ sleep, spawn }) => {
      await sleep(10);
      child.resolve(await spawn(() => 'child'));
    });
    await clock.advance(0);
    const shutdown = executor.shutdown();
    expect(() => executor.spawn(() => {})).toThrow(
      new ClosedError('spawn: executor was shut down', {
        code: 'ERR_EXECUTOR_SHUT_DOWN',
        operation: 'spawn',
      }),
    );
    await clock.advance(10);
    expect(await child.promise).toBe('child');
    expect(await shutdown).toEqual({ completed: 2, aborted: [], stuck: [] });
  });

  test('gives a frozen report, also of an executor that has nothing to do, and a second time', async () => {
    const { executor } = setUpErrors();
    const report = await executor.shutdown();
    expect(report).toEqual({ completed: 0, aborted: [], stuck: [] });
    expect([report, report.aborted, report.stuck].every(Object.isFrozen)).toBe(true);
    expect(await executor.shutdown()).toEqual(report);
  });

  test.each([-1, Number.NaN, '5' as never])('refuses a grace of %p', async (grace) => {
    const { executor } = setUpErrors();
    await expect(executor.shutdown({ grace })).rejects.toThrow(InvalidInputError);
    await executor.spawn(() => 'still open');
  });
});
