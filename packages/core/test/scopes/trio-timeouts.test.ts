/** Cases of trio's test_timeouts.py and test_cancelled.py, and more of test_run.py, by their names there. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from '@jest/globals';
import type { CancelledError } from '../../src/index.ts';
import {
  cancelScope,
  defaultExecutor,
  Executor,
  moveOnAfter,
  timeout,
  TimeoutError,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';

const TARGET = 1_000;

const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (value: unknown) => value,
    (error: unknown) => (error instanceof Error ? error.name : error),
  );

/** How long a call takes on a separate clock, and with what it ends. */
async function played(run: (clock: ManualClock) => Promise<unknown>): Promise<unknown[]> {
  const clock = new ManualClock();
  const progress = { isOver: false };
  const outcome = outcomeOf(run(clock)).finally(() => {
    progress.isOver = true;
  });
  while (!progress.isOver) {
    await clock.advance(0);
    if (clock.next !== undefined) await clock.advance(clock.next - clock.now());
  }
  return [await outcome, clock.now(), clock.pending];
}

test('test_sleep: takes as long as it says, and is a wait also for no time', async () => {
  expect(await played((clock) => clock.sleep(TARGET))).toEqual([undefined, TARGET, 0]);
  const ended = cancelScope(async ({ cancel }) => {
    cancel();
    return outcomeOf(new ManualClock().sleep(0));
  });
  expect(await ended).toBe('CancelledError');
});

test('test_move_on_after, test_fail', async () => {
  const slow = (clock: ManualClock): Promise<void> => clock.sleep(100 * TARGET);
  expect(await played((clock) => moveOnAfter(TARGET, () => slow(clock), { clock }))).toEqual([
    undefined,
    TARGET,
    0,
  ]);
  expect(await played((clock) => timeout(TARGET, () => slow(clock), { clock }))).toEqual([
    'TimeoutError',
    TARGET,
    0,
  ]);
  expect(await played((clock) => timeout(TARGET, () => clock.sleep(0), { clock }))).toEqual([
    undefined,
    0,
    0,
  ]);
});

test('test_context_shields_from_outer', async () => {
  const ended = cancelScope(async (outer) => {
    outer.cancel();
    return cancelScope(() => cancelScope(() => 'the shield works'), {
      shield: true,
      timeout: TARGET,
    });
  });
  expect(await ended).toBe('the shield works');
});

test('test_move_on_after_moves_on_even_if_shielded, test_fail_after_fails_even_if_shielded', async () => {
  const shielded = (clock: ManualClock): Promise<unknown> =>
    cancelScope(
      async (outer) => {
        outer.cancel();
        return cancelScope(() => clock.sleep(100 * TARGET), { shield: true, timeout: TARGET });
      },
      { clock },
    );
  expect(await played(shielded)).toEqual(['TimeoutError', TARGET, 0]);
  // There is one call for a shield; going on without a result is a matter of the caller.
  const moving = (clock: ManualClock): Promise<unknown> =>
    cancelScope(
      async (outer) => {
        outer.cancel();
        return cancelScope(() => moveOnAfter(TARGET, () => clock.sleep(100 * TARGET), { clock }), {
          shield: true,
        });
      },
      { clock },
    );
  expect(await played(moving)).toEqual([undefined, TARGET, 0]);
});

test('test_timeouts_raise_value_error, test_cancel_scope_validation', async () => {
  for (const wrong of [-1, Number.NaN]) {
    expect(await outcomeOf(timeout(wrong, () => {}))).toBe('InvalidInputError');
    expect(await outcomeOf(moveOnAfter(wrong, () => {}))).toBe('InvalidInputError');
    expect(await outcomeOf(cancelScope(() => {}, { timeout: wrong }))).toBe('InvalidInputError');
  }
  const clock = new ManualClock();
  expect(await outcomeOf(clock.sleep(Number.NaN))).toBe('InvalidInputError');
});

test('test_cancel_reason: the cause says why; the error is one and the same for every wait', async () => {
  const clock = new ManualClock();
  const causes: unknown[] = [];
  const note = (error: unknown): void => {
    causes.push((error as CancelledError).cause);
  };
  await cancelScope(async ({ cancel }) => {
    cancel('hello');
    await clock.sleep(1).catch(note);
  });
  const late = moveOnAfter(5, () => clock.sleep(10).catch(note), { clock });
  await clock.advance(5);
  await late;
  expect(causes).toEqual(['hello', new TimeoutError('moveOnAfter', 5)]);
});

test('test_cancel_reason_not_overwritten, test_cancel_reason_not_overwritten_2: the first cause stays', async () => {
  const clock = new ManualClock();
  const seen: unknown[] = [];
  const first = cancelScope(
    async ({ cancel }) => {
      cancel('explicit');
      await cancelScope(() => clock.sleep(10), { shield: true });
      await clock.sleep(1).catch((error: CancelledError) => seen.push(error.cause));
    },
    { timeout: 5, clock },
  );
  await clock.advance(10);
  await first;
  const second = cancelScope(
    async ({ cancel }) => {
      await clock.sleep(10).catch(() => {});
      cancel('too late');
      await clock.sleep(1).catch((error: CancelledError) => seen.push(error.cause));
    },
    { timeout: 5, clock },
  );
  await clock.advance(5);
  await second;
  expect(seen).toEqual(['explicit', new TimeoutError('cancelScope', 5)]);
});

test('test_cancel_reason_nursery, test_cancel_reason_nursery2, test_nested_child_source: the failure is the cause', async () => {
  const failure = new Error('of a task, or of the body');
  const causes: unknown[] = [];
  const clock = new ManualClock();
  const waiting = (): Promise<void> =>
    clock.sleep(1e9).catch((error: CancelledError) => {
      causes.push(error.cause);
      throw error;
    });
  const ofTask = defaultExecutor.group(async ({ spawn }) => {
    spawn(waiting);
    spawn(async ({ yieldNow }) => {
      await yieldNow();
      throw failure;
    });
    await waiting();
  });
  await expect(ofTask).rejects.toBe(failure);
  const ofBody = defaultExecutor.group(async ({ spawn }) => {
    spawn(waiting);
    await new Promise(setImmediate);
    throw failure;
  });
  await expect(ofBody).rejects.toBe(failure);
  expect(causes).toEqual([failure, failure, failure]);
});

test('test_basic_interleave', async () => {
  const record: string[] = [];
  await defaultExecutor.group(({ spawn }) => {
    for (const name of ['a', 'b']) {
      spawn(async ({ yieldNow }) => {
        for (let turn = 0; turn < 3; turn += 1) {
          record.push(`${name}${turn}`);
          await yieldNow();
        }
      });
    }
  });
  expect(record.map((each) => each[1]).join('')).toBe('001122');
});

test('test_cancel_shield_abort: a group in a shield goes on, and ends with the limit of the shield', async () => {
  const clock = new ManualClock();
  const record: string[] = [];
  const call = cancelScope(
    async (outer) => {
      outer.cancel();
      await cancelScope(
        () =>
          defaultExecutor.group(({ spawn }) => {
            spawn(async () => {
              record.push('sleeping');
              await clock.sleep(1e9).catch((error: Error) => record.push(error.name));
            });
          }),
        // There the shield is taken away; here it is given for as long as it is needed.
        { shield: true, timeout: 10 },
      ).catch((error: Error) => record.push(error.name));
    },
    { clock },
  );
  await clock.advance(9);
  expect(record).toEqual(['sleeping']);
  await clock.advance(1);
  await call;
  expect(record).toEqual(['sleeping', 'CancelledError', 'TimeoutError']);
});

test('test_nursery_closure', async () => {
  const ran: string[] = [];
  let late: unknown;
  await defaultExecutor.group(({ spawn }) => {
    late = spawn;
    spawn(() => void spawn(() => ran.push('child2')));
  });
  expect(ran).toEqual(['child2']);
  expect(() => (late as (run: () => void) => unknown)(() => {})).toThrow(
    'this group takes no more tasks',
  );
});

test('test_task_tree_introspection, test_spawn_name: a snapshot shows the tree, by name', async () => {
  const executor = new Executor({ clock: new ManualClock() });
  let names: unknown;
  await executor
    .group(({ spawn }) => {
      spawn(
        async ({ spawn: spawnChild, yieldNow }) => {
          const child = spawnChild(function child() {
            return yieldNow();
          });
          const tasks = executor.snapshot();
          names = tasks.map(({ name, parent }) => [
            name,
            tasks.find(({ id }) => id === parent)?.name,
          ]);
          await child;
        },
        { name: 'parent' },
      );
      return Promise.resolve();
    })
    .catch(() => {});
  expect(names).toEqual([
    ['parent', undefined],
    ['child', 'parent'],
  ]);
});

test('test_nursery_collapse, test_cancel_scope_no_cancellederror: several failures pass a scope that was cancelled', async () => {
  const failures = [new Error('one'), new Error('two')];
  const passed = cancelScope(({ cancel }) => {
    cancel();
    throw new AggregateError(failures);
  });
  await expect(passed).rejects.toMatchObject({ errors: failures });
  const nested = defaultExecutor.group(async ({ spawn }) => {
    spawn(() => {
      throw failures[0];
    });
    await cancelScope(
      () =>
        defaultExecutor.group((inner) => {
          inner.spawn(() => {
            throw failures[1];
          });
        }),
      { shield: true },
    );
  });
  await expect(nested).rejects.toMatchObject({ errors: failures });
});

test('test_contextvar_support, test_contextvar_multitask: a task has the context in which it was spawned', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  await storage.run('before', () =>
    defaultExecutor.group(({ spawn }) => {
      spawn(async ({ yieldNow }) => {
        seen.push(storage.getStore());
        await storage.run('inner', yieldNow);
        seen.push(storage.getStore());
      });
      storage.run('changed', () => spawn(() => seen.push(storage.getStore())));
    }),
  );
  expect([[...seen].map(String).toSorted(), storage.getStore()]).toEqual([
    ['before', 'before', 'changed'],
    undefined,
  ]);
});
