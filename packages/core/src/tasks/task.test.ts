import { afterEach, describe, expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { deferred } from '../waiting/deferred.ts';
import { BrokenError, CancelledError, ClosedError, TimeoutError } from '../vocabulary/errors.ts';
import { Executor } from './executor.ts';
import type { ExecutorOptions } from './executor-options.ts';
import { holdTask } from './task-context.ts';
import type { TaskLease } from './task-host.ts';
import type { Task, TaskContext } from './task-types.ts';
import { SpawnedTask } from './task.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { traceWaits } from '../waiting/wait-trace.ts';

/** An executor with its own clock, and the failures that were not awaited. */
function setUp(options?: ExecutorOptions) {
  const clock = new ManualClock();
  const unobserved: { error: unknown; name: string }[] = [];
  const executor = new Executor({
    clock,
    onTaskError: (error, { name }) => unobserved.push({ error, name }),
    ...options,
  });
  return { clock, executor, unobserved };
}

const outcomeOf = (task: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(task).then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );

/** A task that runs until it is aborted, and then says so. */
const untilAborted = ({ signal }: TaskContext): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason);
    });
  });

const failure = new Error('the function failed');
const fail = (): never => {
  throw failure;
};

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
