import { describe, expect, test } from '@jest/globals';

import { deferred } from '../waiting/deferred.ts';
import { BrokenError, CancelledError, ClosedError, TimeoutError } from '../vocabulary/errors.ts';

import type { TaskContext } from './task-types.ts';

import { failure, outcomeOf, setUp, untilAborted } from '../../test/support/executor-set-up.ts';

describe('a task that is aborted', () => {
  test('never runs when it waited for a slot', async () => {
    const { clock, executor } = setUp({ concurrency: 1 });
    const gate = deferred<void>();
    executor.spawn(() => gate.promise);
    let hasRun = false;
    const waiting = executor.spawn(() => {
      hasRun = true;
    });
    waiting.abort('not any more');
    expect(waiting.state).toBe('aborted');
    await waiting.ended;
    gate.resolve();
    await clock.advance(0);
    expect(hasRun).toBe(false);
    expect(await outcomeOf(waiting)).toEqual({ error: 'not any more' });
  });

  test('never runs when it is aborted between its spawn and its beginning', async () => {
    const { clock, executor } = setUp();
    let hasRun = false;
    const task = executor.spawn(() => {
      hasRun = true;
    });
    task.abort();
    await clock.advance(0);
    expect(hasRun).toBe(false);
    expect(executor.statistics()).toMatchObject({ pending: 0, running: 0, aborted: 1 });
  });

  test('aborts the signal of its function, and rejects its caller when the function has ended', async () => {
    const { clock, executor, unobserved } = setUp();
    const cleanedUp = deferred<void>();
    let reason: unknown;
    const task = executor.spawn(async ({ signal }) => {
      await outcomeOf(untilAborted({ signal } as TaskContext));
      reason = signal.reason;
      await cleanedUp.promise;
    });
    await clock.advance(0);
    task.abort('stop');
    let hasEnded = false;
    const outcome = outcomeOf(task).finally(() => (hasEnded = true));
    await clock.advance(0);
    expect(reason).toBeInstanceOf(CancelledError);
    expect(reason).toMatchObject({ cause: 'stop' });
    expect(hasEnded).toBe(false);
    cleanedUp.resolve();
    expect(await outcome).toEqual({ error: 'stop' });
    expect(unobserved).toEqual([]);
  });

  test('gets a ClosedError with its name as the reason when none is given', async () => {
    const { executor } = setUp();
    const task = executor.spawn(untilAborted, { name: 'reader' });
    task.abort();
    const { error } = (await outcomeOf(task)) as { error: ClosedError };
    expect(error).toBeInstanceOf(ClosedError);
    expect(error).toMatchObject({ code: 'ERR_TASK_ABORTED', operation: 'reader' });
    expect(error.message).toBe('reader: the task was aborted');
  });

  test('stays as it is when it had come out already', async () => {
    const { executor } = setUp();
    const done = executor.spawn(() => 1);
    const aborted = executor.spawn(untilAborted);
    await done;
    done.abort('too late');
    aborted.abort('first');
    aborted.abort('second');
    expect([done.state, aborted.state]).toEqual(['done', 'aborted']);
    expect([await outcomeOf(done), await outcomeOf(aborted)]).toEqual([
      { value: 1 },
      { error: 'first' },
    ]);
  });

  test('does not come out as done when its function returns after all', async () => {
    const { clock, executor } = setUp();
    const gate = deferred<number>();
    const task = executor.spawn(() => gate.promise);
    await clock.advance(0);
    task.abort('stop');
    gate.resolve(1);
    await task.ended;
    expect([task.state, await outcomeOf(task)]).toEqual(['aborted', { error: 'stop' }]);
  });

  test('has a signal that has aborted, also when it is first asked for afterwards', async () => {
    const { clock, executor } = setUp();
    const gate = deferred<void>();
    let signal: AbortSignal | undefined;
    const task = executor.spawn(async (context) => {
      await gate.promise;
      ({ signal } = context);
    });
    await clock.advance(0);
    task.abort('stop');
    gate.resolve();
    await task.ended;
    expect(signal).toMatchObject({ aborted: true, reason: { cause: 'stop' } });
  });

  test.each<[string, (reason: Error) => unknown]>([
    ['the reason itself', (reason) => reason],
    ['an error that the reason caused', (cause) => new Error('gave up', { cause })],
    ['an AbortError of the platform', () => new DOMException('aborted', 'AbortError')],
  ])('has followed the abort when its function throws %s', async (_what, thrown) => {
    const { clock, executor, unobserved } = setUp();
    const reason = new Error('stop');
    const task = executor.spawn(async (context) => {
      await outcomeOf(untilAborted(context));
      throw thrown(reason);
    });
    await clock.advance(0);
    task.abort(reason);
    await task.ended;
    expect(unobserved).toEqual([]);
  });

  test('reports an I/O error of its cleanup, and takes for the abort only that of what onAbort has closed', async () => {
    const { clock, executor, unobserved } = setUp();
    const broken = new BrokenError('the commit was not written', {
      code: 'ECONNRESET',
      operation: 'write',
    });
    const closed = new ClosedError('closed', { code: 'ERR_STREAM_CLOSED', operation: 'read' });
    const throwing = (error: Error) => async (context: TaskContext) => {
      await outcomeOf(untilAborted(context));
      throw error;
    };
    const tasks = [
      executor.spawn(throwing(broken), { name: 'commit' }),
      executor.spawn(throwing(closed), { name: 'reads what others closed' }),
      executor.spawn(throwing(closed), { name: 'reader', onAbort: () => {} }),
      executor.spawn(throwing(broken), { name: 'writer', onAbort: () => {} }),
    ];
    await clock.advance(0);
    for (const task of tasks) task.abort('stop');
    await Promise.all(tasks.map(({ ended }) => ended));
    expect(unobserved).toEqual([
      { error: broken, name: 'commit' },
      { error: closed, name: 'reads what others closed' },
      { error: broken, name: 'writer' },
    ]);
  });

  test('reports any other error that its function throws to the executor, awaited or not', async () => {
    const { clock, executor, unobserved } = setUp();
    const task = executor.spawn(
      async (context) => {
        await outcomeOf(untilAborted(context));
        throw failure;
      },
      { name: 'untidy' },
    );
    await clock.advance(0);
    task.abort('stop');
    expect(await outcomeOf(task)).toEqual({ error: 'stop' });
    await task.ended;
    expect(unobserved).toEqual([{ error: failure, name: 'untidy' }]);
  });

  test('is no failure and is not reported, since the abort was requested', async () => {
    const { clock, executor, unobserved } = setUp();
    executor.spawn(untilAborted).abort();
    const running = executor.spawn(untilAborted);
    await clock.advance(0);
    running.abort();
    await running.ended;
    expect(unobserved).toEqual([]);
  });
});

describe('the signal of a task', () => {
  test('aborts it while it runs and while it waits', async () => {
    const { clock, executor } = setUp({ concurrency: 1 });
    const controller = new AbortController();
    const { signal } = controller;
    const running = executor.spawn(untilAborted, { signal });
    const waiting = executor.spawn(untilAborted, { signal });
    await clock.advance(0);
    controller.abort('enough');
    expect(await Promise.all([outcomeOf(running), outcomeOf(waiting)])).toEqual([
      { error: 'enough' },
      { error: 'enough' },
    ]);
    await executor.idle();
  });

  test('is released when the outcome is decided', async () => {
    const { executor } = setUp();
    const controller = new AbortController();
    const task = executor.spawn(() => 1, { signal: controller.signal });
    await task;
    controller.abort('too late');
    expect([task.state, await task]).toEqual(['done', 1]);
  });
});

describe('the timeout of a task', () => {
  test('aborts it with a TimeoutError that has its name, counted from the spawn', async () => {
    const { clock, executor } = setUp({ concurrency: 1 });
    const running = executor.spawn(untilAborted, { name: 'slow', timeout: 100 });
    const waiting = executor.spawn(untilAborted, { name: 'waiting', timeout: 150 });
    const outcomes = Promise.all([outcomeOf(running), outcomeOf(waiting)]);
    await clock.advance(99);
    expect(running.state).toBe('running');
    await clock.advance(51);
    expect(await outcomes).toEqual([
      { error: new TimeoutError('slow', 100) },
      { error: new TimeoutError('waiting', 150) },
    ]);
  });

  test('is a failure that is reported to the executor when the task is not awaited', async () => {
    const { clock, executor, unobserved } = setUp();
    executor.spawn(untilAborted, { name: 'slow', timeout: 100 });
    const awaited = outcomeOf(executor.spawn(untilAborted, { timeout: 100 }));
    await clock.advance(100);
    await awaited;
    expect(unobserved).toEqual([{ error: new TimeoutError('slow', 100), name: 'slow' }]);
  });

  test('leaves no timer behind a task that was faster', async () => {
    const { clock, executor } = setUp();
    await executor.spawn(() => 1, { timeout: 100 });
    expect(clock.pending).toBe(0);
  });
});
