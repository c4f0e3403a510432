import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ClosedError, InvalidInputError, LimitError, TimeoutError } from '../vocabulary/errors.ts';
import { defaultExecutor, Executor } from './executor.ts';
import type { ExecutorOptions } from './executor-options.ts';
import type { TaskFunction, TaskOptions } from './task-types.ts';
import {
  fail,
  failure,
  setUpErrors,
  untilAborted,
  gated,
} from '../../test/support/executor-set-up.ts';

function thrownBy(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('concurrency', () => {
  test('bounds how many tasks run; the others wait for a slot, in the order of their spawns', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 2 });
    const { gate, begun, run } = gated();
    for (const name of ['a', 'b', 'c', 'd']) executor.spawn(run(name));
    await clock.advance(0);
    expect(begun).toEqual(['a', 'b']);
    expect(executor.statistics()).toMatchObject({ running: 2, pending: 2 });
    gate.resolve();
    await executor.idle();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  test('lets those of a higher priority begin first, and equals in their order', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    const { gate, begun, run } = gated();
    executor.spawn(run('first'));
    const spawn = (name: string, priority?: number) => executor.spawn(run(name), { priority });
    spawn('low', -1);
    spawn('plain');
    spawn('high', 5);
    spawn('high too', 5);
    await clock.advance(0);
    gate.resolve();
    await executor.idle();
    expect(begun).toEqual(['first', 'high', 'high too', 'plain', 'low']);
  });

  test('counts a task that was aborted until its function has returned', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    const { gate, begun, run } = gated();
    const task = executor.spawn(run('deaf'));
    await clock.advance(0);
    task.abort();
    executor.spawn(run('next'));
    await clock.advance(0);
    expect(begun).toEqual(['deaf']);
    gate.resolve();
    await executor.idle();
    expect(begun).toEqual(['deaf', 'next']);
  });

  test('is without bound by default', async () => {
    const { clock, executor } = setUpErrors();
    const { gate, run } = gated();
    for (let count = 0; count < 5_000; count += 1) executor.spawn(run('any'));
    await clock.advance(0);
    expect(executor.statistics()).toMatchObject({ running: 5_000, pending: 0 });
    gate.resolve();
    await executor.idle();
  });
});

describe('maxPending', () => {
  test('refuses one task more than may wait, with a LimitError, and takes it when there is room', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 2, maxPending: 1, name: 'the pool' });
    const { gate, run } = gated();
    for (const name of ['a', 'b', 'c']) executor.spawn(run(name));
    const error = thrownBy(() => executor.spawn(run('d')));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ limitName: 'maxPending', limit: 1, operation: 'spawn' });
    expect(String(error)).toContain('spawn: 1 tasks wait for a slot of the pool already');
    expect(executor.statistics()).toMatchObject({ running: 2, pending: 1 });
    gate.resolve();
    await clock.advance(0);
    await executor.spawn(run('d'));
  });

  test('of 0 takes a task only when a slot is free', async () => {
    const { executor } = setUpErrors({ concurrency: 1, maxPending: 0 });
    const { gate, run } = gated();
    executor.spawn(run('a'));
    expect(() => executor.spawn(run('b'))).toThrow(LimitError);
    gate.resolve();
    await executor.freeSlot();
    await executor.spawn(run('b'));
  });

  test('does not count tasks that were aborted while they waited', async () => {
    const { executor } = setUpErrors({ concurrency: 1, maxPending: 1 });
    const { gate, run } = gated();
    executor.spawn(run('a'));
    for (let round = 0; round < 100; round += 1) executor.spawn(run('b')).abort();
    expect(executor.statistics()).toMatchObject({ pending: 0, running: 1, aborted: 100 });
    gate.resolve();
    await executor.idle();
  });
});

describe('tasks that were aborted while they waited', () => {
  test('do not change the order of the others', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    const { gate, begun, run } = gated();
    executor.spawn(run('first'));
    const spawn = (name: string, priority: number) => executor.spawn(run(name), { priority });
    spawn('low', -1);
    for (let count = 0; count < 1_000; count += 1) {
      spawn('dead', count % 3).abort();
      if (count % 250 === 0) spawn(`alive ${count}`, 1);
    }
    await clock.advance(0);
    gate.resolve();
    await executor.idle();
    expect(begun).toEqual(['first', 'alive 0', 'alive 250', 'alive 500', 'alive 750', 'low']);
    const counts = { done: 6, failed: 0, aborted: 1_000 };
    expect(executor.statistics()).toEqual({ pending: 0, running: 0, ...counts });
  });

  test('are released to the garbage collector, though no slot becomes free', async () => {
    const { executor } = setUpErrors({ concurrency: 1 });
    const { gate, run } = gated();
    executor.spawn(run('first'));
    const functions = Array.from({ length: 1_000 }, () => {
      const never = (): string => String(never);
      executor.spawn(never).abort();
      return new WeakRef(never);
    });
    await collectGarbage();
    expect(functions.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(
      200,
    );
    gate.resolve();
    await executor.idle();
  });

  async function collectGarbage(): Promise<void> {
    // What a job has looked at lives until the job is over.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }
});

describe('freeSlot', () => {
  test('settles at once when a task would begin at once', async () => {
    const { executor } = setUpErrors({ concurrency: 1 });
    expect(executor.hasFreeSlot).toBe(true);
    await executor.freeSlot();
  });

  test('waits until a task ends, and the next spawn begins at once', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    const { gate, begun, run } = gated();
    executor.spawn(run('a'));
    expect(executor.hasFreeSlot).toBe(false);
    let isFree = false;
    const free = executor.freeSlot().then(() => (isFree = true));
    await clock.advance(0);
    expect(isFree).toBe(false);
    gate.resolve();
    await free;
    executor.spawn(run('b'));
    await clock.advance(0);
    expect(begun).toEqual(['a', 'b']);
  });

  test('goes on waiting when a task leaves that had no slot', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    const { gate, run } = gated();
    executor.spawn(run('a'));
    const waiting = executor.spawn(run('b'));
    let isFree = false;
    const free = executor.freeSlot().then(() => (isFree = true));
    waiting.abort();
    await clock.advance(0);
    expect(isFree).toBe(false);
    gate.resolve();
    await free;
  });

  test('can be cancelled by its signal and its timeout', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    const task = executor.spawn(untilAborted);
    const controller = new AbortController();
    const aborted = executor.freeSlot({ signal: controller.signal });
    controller.abort('enough');
    await expect(aborted).rejects.toBe('enough');
    const late = executor.freeSlot({ timeout: 50 }).catch((error: unknown) => error);
    await clock.advance(50);
    expect(await late).toEqual(new TimeoutError('freeSlot', 50));
    await expect(executor.freeSlot({ timeout: -1 })).rejects.toThrow(InvalidInputError);
    await expect(executor.freeSlot({ signal: controller.signal })).rejects.toBe('enough');
    task.abort();
  });

  test('fails when the executor is shut down, before or meanwhile', async () => {
    const { executor } = setUpErrors({ concurrency: 1 });
    executor.spawn(untilAborted);
    const waiting = executor.freeSlot().catch((error: unknown) => error);
    await executor.shutdown({ grace: 0 });
    expect(await waiting).toBeInstanceOf(ClosedError);
    await expect(executor.freeSlot()).rejects.toThrow('freeSlot: executor was shut down');
  });
});

describe('run', () => {
  test('gives the result of main, which is called so', async () => {
    const { executor } = setUpErrors();
    expect(await executor.run(({ name }) => name)).toBe('main');
    expect(await executor.run(({ name }) => name, { name: 'other' })).toBe('other');
  });

  test('throws what main throws, and reports it nowhere else', async () => {
    const { clock, executor, unobserved } = setUpErrors();
    await expect(executor.run(fail)).rejects.toBe(failure);
    await clock.advance(0);
    expect(unobserved).toEqual([]);
  });
});

describe('the executor', () => {
  test.each([
    ['at once', {}],
    ['when a slot has become free', { concurrency: 1 }],
  ])('begins a task in the async context of its spawn, %s', async (_when, options) => {
    const { executor } = setUpErrors(options);
    const context = new AsyncLocalStorage<string>();
    const tasks = ['first', 'second', 'third'].map((name) =>
      context.run(name, () =>
        executor.spawn(async () => {
          const before = context.getStore();
          await Promise.resolve();
          return [before, context.getStore()];
        }),
      ),
    );
    const seen = await Promise.all(tasks);
    expect(seen).toEqual(['first', 'second', 'third'].map((name) => [name, name]));
  });

  test('shows its tasks, oldest first, until they have ended', async () => {
    const { clock, executor } = setUpErrors({ concurrency: 1 });
    const { gate, run } = gated();
    const parent = executor.spawn(run('a'), { name: 'a' });
    executor.spawn(run('b'), { name: 'b' });
    await clock.advance(40);
    expect(executor.snapshot()).toEqual([
      { id: parent.id, name: 'a', state: 'running', age: 40, waits: [] },
      { id: parent.id + 1, name: 'b', state: 'pending', age: 40, waits: [] },
    ]);
    expect(Object.isFrozen(executor.snapshot())).toBe(true);
    gate.resolve();
    await executor.idle();
    expect(executor.snapshot()).toEqual([]);
  });

  test('counts its tasks by how they came out', async () => {
    const { executor } = setUpErrors();
    await executor.spawn(() => 1);
    await executor.spawn(fail).catch(() => {});
    executor.spawn(untilAborted).abort();
    await executor.idle();
    const statistics = executor.statistics();
    expect(statistics).toEqual({ pending: 0, running: 0, done: 1, failed: 1, aborted: 1 });
    expect(Object.isFrozen(statistics)).toBe(true);
  });

  test.each<[unknown, unknown, string]>([
    ['no function', undefined, '`run` to be a function, got "no function" (string)'],
    [fail, { priority: Number.NaN }, '`priority` to be a finite number, got NaN (number)'],
    [fail, { name: 7 }, '`name` to be a string, got 7 (number)'],
    [fail, { timeout: -1 }, '`timeout` to be a number of milliseconds from 0, got -1 (number)'],
    [fail, { signal: {} }, '`signal` to be an AbortSignal, got an object (Object)'],
  ])('refuses to spawn %p with %j', (run, options, message) => {
    const { executor } = setUpErrors();
    const spawn = (): unknown =>
      executor.spawn(run as TaskFunction<void>, options as TaskOptions | undefined);
    expect(spawn).toThrow(new InvalidInputError(`spawn: expected ${message}`, 'spawn'));
    expect(executor.statistics().pending).toBe(0);
  });

  test('refuses an onAbort that is no function and has nothing to reset, before it is too late', () => {
    const executor = new Executor();
    for (const onAbort of [{}, null, 'reset', new AbortController()]) {
      expect(() => executor.spawn(() => {}, { onAbort: onAbort as never })).toThrow(
        InvalidInputError,
      );
    }
    expect(executor.statistics()).toMatchObject({ pending: 0, running: 0 });
  });

  test('throws the reason of a signal that has aborted, and spawns nothing', () => {
    const { executor } = setUpErrors();
    const signal = AbortSignal.abort('too late');
    expect(thrownBy(() => executor.spawn(fail, { signal }))).toBe('too late');
    expect(executor.snapshot()).toEqual([]);
  });

  test.each<[ExecutorOptions, string]>([
    [{ concurrency: 0 }, '`concurrency` to be a whole number from 1, or Infinity, got 0 (number)'],
    [
      { concurrency: 1.5 },
      '`concurrency` to be a whole number from 1, or Infinity, got 1.5 (number)',
    ],
    [{ maxPending: -1 }, '`maxPending` to be a whole number from 0, or Infinity, got -1 (number)'],
  ])('refuses %j', (options, message) => {
    const make = (): Executor => new Executor(options);
    expect(make).toThrow(new InvalidInputError(`Executor: expected ${message}`, 'Executor'));
  });
});

describe('a failure that is not awaited', () => {
  const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
  afterEach(() => {
    printed.mockClear();
  });

  test('is printed when the executor has no onTaskError', async () => {
    const executor = new Executor();
    executor.spawn(fail, { name: 'forgotten' });
    await executor.idle();
    expect(printed).toHaveBeenCalledTimes(1);
    const [line] = printed.mock.calls[0] as [string];
    expect(line).toContain(
      'awaitio: task forgotten failed and was not awaited: Error: the function',
    );
  });

  test('does no harm when it is no error, or when onTaskError throws', async () => {
    const executor = new Executor({
      onTaskError: () => {
        throw new Error('the listener failed');
      },
    });
    executor.spawn(() => {
      // oxlint-disable-next-line typescript/only-throw-error -- what a program should not do, and may
      throw 'a string';
    });
    await executor.idle();
    expect(printed.mock.calls[0]).toEqual([expect.stringContaining('the listener failed')]);
  });
});

test("the process's default executor runs tasks without a bound", async () => {
  expect(await defaultExecutor.run(() => 'ran')).toBe('ran');
  expect(defaultExecutor.hasFreeSlot).toBe(true);
});
