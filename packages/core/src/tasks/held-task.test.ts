import { describe, expect, test } from '@jest/globals';

import { deferred } from '../waiting/deferred.ts';

import { holdTask } from './task-context.ts';
import type { TaskLease } from './task-host.ts';
import type { Task, TaskContext } from './task-types.ts';
import { SpawnedTask } from './task.ts';

import { failure, outcomeOf, setUp } from '../../test/support/executor-set-up.ts';

describe('a task that is held', () => {
  test('goes on when its function has returned, until it is released', async () => {
    const { clock, executor } = setUp();
    let lease: TaskLease | undefined;
    const task = executor.spawn((context) => {
      lease = holdTask(context);
      return 7;
    });
    await clock.advance(0);
    expect([task.state, executor.statistics().running]).toEqual(['running', 1]);
    lease?.release();
    lease?.release();
    expect(await task).toBe(7);
    expect([task.state, executor.statistics()]).toMatchObject(['done', { running: 0, done: 1 }]);
  });

  test('keeps its slot until then', async () => {
    const { clock, executor } = setUp({ concurrency: 1 });
    const leases: TaskLease[] = [];
    const task = executor.spawn((context) => void leases.push(holdTask(context)));
    const next = executor.spawn(() => 'the next one');
    await clock.advance(0);
    expect([task.state, next.state]).toEqual(['running', 'pending']);
    leases[0]?.release();
    expect(await next).toBe('the next one');
  });

  test('fails at once with what its function throws; to be released later changes nothing', async () => {
    const { executor, unobserved } = setUp();
    let lease: TaskLease | undefined;
    const task = executor.spawn((context) => {
      lease = holdTask(context);
      throw failure;
    });
    expect(await outcomeOf(task)).toEqual({ error: failure });
    lease?.release();
    expect([task.state, unobserved]).toEqual(['failed', []]);
  });

  test('that is aborted is torn down at once, and gives the reason when it is released', async () => {
    const { clock, executor } = setUp();
    let lease: TaskLease | undefined;
    const reset: unknown[] = [];
    const task = executor.spawn((context) => void (lease = holdTask(context)), {
      onAbort: { reset: (reason) => void reset.push(reason) },
    });
    await clock.advance(0);
    task.abort(failure);
    const outcome = outcomeOf(task);
    await clock.advance(0);
    expect(reset).toEqual([failure]);
    expect(executor.statistics().running).toBe(1);
    lease?.release();
    expect(await outcome).toEqual({ error: failure });
    expect([task.state, executor.statistics().running]).toEqual(['aborted', 0]);
  });

  test('fails when its asynchronous function does, held early or late, and leaves no rejection behind', async () => {
    const { executor, unobserved } = setUp();
    const early = executor.spawn(async (context) => {
      holdTask(context);
      await Promise.resolve();
      throw failure;
    });
    const late = executor.spawn(async (context) => {
      await Promise.resolve();
      holdTask(context);
      throw failure;
    });
    expect(await Promise.all([early, late].map(outcomeOf))).toEqual([
      { error: failure },
      { error: failure },
    ]);
    await executor.idle();
    expect(unobserved).toEqual([]);
  });

  test('ends when its asynchronous function has returned and it was released, whichever comes last', async () => {
    const { clock, executor } = setUp({ concurrency: 2 });
    const gate = deferred<void>();
    const leases: TaskLease[] = [];
    const spawn = (): Task<string> =>
      executor.spawn(async (context) => {
        await Promise.resolve();
        leases.push(holdTask(context));
        await gate.promise;
        return 'over';
      });
    const [first, second] = [spawn(), spawn()];
    await clock.advance(0);
    leases[0]?.release();
    await clock.advance(0);
    expect([first.state, second.state]).toEqual(['running', 'running']);
    gate.resolve();
    expect(await first).toBe('over');
    expect([second.state, executor.statistics().running]).toEqual(['running', 1]);
    leases[1]?.release();
    expect(await second).toBe('over');
  });

  test('is none when it was released before its function returned, or never held', async () => {
    const { executor } = setUp();
    const released = executor.spawn((context) => {
      holdTask(context).release();
    });
    await released;
    const gate = deferred<void>();
    const never = executor.spawn(() => gate.promise);
    await Promise.resolve();
    if (!(never instanceof SpawnedTask)) throw new Error('not a task of this executor');
    never.release();
    expect(never.state).not.toBe('done');
    gate.resolve();
    await never;
  });

  test('needs the context of a task', () => {
    expect(() => holdTask({} as TaskContext)).toThrow(
      '`context` to be the context of a task, got an object (Object)',
    );
  });

  test('is aborted by its timeout, and ends when it is released', async () => {
    const { clock, executor } = setUp();
    let lease: TaskLease | undefined;
    const task = executor.spawn((context) => void (lease = holdTask(context)), { timeout: 10 });
    const outcome = outcomeOf(task);
    await clock.advance(10);
    expect(task.state).toBe('aborted');
    lease?.release();
    expect(await outcome).toMatchObject({ error: { name: 'TimeoutError' } });
    await executor.idle();
  });

  test('is waited for by its group', async () => {
    const { clock, executor } = setUp();
    let lease: TaskLease | undefined;
    let isOver = false;
    const group = executor
      .group((tasks) => void tasks.spawn((context) => void (lease = holdTask(context))))
      .then(() => {
        isOver = true;
      });
    await clock.advance(0);
    expect(isOver).toBe(false);
    lease?.release();
    await group;
  });
});
