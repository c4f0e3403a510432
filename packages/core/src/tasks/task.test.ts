import { afterEach, describe, expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { deferred } from '../waiting/deferred.ts';
import { CancelledError, ClosedError } from '../vocabulary/errors.ts';

import type { Task, TaskContext } from './task-types.ts';

import { traceWaits } from '../waiting/wait-trace.ts';

import {
  fail,
  failure,
  outcomeOf,
  setUp,
  untilAborted,
} from '../../test/support/executor-set-up.ts';

describe('a task that returns', () => {
  test('gives its result to every await, before and after', async () => {
    const { executor } = setUp();
    const task = executor.spawn(async () => 7);
    expect(await Promise.all([task, task])).toEqual([7, 7]);
    expect(await task).toBe(7);
    expect(task.state).toBe('done');
  });

  test('goes from pending to running to done', async () => {
    const { clock, executor } = setUp();
    const gate = deferred<void>();
    const task = executor.spawn(() => gate.promise);
    const states = [task.state];
    await clock.advance(0);
    states.push(task.state);
    gate.resolve();
    await task;
    states.push(task.state);
    expect(states).toEqual(['pending', 'running', 'done']);
  });

  test('begins only after spawn has returned, also when its function is synchronous', () => {
    const { executor } = setUp();
    let hasBegun = false;
    executor.spawn(() => {
      hasBegun = true;
    });
    expect(hasBegun).toBe(false);
  });

  test('has the name it was given, else that of its function, else "task"', () => {
    const { executor } = setUp();
    const names = [
      executor.spawn(untilAborted, { name: 'reader' }),
      executor.spawn(untilAborted),
      executor.spawn(() => {}),
    ].map(({ name }) => name);
    expect(names).toEqual(['reader', 'untilAborted', 'task']);
  });

  test('is a promise as far as catch and finally go', async () => {
    const { executor } = setUp();
    const calls: string[] = [];
    const task = executor.spawn(() => 7);
    expect(await task.catch(() => 8)).toBe(7);
    expect(await task.finally(() => calls.push('finally'))).toBe(7);
    expect(calls).toEqual(['finally']);
  });
});

describe('a task that fails', () => {
  test('gives its failure to its caller, and does not report it', async () => {
    const { executor, unobserved } = setUp();
    const task = executor.spawn(fail);
    expect(await outcomeOf(task)).toEqual({ error: failure });
    expect(task.state).toBe('failed');
    expect(unobserved).toEqual([]);
  });

  test('reports its failure to the executor when it is not awaited', async () => {
    const { clock, executor, unobserved } = setUp();
    executor.spawn(fail, { name: 'forgotten' });
    executor.spawn(async () => fail(), { name: 'forgotten too' });
    await clock.advance(0);
    expect(unobserved).toEqual([
      { error: failure, name: 'forgotten' },
      { error: failure, name: 'forgotten too' },
    ]);
  });

  test('still gives its failure to a late await', async () => {
    const { clock, executor } = setUp();
    const task = executor.spawn(fail);
    await clock.advance(0);
    expect(await outcomeOf(task)).toEqual({ error: failure });
  });

  test('is never an unhandled rejection, also when its promise was made and dropped', async () => {
    const { clock, executor } = setUp();
    const task = executor.spawn(fail);
    // What a caller does who races it against something and loses interest.
    await Promise.race([task, clock.sleep(0), Promise.resolve()]);
    await clock.advance(1);
    expect(task.state).toBe('failed');
  });
});

describe("a task's children", () => {
  test('are aborted with it, and theirs with them, pending or running', async () => {
    const { clock, executor } = setUp();
    const family: Task<unknown>[] = [];
    const parent = executor.spawn(async (context) => {
      family.push(
        context.spawn(async (child) => {
          family.push(child.spawn(untilAborted));
          await untilAborted(child);
        }),
      );
      await untilAborted(context);
    });
    await clock.advance(0);
    parent.abort('all of you');
    expect(family.map(({ state }) => state)).toEqual(['aborted', 'aborted']);
    expect(await Promise.all(family.map(outcomeOf))).toEqual([
      { error: 'all of you' },
      { error: 'all of you' },
    ]);
    await executor.idle();
  });

  test('may outlive it, and are then aborted with its parent', async () => {
    const { clock, executor } = setUp();
    let grandchild: Task<unknown> | undefined;
    const root = executor.spawn(async (context) => {
      await context.spawn((child) => {
        grandchild = child.spawn(untilAborted, { name: 'orphan' });
      });
      await untilAborted(context);
    });
    await clock.advance(0);
    expect(grandchild?.state).toBe('running');
    expect(executor.snapshot()).toMatchObject([
      { id: root.id },
      { name: 'orphan', parent: root.id },
    ]);
    root.abort('stop');
    expect(grandchild?.state).toBe('aborted');
  });

  test('of a task without a parent go on without one when it has ended', async () => {
    const { clock, executor } = setUp();
    const child = await executor.spawn(({ spawn }) => ({ task: spawn(untilAborted) }));
    await clock.advance(0);
    expect(child.task.state).toBe('running');
    expect(executor.snapshot()[0]?.parent).toBeUndefined();
    child.task.abort();
  });

  test('do not fail their parent, nor one another', async () => {
    const { clock, executor, unobserved } = setUp();
    const parent = executor.spawn(async ({ spawn, sleep }) => {
      spawn(fail, { name: 'bad child' });
      const good = spawn(() => 'good');
      await sleep(10);
      return await good;
    });
    await clock.advance(10);
    expect(await parent).toBe('good');
    expect(unobserved).toEqual([{ error: failure, name: 'bad child' }]);
  });

  test('cannot be spawned by a task that was aborted: it gets a CancelledError with the reason', async () => {
    const { clock, executor } = setUp();
    let thrown: unknown;
    const task = executor.spawn(async (context) => {
      await outcomeOf(untilAborted(context));
      try {
        context.spawn(untilAborted);
      } catch (error) {
        thrown = error;
      }
    });
    await clock.advance(0);
    task.abort('stop');
    await task.ended;
    expect(thrown).toBeInstanceOf(CancelledError);
    expect((thrown as CancelledError).cause).toBe('stop');
  });

  test('cannot be spawned by a task that has ended', async () => {
    const { executor } = setUp();
    const context = await executor.spawn((own) => ({ own }), { name: 'gone' });
    expect(() => context.own.spawn(untilAborted)).toThrow(
      new ClosedError('spawn: the task gone has ended and can have no more children', {
        code: 'ERR_TASK_ENDED',
        operation: 'spawn',
      }),
    );
  });

  test('cost the signal they share one listener, for a hundred thousand of them', async () => {
    // One slot, so that the children wait: what is counted here is what waiting costs.
    const { clock, executor } = setUp({ concurrency: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const parent = executor.spawn(async (context) => {
      for (let count = 0; count < 100_000; count += 1) context.spawn(untilAborted, { signal });
      await untilAborted(context);
    });
    await clock.advance(0);
    expect(executor.statistics()).toMatchObject({ running: 1, pending: 100_000 });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort('all children');
    expect(executor.statistics()).toMatchObject({ running: 1, pending: 0, aborted: 100_000 });
    parent.abort();
    await executor.idle();
  });

  test('spawned on the signal of their parent cost it one listener, too', async () => {
    const { clock, executor } = setUp();
    let signal: AbortSignal | undefined;
    const parent = executor.spawn(async (context) => {
      ({ signal } = context);
      for (let count = 0; count < 1_000; count += 1) context.spawn(untilAborted, { signal });
      await context.sleep(60_000);
    });
    await clock.advance(0);
    expect(getEventListeners(signal as AbortSignal, 'abort')).toHaveLength(1);
    parent.abort();
    await executor.idle();
  });

  test('keep no trace of their ancestors: a task may respawn itself for ever', async () => {
    const { executor } = setUp();
    const parents = new Set<number | undefined>();
    const again =
      (count: number) =>
      async ({ spawn, yieldNow }: TaskContext): Promise<void> => {
        // By now the one that spawned this one has ended.
        await yieldNow();
        parents.add(executor.snapshot()[0]?.parent);
        if (count > 0) spawn(again(count - 1));
      };
    executor.spawn(again(100));
    await executor.idle();
    expect(parents).toEqual(new Set([undefined]));
  });
});

describe('yieldNow', () => {
  test('lets the events that are ready have their turn', async () => {
    const { clock, executor } = setUp();
    const order: string[] = [];
    setImmediate(() => order.push('event'));
    await executor.run(async ({ yieldNow }) => {
      order.push('before');
      await yieldNow();
      order.push('after');
    });
    await clock.advance(0);
    expect(order).toEqual(['before', 'event', 'after']);
  });

  test('throws the reason in a task that was aborted, so that a busy loop ends', async () => {
    const { clock, executor } = setUp();
    let rounds = 0;
    const task = executor.spawn(async ({ yieldNow }) => {
      for (;;) {
        rounds += 1;
        await yieldNow();
      }
    });
    await clock.advance(0);
    task.abort('stop');
    await task.ended;
    expect(rounds).toBeGreaterThan(0);
  });
});

describe('sleep', () => {
  test('waits on the clock of the executor', async () => {
    const { clock, executor } = setUp();
    const task = executor.spawn(({ sleep }) => sleep(60_000));
    await clock.advance(59_999);
    expect(task.state).toBe('running');
    await clock.advance(1);
    expect(task.state).toBe('done');
  });

  test('throws the reason when the task is aborted, and leaves no timer', async () => {
    const { clock, executor } = setUp();
    const task = executor.spawn(({ sleep }) => sleep(60_000));
    await clock.advance(0);
    task.abort('stop');
    await task.ended;
    expect(clock.pending).toBe(0);
  });
});

describe('while waits are traced', () => {
  afterEach(() => {
    traceWaits(false);
  });

  test('a snapshot says who waits on what, since when, and where it was asked and spawned', async () => {
    const { clock, executor } = setUp();
    traceWaits(true);
    const sleeper = executor.spawn(({ sleep }) => sleep(1_000), { name: 'sleeper' });
    executor.spawn(
      async () => {
        await sleeper;
      },
      { name: 'waiter' },
    );
    await clock.advance(250);
    const site = expect.stringContaining('task.test.ts');
    const [first, second] = executor.snapshot();
    expect(first).toMatchObject({ id: 1, name: 'sleeper', state: 'running', age: 250, site });
    expect(first?.waits).toEqual([{ operation: 'sleep', age: 250, site }]);
    expect(second).toMatchObject({ id: 2, name: 'waiter', state: 'running', age: 250, site });
    expect(second?.waits).toMatchObject([{ operation: 'task "sleeper"', age: 250 }]);
    await clock.advance(750);
    expect(executor.snapshot()).toEqual([]);
  });

  test('and nothing of that while they are not', async () => {
    const { clock, executor } = setUp();
    executor.spawn(({ sleep }) => sleep(1_000), { name: 'sleeper' });
    await clock.advance(250);
    expect(executor.snapshot()).toEqual([
      { id: 1, name: 'sleeper', state: 'running', age: 250, waits: [] },
    ]);
    await clock.advance(750);
  });
});
