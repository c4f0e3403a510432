import { describe, expect, jest, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { deferred } from '../waiting/deferred.ts';
import {
  CancelledError,
  ClosedError,
  InvalidInputError,
  TimeoutError,
} from '../vocabulary/errors.ts';
import { cancelScope } from '../waiting/cancel-scope.ts';
import { Executor } from './executor.ts';
import { TaskTracker } from './task-tracker.ts';
import type { Task, TaskContext, TaskGroup } from './task-types.ts';
import {
  fail,
  failure,
  setUpErrors,
  sleepFor,
  groupOutcome,
} from '../../test/support/executor-set-up.ts';

describe('a group', () => {
  test('ends when its body and all of its tasks have ended, with what the body returned', async () => {
    const { clock, executor } = setUpErrors();
    const tasks: Task<unknown>[] = [];
    let hasEnded = false;
    const group = executor
      .group((own) => {
        tasks.push(own.spawn(sleepFor(100)), own.spawn(sleepFor(200)));
        return 'body';
      })
      .finally(() => (hasEnded = true));
    await clock.advance(199);
    expect(hasEnded).toBe(false);
    await clock.advance(1);
    expect(await group).toBe('body');
    expect(tasks.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('without tasks is its body', async () => {
    const { executor } = setUpErrors();
    expect(await executor.group(async () => 7)).toBe(7);
    await expect(executor.group(fail)).rejects.toBe(failure);
  });

  test('lets its tasks spawn more into it, also after the body has ended', async () => {
    const { clock, executor } = setUpErrors();
    const order: string[] = [];
    const group = executor.group((own) => {
      own.spawn(async ({ sleep }) => {
        await sleep(10);
        own.spawn(() => order.push('late'));
      });
      order.push('body');
    });
    await clock.advance(10);
    await group;
    expect(order).toEqual(['body', 'late']);
  });

  test('counts the tasks that have not ended', async () => {
    const { clock, executor } = setUpErrors();
    const sizes: number[] = [];
    await groupOutcome(
      clock,
      executor.group(async (group) => {
        group.spawn(sleepFor(10));
        const other = group.spawn(sleepFor(20));
        sizes.push(group.size);
        await other;
        await other.ended;
        sizes.push(group.size);
      }),
    );
    expect(sizes).toEqual([2, 0]);
  });

  test('takes no task after its end', async () => {
    const { executor } = setUpErrors();
    let kept: TaskGroup | undefined;
    await executor.group((group) => {
      kept = group;
    });
    expect(() => kept?.spawn(fail)).toThrow(
      new ClosedError('spawn: this group takes no more tasks', {
        code: 'ERR_GROUP_CLOSED',
        operation: 'spawn',
      }),
    );
  });

  test('is refused a body that is no function', async () => {
    const { executor } = setUpErrors();
    await expect(executor.group('body' as never)).rejects.toThrow(InvalidInputError);
  });
});

describe('the first failure in a group', () => {
  test('aborts the other tasks, waits for all of them, and is thrown itself', async () => {
    const { clock, executor, unobserved } = setUpErrors();
    const cleanedUp: unknown[] = [];
    const tasks: Task<unknown>[] = [];
    const group = executor.group((own) => {
      const victim = async ({ signal, sleep }: TaskContext): Promise<void> => {
        try {
          await sleep(60_000);
        } finally {
          // Cleaning up takes time, and the group gives it.
          await cancelScope(() => clock.sleep(500), { shield: true });
          cleanedUp.push((signal.reason as CancelledError).cause);
        }
      };
      tasks.push(own.spawn(victim), own.spawn(victim), own.spawn(fail));
    });
    await clock.advance(499);
    expect(cleanedUp).toEqual([]);
    expect(await groupOutcome(clock, group)).toEqual({ error: failure });
    expect(cleanedUp).toEqual([failure, failure]);
    expect(tasks.map(({ state }) => state)).toEqual(['aborted', 'aborted', 'failed']);
    expect(unobserved).toEqual([]);
  });

  test('is thrown once, also when the body awaited that task', async () => {
    const { clock, executor } = setUpErrors();
    const group = executor.group(async (own) => {
      own.spawn(sleepFor(1_000));
      await own.spawn(fail);
    });
    expect(await groupOutcome(clock, group)).toEqual({ error: failure });
  });

  test('may be that of the body, which aborts the tasks', async () => {
    const { clock, executor } = setUpErrors();
    let task: Task<unknown> | undefined;
    const group = executor.group((own) => {
      task = own.spawn(sleepFor(1_000));
      fail();
    });
    expect(await groupOutcome(clock, group)).toEqual({ error: failure });
    expect(task?.state).toBe('aborted');
  });

  test('comes with those that follow it, in one AggregateError whose cause is the first', async () => {
    const { clock, executor } = setUpErrors();
    const untidy = new Error('cleaning up failed');
    const group = executor.group((own) => {
      own.spawn(async ({ sleep }) => {
        try {
          await sleep(1_000);
        } catch {
          throw untidy;
        }
      });
      own.spawn(async ({ sleep }) => {
        await sleep(10);
        fail();
      });
    });
    const { error } = (await groupOutcome(clock, group)) as { error: AggregateError };
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toEqual([failure, untidy]);
    expect(error.cause).toBe(failure);
    expect(error.message).toBe('2 tasks of the group failed');
  });

  test('aborts the signal of the group for the body, and refuses it more tasks', async () => {
    const { clock, executor } = setUpErrors();
    const seen: unknown[] = [];
    const group = executor.group(async (own) => {
      const { signal } = own;
      own.spawn(fail);
      await clock.sleep(60_000, { signal }).catch((reason: unknown) => seen.push(reason));
      try {
        own.spawn(fail);
      } catch (error) {
        seen.push((error as ClosedError).code, (error as ClosedError).cause);
      }
      seen.push(own.signal.aborted);
    });
    expect(await groupOutcome(clock, group)).toEqual({ error: failure });
    expect(seen).toEqual([expect.any(CancelledError), 'ERR_GROUP_CLOSED', failure, true]);
    expect((seen[0] as CancelledError).cause).toBe(failure);
  });

  test('may be the timeout of a task', async () => {
    const { clock, executor, unobserved } = setUpErrors();
    let other: Task<unknown> | undefined;
    const group = executor.group((own) => {
      own.spawn(sleepFor(1_000), { name: 'slow', timeout: 100 });
      other = own.spawn(sleepFor(1_000));
    });
    expect(await groupOutcome(clock, group)).toEqual({ error: new TimeoutError('slow', 100) });
    expect(other?.state).toBe('aborted');
    expect(unobserved).toEqual([]);
  });
});

describe('a requested abort', () => {
  test('of one task is no failure, and leaves the others alone', async () => {
    const { clock, executor } = setUpErrors();
    const controller = new AbortController();
    const results: unknown[] = [];
    const group = executor.group(async (own) => {
      const one = own.spawn(sleepFor(1_000));
      own.spawn(sleepFor(1_000), { signal: controller.signal });
      own.spawn(async (context) => results.push(await sleepFor(1_000, 'finished')(context)));
      await clock.sleep(10);
      one.abort();
      controller.abort();
      return 'body';
    });
    expect(await groupOutcome(clock, group)).toEqual({ value: 'body' });
    expect(results).toEqual(['finished']);
  });

  test('of all of them ends the group without a failure', async () => {
    const { clock, executor } = setUpErrors();
    const tasks: Task<unknown>[] = [];
    const group = executor.group(async (own) => {
      tasks.push(own.spawn(sleepFor(1_000)), own.spawn(sleepFor(1_000)));
      await clock.sleep(10);
      own.abortAll('found it');
      own.abortAll('again');
      return 'body';
    });
    expect(await groupOutcome(clock, group)).toEqual({ value: 'body' });
    expect(await Promise.allSettled(tasks)).toMatchObject([
      { reason: 'found it' },
      { reason: 'found it' },
    ]);
  });

  test('of the group by its signal is what it throws, when everything has ended', async () => {
    const { clock, executor } = setUpErrors();
    const controller = new AbortController();
    const tasks: Task<unknown>[] = [];
    const group = executor.group(
      (own) => {
        tasks.push(own.spawn(sleepFor(1_000)));
      },
      { signal: controller.signal },
    );
    await clock.advance(10);
    controller.abort('enough');
    expect(await groupOutcome(clock, group)).toEqual({ error: 'enough' });
    expect(tasks[0]?.state).toBe('aborted');
  });

  test('that came before keeps the group from beginning', async () => {
    const { executor } = setUpErrors();
    let hasBegun = false;
    const begin = (): void => {
      hasBegun = true;
    };
    const group = executor.group(begin, { signal: AbortSignal.abort('too late') });
    await expect(group).rejects.toBe('too late');
    expect(hasBegun).toBe(false);
  });
});

describe('the timeout of a group', () => {
  test('aborts all of it with a TimeoutError', async () => {
    const { clock, executor } = setUpErrors();
    const group = executor.group(
      (own) => {
        own.spawn(sleepFor(1_000));
      },
      { timeout: 100 },
    );
    expect(await groupOutcome(clock, group)).toEqual({ error: new TimeoutError('group', 100) });
  });

  test('leaves neither timer nor listener behind a group that was faster', async () => {
    const { clock, executor } = setUpErrors();
    const controller = new AbortController();
    const { signal } = controller;
    expect(await executor.group(() => 1, { timeout: 100, signal })).toBe(1);
    expect(clock.pending).toBe(0);
    controller.abort();
  });

  test('has to be a number', async () => {
    const { executor } = setUpErrors();
    await expect(executor.group(() => 1, { timeout: -1 })).rejects.toThrow(InvalidInputError);
  });
});

describe('a group inside of a task', () => {
  test('is aborted with the task, and says so', async () => {
    const { clock, executor, unobserved } = setUpErrors();
    const tasks: Task<unknown>[] = [];
    const seen: unknown[] = [];
    const parent = executor.spawn(async ({ group }) => {
      try {
        await group((own) => {
          tasks.push(own.spawn(sleepFor(1_000)), own.spawn(sleepFor(1_000)));
        });
      } catch (error) {
        seen.push(error);
        throw error;
      }
    });
    await clock.advance(10);
    expect(executor.snapshot()).toMatchObject([{}, { parent: parent.id }, { parent: parent.id }]);
    parent.abort('stop');
    await parent.ended;
    expect(tasks.map(({ state }) => state)).toEqual(['aborted', 'aborted']);
    expect(seen).toMatchObject([{ name: 'CancelledError', cause: 'stop' }]);
    expect(unobserved).toEqual([]);
  });

  test('fails its task when it fails', async () => {
    const { clock, executor } = setUpErrors();
    const parent = executor.spawn(({ group }) => group((own) => own.spawn(fail)));
    expect(await groupOutcome(clock, Promise.resolve(parent))).toEqual({ error: failure });
  });

  test('nests: a failure deep down comes up through every group, once', async () => {
    const { clock, executor } = setUpErrors();
    const nested =
      (depth: number) =>
      async ({ group }: TaskContext): Promise<void> => {
        if (depth === 0) fail();
        await group((own) => {
          own.spawn(nested(depth - 1));
          own.spawn(sleepFor(1_000));
        });
      };
    const all = executor.group((own) => own.spawn(nested(5)).ended);
    expect(await groupOutcome(clock, all)).toEqual({ error: failure });
    expect(executor.snapshot()).toEqual([]);
  });
});

test('ten thousand tasks of groups under one signal cost it one listener', async () => {
  const { clock, executor } = setUpErrors();
  const controller = new AbortController();
  const { signal } = controller;
  const gate = deferred<void>();
  const groups = Array.from({ length: 100 }, () =>
    executor.group(
      (own) => {
        for (let count = 0; count < 100; count += 1) own.spawn(() => gate.promise, { signal });
      },
      { signal },
    ),
  );
  await clock.advance(0);
  expect(executor.statistics().running).toBe(10_000);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  controller.abort('enough');
  gate.resolve();
  const outcomes = await Promise.allSettled(groups);
  expect(new Set(outcomes.map((outcome) => 'reason' in outcome && outcome.reason))).toEqual(
    new Set(['enough']),
  );
});

test('a group may be taken apart, as the context of a task may', async () => {
  const { clock, executor } = setUpErrors();
  const group = executor.group(
    async ({ spawn, joinNext, joined, abortAll, signal, size }) => {
      spawn(sleepFor(10, 'first'));
      const first = await joinNext();
      spawn(sleepFor(10, 'second'));
      const rest = [];
      for await (const each of joined()) rest.push(each.ok && each.value);
      abortAll();
      return [size, signal.aborted, first?.ok === true && first.value, ...rest];
    },
    { joinable: true },
  );
  expect(await groupOutcome(clock, group)).toEqual({ value: [0, true, 'first', 'second'] });
});

test('what has not ended some time after the end of its group is named on stderr', async () => {
  const lines: unknown[] = [];
  const spy = jest.spyOn(console, 'error').mockImplementation((line) => lines.push(line));
  const { clock, executor } = setUpErrors();
  const gate = deferred<void>();
  const group = executor.group(
    async ({ spawn }) => {
      spawn(() => gate.promise, { name: 'deaf' });
      spawn(({ spawn: spawnChild }) => void spawnChild(() => gate.promise, { name: 'child' }));
      await gate.promise;
    },
    { timeout: 10 },
  );
  const outcome = groupOutcome(clock, group);
  await clock.advance(0);
  expect(lines).toEqual([
    'awaitio: group: it was cancelled 5000 ms ago and has not ended: still running: the function of the group, task "deaf", task "child"',
  ]);
  gate.resolve();
  expect(await outcome).toEqual({ error: new TimeoutError('group', 10) });
  spy.mockRestore();
});

test('tasks, groups, trackers and executors end with the block that uses them', async () => {
  const { clock, executor } = setUpErrors();
  const states: unknown[] = [];
  {
    await using task = executor.spawn(sleepFor(60_000));
    states.push(task);
  }
  await executor.group(async (own) => {
    await using group = own;
    states.push(group.spawn(sleepFor(60_000)));
  });
  {
    await using tracker = new TaskTracker({ executor, clock });
    states.push(tracker.spawn(() => {}));
  }
  {
    await using owned = new Executor({ clock });
    states.push(owned.spawn(() => {}));
  }
  expect(states.map((task) => (task as Task<unknown>).state)).toEqual([
    'aborted',
    'aborted',
    'done',
    'done',
  ]);
  expect(executor.snapshot()).toEqual([]);
});
