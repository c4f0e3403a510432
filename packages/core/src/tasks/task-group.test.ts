import { describe, expect, jest, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { deferred } from '../waiting/deferred.ts';
import {
  CancelledError,
  ClosedError,
  InvalidInputError,
  TimeoutError,
} from '../vocabulary/errors.ts';
import { cancelScope, timeout } from '../waiting/cancel-scope.ts';
import { Executor } from './executor.ts';
import { TaskTracker } from './task-tracker.ts';
import type { GroupOptions, Joined, Task, TaskContext, TaskGroup } from './task-types.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { fail, failure } from '../../test/support/executor-set-up.ts';

/** An executor with its own clock, and the failures that were not awaited: in a group there are none. */
function setUp() {
  const clock = new ManualClock();
  const unobserved: unknown[] = [];
  const executor = new Executor({ clock, onTaskError: (error) => unobserved.push(error) });
  return { clock, executor, unobserved };
}

const sleepFor =
  (milliseconds: number, value?: unknown) =>
  async ({ sleep }: TaskContext): Promise<unknown> => {
    await sleep(milliseconds);
    return value;
  };

/** Runs a group to its end, moving time as far as it takes. */
async function outcomeOf(clock: ManualClock, group: Promise<unknown>): Promise<unknown> {
  const outcome = group.then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await clock.advance(10_000);
  return outcome;
}

describe('a group', () => {
  test('ends when its body and all of its tasks have ended, with what the body returned', async () => {
    const { clock, executor } = setUp();
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
    const { executor } = setUp();
    expect(await executor.group(async () => 7)).toBe(7);
    await expect(executor.group(fail)).rejects.toBe(failure);
  });

  test('lets its tasks spawn more into it, also after the body has ended', async () => {
    const { clock, executor } = setUp();
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
    const { clock, executor } = setUp();
    const sizes: number[] = [];
    await outcomeOf(
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
    const { executor } = setUp();
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
    const { executor } = setUp();
    await expect(executor.group('body' as never)).rejects.toThrow(InvalidInputError);
  });
});

describe('the first failure in a group', () => {
  test('aborts the other tasks, waits for all of them, and is thrown itself', async () => {
    const { clock, executor, unobserved } = setUp();
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
    expect(await outcomeOf(clock, group)).toEqual({ error: failure });
    expect(cleanedUp).toEqual([failure, failure]);
    expect(tasks.map(({ state }) => state)).toEqual(['aborted', 'aborted', 'failed']);
    expect(unobserved).toEqual([]);
  });

  test('is thrown once, also when the body awaited that task', async () => {
    const { clock, executor } = setUp();
    const group = executor.group(async (own) => {
      own.spawn(sleepFor(1_000));
      await own.spawn(fail);
    });
    expect(await outcomeOf(clock, group)).toEqual({ error: failure });
  });

  test('may be that of the body, which aborts the tasks', async () => {
    const { clock, executor } = setUp();
    let task: Task<unknown> | undefined;
    const group = executor.group((own) => {
      task = own.spawn(sleepFor(1_000));
      fail();
    });
    expect(await outcomeOf(clock, group)).toEqual({ error: failure });
    expect(task?.state).toBe('aborted');
  });

  test('comes with those that follow it, in one AggregateError whose cause is the first', async () => {
    const { clock, executor } = setUp();
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
    const { error } = (await outcomeOf(clock, group)) as { error: AggregateError };
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toEqual([failure, untidy]);
    expect(error.cause).toBe(failure);
    expect(error.message).toBe('2 tasks of the group failed');
  });

  test('aborts the signal of the group for the body, and refuses it more tasks', async () => {
    const { clock, executor } = setUp();
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
    expect(await outcomeOf(clock, group)).toEqual({ error: failure });
    expect(seen).toEqual([expect.any(CancelledError), 'ERR_GROUP_CLOSED', failure, true]);
    expect((seen[0] as CancelledError).cause).toBe(failure);
  });

  test('may be the timeout of a task', async () => {
    const { clock, executor, unobserved } = setUp();
    let other: Task<unknown> | undefined;
    const group = executor.group((own) => {
      own.spawn(sleepFor(1_000), { name: 'slow', timeout: 100 });
      other = own.spawn(sleepFor(1_000));
    });
    expect(await outcomeOf(clock, group)).toEqual({ error: new TimeoutError('slow', 100) });
    expect(other?.state).toBe('aborted');
    expect(unobserved).toEqual([]);
  });
});

describe('a requested abort', () => {
  test('of one task is no failure, and leaves the others alone', async () => {
    const { clock, executor } = setUp();
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
    expect(await outcomeOf(clock, group)).toEqual({ value: 'body' });
    expect(results).toEqual(['finished']);
  });

  test('of all of them ends the group without a failure', async () => {
    const { clock, executor } = setUp();
    const tasks: Task<unknown>[] = [];
    const group = executor.group(async (own) => {
      tasks.push(own.spawn(sleepFor(1_000)), own.spawn(sleepFor(1_000)));
      await clock.sleep(10);
      own.abortAll('found it');
      own.abortAll('again');
      return 'body';
    });
    expect(await outcomeOf(clock, group)).toEqual({ value: 'body' });
    expect(await Promise.allSettled(tasks)).toMatchObject([
      { reason: 'found it' },
      { reason: 'found it' },
    ]);
  });

  test('of the group by its signal is what it throws, when everything has ended', async () => {
    const { clock, executor } = setUp();
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
    expect(await outcomeOf(clock, group)).toEqual({ error: 'enough' });
    expect(tasks[0]?.state).toBe('aborted');
  });

  test('that came before keeps the group from beginning', async () => {
    const { executor } = setUp();
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
    const { clock, executor } = setUp();
    const group = executor.group(
      (own) => {
        own.spawn(sleepFor(1_000));
      },
      { timeout: 100 },
    );
    expect(await outcomeOf(clock, group)).toEqual({ error: new TimeoutError('group', 100) });
  });

  test('leaves neither timer nor listener behind a group that was faster', async () => {
    const { clock, executor } = setUp();
    const controller = new AbortController();
    const { signal } = controller;
    expect(await executor.group(() => 1, { timeout: 100, signal })).toBe(1);
    expect(clock.pending).toBe(0);
    controller.abort();
  });

  test('has to be a number', async () => {
    const { executor } = setUp();
    await expect(executor.group(() => 1, { timeout: -1 })).rejects.toThrow(InvalidInputError);
  });
});

describe('a group inside of a task', () => {
  test('is aborted with the task, and says so', async () => {
    const { clock, executor, unobserved } = setUp();
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
    const { clock, executor } = setUp();
    const parent = executor.spawn(({ group }) => group((own) => own.spawn(fail)));
    expect(await outcomeOf(clock, Promise.resolve(parent))).toEqual({ error: failure });
  });

  test('nests: a failure deep down comes up through every group, once', async () => {
    const { clock, executor } = setUp();
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
    expect(await outcomeOf(clock, all)).toEqual({ error: failure });
    expect(executor.snapshot()).toEqual([]);
  });
});

describe('joinNext', () => {
  const joinable: GroupOptions = { joinable: true };
  const shown = (joined: Joined | undefined): unknown =>
    joined && [joined.task.name, joined.ok ? joined.value : joined.error];

  test('gives the tasks in the order of their ends, then undefined', async () => {
    const { clock, executor } = setUp();
    const order: unknown[] = [];
    const group = executor.group(async (own) => {
      for (const delay of [30, 10, 20]) own.spawn(sleepFor(delay, delay), { name: `${delay}` });
      for (let count = 0; count < 4; count += 1) order.push(shown(await own.joinNext()));
    }, joinable);
    await outcomeOf(clock, group);
    expect(order).toEqual([['10', 10], ['20', 20], ['30', 30], undefined]);
  });

  test('gives what ended before it was asked', async () => {
    const { clock, executor } = setUp();
    const order: unknown[] = [];
    const group = executor.group(async (own) => {
      own.spawn(() => 1, { name: 'a' });
      own.spawn(() => 2, { name: 'b' });
      await clock.sleep(10);
      for await (const joined of own) order.push(shown(joined));
    }, joinable);
    await outcomeOf(clock, group);
    expect(order).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  test('gives failures and aborts as values; the group still fails of the failure', async () => {
    const { clock, executor } = setUp();
    const order: unknown[] = [];
    const group = executor.group(async (own) => {
      own.spawn(sleepFor(1_000), { name: 'victim' });
      own.spawn(sleepFor(1_000), { name: 'unwanted' }).abort('unwanted');
      own.spawn(fail, { name: 'bad' });
      for await (const joined of own) order.push(shown(joined));
    }, joinable);
    expect(await outcomeOf(clock, group)).toEqual({ error: failure });
    expect(new Map(order as [string, unknown][])).toEqual(
      new Map<string, unknown>([
        ['bad', failure],
        ['unwanted', 'unwanted'],
        ['victim', failure],
      ]),
    );
  });

  test('cancelled takes no task', async () => {
    const { clock, executor } = setUp();
    const seen: unknown[] = [];
    const group = executor.group(async (own) => {
      own.spawn(sleepFor(100, 'value'), { name: 'a' });
      const controller = new AbortController();
      const aborted = own.joinNext({ signal: controller.signal });
      controller.abort('enough');
      seen.push(await aborted.catch((error: unknown) => error));
      seen.push(await own.joinNext({ timeout: 50 }).catch((error: unknown) => error));
      seen.push(shown(await own.joinNext()));
    }, joinable);
    await outcomeOf(clock, group);
    expect(seen).toEqual(['enough', new TimeoutError('joinNext', 50), ['a', 'value']]);
  });

  test('serves those who wait in their order, and those for whom no task is left', async () => {
    const { clock, executor } = setUp();
    const group = executor.group(async (own) => {
      own.spawn(sleepFor(10), { name: 'a' });
      own.spawn(sleepFor(20), { name: 'b' });
      return Promise.all([own.joinNext(), own.joinNext(), own.joinNext()]);
    }, joinable);
    await clock.advance(20);
    const joined = await group;
    expect(joined.map((each) => each?.task.name)).toEqual(['a', 'b', undefined]);
  });

  test('has to be enabled: a group that is never joined keeps nothing of what has ended', async () => {
    const { executor } = setUp();
    const group = executor.group((own) => own.joinNext());
    await expect(group).rejects.toThrow(
      new InvalidInputError(
        'joinNext: expected `joinable` to be true in the options of the group, got false (boolean)',
        'joinNext',
      ),
    );
  });
});

test('ten thousand tasks of groups under one signal cost it one listener', async () => {
  const { clock, executor } = setUp();
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

describe('a task that a task of a group has spawned', () => {
  test('belongs to the group, which waits for it, and for those that it spawns', async () => {
    const { clock, executor } = setUp();
    const order: string[] = [];
    const sizes: number[] = [];
    const group = executor.group(async (own) => {
      const parent = own.spawn(({ spawn }) => {
        spawn(async (child) => {
          await child.sleep(10);
          child.spawn(async ({ sleep }) => (await sleep(10), order.push('grandchild')));
          order.push('child');
        });
      });
      await parent.ended;
      sizes.push(own.size);
    });
    await outcomeOf(
      clock,
      group.then(() => order.push('group')),
    );
    expect([order, sizes]).toEqual([['child', 'grandchild', 'group'], [1]]);
  });

  test('fails the group when it fails, and ends with its failure, with its timeout and with abortAll', async () => {
    const { clock, executor, unobserved } = setUp();
    const children: Task<unknown>[] = [];
    const spawning =
      (run: (context: TaskContext) => unknown) =>
      ({ spawn }: TaskContext): void =>
        void children.push(spawn(run));
    const failing = executor.group(({ spawn }) => {
      spawn(spawning(fail));
      spawn(sleepFor(1_000));
    });
    expect(await outcomeOf(clock, failing)).toEqual({ error: failure });
    const failed = executor.group(({ spawn }) => {
      spawn(spawning(sleepFor(60_000)));
      spawn(async ({ sleep }) => (await sleep(10), fail()));
    });
    expect(await outcomeOf(clock, failed)).toEqual({ error: failure });
    const late = executor.group(({ spawn }) => void spawn(spawning(sleepFor(60_000))), {
      timeout: 10,
    });
    expect(await outcomeOf(clock, late)).toEqual({ error: new TimeoutError('group', 10) });
    const aborted = executor.group(async ({ spawn, abortAll }) => {
      spawn(spawning(sleepFor(60_000)));
      await clock.sleep(10);
      abortAll();
    });
    expect(await outcomeOf(clock, aborted)).toEqual({ value: undefined });
    expect(children.map(({ state }) => state)).toEqual(['failed', 'aborted', 'aborted', 'aborted']);
    expect(unobserved).toEqual([]);
  });

  test('is not joined: it is no task of the body', async () => {
    const { clock, executor } = setUp();
    const names: (string | undefined)[] = [];
    const group = executor.group(
      async (own) => {
        own.spawn(({ spawn }) => void spawn(sleepFor(10), { name: 'child' }), { name: 'parent' });
        names.push((await own.joinNext())?.task.name, (await own.joinNext())?.task.name);
      },
      { joinable: true },
    );
    await outcomeOf(clock, group);
    expect(names).toEqual(['parent', undefined]);
  });
});

describe('the body of a group', () => {
  test('ends with a failure, with the timeout and with the signal, although it looks at none of them', async () => {
    const { clock, executor } = setUp();
    const controller = new AbortController();
    const body = (): Promise<void> => clock.sleep(60_000);
    const groups = [
      executor.group(({ spawn }) => (void spawn(fail), body())),
      executor.group(body, { timeout: 10 }),
      executor.group(body, { signal: controller.signal }),
      timeout(10, () => executor.group(body), { clock }),
    ];
    controller.abort('enough');
    const outcomes = await Promise.all(groups.map((group) => outcomeOf(clock, group)));
    expect(outcomes).toEqual([
      { error: failure },
      { error: new TimeoutError('group', 10) },
      { error: 'enough' },
      { error: new TimeoutError('timeout', 10) },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('goes on after abortAll', async () => {
    const { clock, executor } = setUp();
    const group = executor.group(async ({ spawn, abortAll }) => {
      spawn(sleepFor(60_000));
      abortAll();
      await clock.sleep(10);
      return 'body';
    });
    expect(await outcomeOf(clock, group)).toEqual({ value: 'body' });
  });

  test('gets the failure of the task that it awaits, and not the end of the wait', async () => {
    const { clock, executor } = setUp();
    const seen: unknown[] = [];
    const group = executor.group(async ({ spawn }) => {
      await spawn(fail).catch((error: unknown) => seen.push(error));
    });
    expect(await outcomeOf(clock, group)).toEqual({ error: failure });
    expect(seen).toEqual([failure]);
  });

  test('tells a failure of its cleanup beside the first one', async () => {
    const { clock, executor } = setUp();
    const untidy = new Error('cleaning up failed');
    const group = executor.group(async ({ spawn }) => {
      spawn(fail);
      await clock.sleep(60_000).catch(() => {
        throw untidy;
      });
    });
    const { error } = (await outcomeOf(clock, group)) as { error: AggregateError };
    expect(error.errors).toEqual([failure, untidy]);
  });
});

test('a group may be taken apart, as the context of a task may', async () => {
  const { clock, executor } = setUp();
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
  expect(await outcomeOf(clock, group)).toEqual({ value: [0, true, 'first', 'second'] });
});

test('what has not ended some time after the end of its group is named on stderr', async () => {
  const lines: unknown[] = [];
  const spy = jest.spyOn(console, 'error').mockImplementation((line) => lines.push(line));
  const { clock, executor } = setUp();
  const gate = deferred<void>();
  const group = executor.group(
    async ({ spawn }) => {
      spawn(() => gate.promise, { name: 'deaf' });
      spawn(({ spawn: spawnChild }) => void spawnChild(() => gate.promise, { name: 'child' }));
      await gate.promise;
    },
    { timeout: 10 },
  );
  const outcome = outcomeOf(clock, group);
  await clock.advance(0);
  expect(lines).toEqual([
    'awaitio: group: it was cancelled 5000 ms ago and has not ended: still running: the function of the group, task "deaf", task "child"',
  ]);
  gate.resolve();
  expect(await outcome).toEqual({ error: new TimeoutError('group', 10) });
  spy.mockRestore();
});

test('tasks, groups, trackers and executors end with the block that uses them', async () => {
  const { clock, executor } = setUp();
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
