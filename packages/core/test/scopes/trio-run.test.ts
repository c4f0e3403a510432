/** Cases of trio's test_run.py, by their names there, on scopes and groups: same answers, or the reason why not. */
import { expect, test } from '@jest/globals';
import {
  cancelScope,
  CancelledError,
  defaultExecutor,
  moveOnAfter,
  timeout,
  type CancelScope,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';

const clock = new ManualClock();
const forever = (): Promise<void> => clock.sleep(1e9);
const checkpoint = (): Promise<void> => cancelScope(() => {}) as Promise<void>;
const nameOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'it went on',
    (error: Error) => error.name,
  );
/** Runs a body in a scope and says whether the scope was cancelled, and whether that was what ended the body. */
async function scoped(body: (scope: CancelScope) => unknown): Promise<string> {
  const ended = await cancelScope(async (scope) => (await body(scope), 'returned'), { clock });
  return ended ?? 'cancelled';
}
const fail = (message: string) => (): never => {
  throw new Error(message);
};
const failuresOf = (call: Promise<unknown>): Promise<readonly string[]> =>
  call.then(
    () => [],
    (error: Error) =>
      error instanceof AggregateError
        ? error.errors.map((each: Error) => each.message)
        : [error.message],
  );

test('test_nursery_main_block_error_basic, test_nursery_explicit_exception, test_initial_task_error, test_child_crash_basic', async () => {
  // One failure is thrown as it is: trio wraps it in a group of one.
  expect(await failuresOf(defaultExecutor.group(fail('whoops')))).toEqual(['whoops']);
  const child = defaultExecutor.group(({ spawn }) => void spawn(fail('uh oh')));
  expect(await failuresOf(child)).toEqual(['uh oh']);
});

test('test_task_crash_propagation', async () => {
  const record: string[] = [];
  const group = defaultExecutor.group(({ spawn }) => {
    spawn(() => forever().catch((error: Error) => record.push(error.name)));
    spawn(fail('argh'));
  });
  expect(await failuresOf(group)).toEqual(['argh']);
  expect(record).toEqual(['CancelledError']);
});

test('test_main_and_task_both_crash, test_two_child_crashes', async () => {
  const both = defaultExecutor.group(({ spawn }) => {
    spawn(async ({ signal }) => {
      while (!signal.aborted) await Promise.resolve();
      fail('of the task')();
    });
    return Promise.resolve().then(() => Promise.resolve().then(fail('of the body')));
  });
  expect(await failuresOf(both)).toEqual(['of the body', 'of the task']);
  const two = defaultExecutor.group(({ spawn }) => {
    for (const name of ['a', 'b']) spawn(async () => fail(name)());
  });
  // Both had begun: a failure is reported even if it comes after the group was cancelled by the other.
  expect(await failuresOf(two)).toEqual(['a', 'b']);
});

test('test_child_crash_wakes_parent', async () => {
  const group = defaultExecutor.group(async ({ spawn }) => {
    spawn(fail('this is a crash'));
    await forever();
  });
  expect(await failuresOf(group)).toEqual(['this is a crash']);
});

test('test_cancel_points, test_cancel_edge_cases: cancelling is idempotent and level-triggered', async () => {
  const ended = await scoped(async ({ cancel }) => {
    await checkpoint();
    cancel();
    cancel();
    expect(await nameOf(checkpoint())).toBe('CancelledError');
    expect(await nameOf(forever())).toBe('CancelledError');
    await forever();
  });
  expect(ended).toBe('cancelled');
});

test('test_cancel_scope_exceptiongroup_filtering: what is left of the failures is the real one', async () => {
  const outer = cancelScope(
    ({ cancel }) =>
      defaultExecutor.group(({ spawn }) => {
        spawn(forever);
        spawn(forever);
        spawn(() => forever().catch(fail('of cleaning up')));
        setImmediate(cancel);
      }),
    { clock },
  );
  expect(await failuresOf(outer)).toEqual(['of cleaning up']);
});

test('test_precancelled_task: a task of a group that was cancelled is refused; there it begins', async () => {
  const group = defaultExecutor.group(({ abortAll, spawn }) => {
    abortAll();
    expect(() => spawn(forever)).toThrow('this group takes no more tasks');
  });
  await group;
});

test('test_cancel_shielding', async () => {
  const record: string[] = [];
  const ended = await scoped(async (outer) => {
    await cancelScope(async () => {
      outer.cancel();
      record.push(await nameOf(checkpoint()));
    });
    // A scope is shielded from its beginning or never: there `shield` may be changed.
    await cancelScope(
      async (inner) => {
        await checkpoint();
        record.push(
          await scoped(async ({ cancel }) => {
            cancel();
            await checkpoint();
          }),
        );
        await checkpoint();
        inner.cancel();
        await checkpoint();
        record.push('never');
      },
      { shield: true },
    );
    record.push('after the shield');
    await checkpoint();
  });
  // The scope that began before the cancel still runs; the one after it is refused like every call.
  expect([ended, record]).toEqual([
    'cancelled',
    ['CancelledError', 'cancelled', 'after the shield'],
  ]);
});

test('test_cancel_inheritance', async () => {
  const record = new Set<string>();
  const leaf = (name: string) => (): Promise<unknown> =>
    forever().catch((error: Error) => {
      record.add(`${name} ${error.name}`);
      throw error;
    });
  const ended = await scoped(({ cancel }) =>
    defaultExecutor.group(({ spawn }) => {
      for (const worker of ['w1', 'w2']) {
        spawn(({ group }) =>
          group((own) => {
            for (const each of ['l1', 'l2']) own.spawn(leaf(`${worker}-${each}`));
          }),
        );
      }
      setImmediate(cancel);
    }),
  );
  expect(ended).toBe('cancelled');
  expect([...record].toSorted()).toEqual(
    ['w1-l1', 'w1-l2', 'w2-l1', 'w2-l2'].map((name) => `${name} CancelledError`),
  );
});

test('test_basic_timeout', async () => {
  const quick = await timeout(1_000, () => 'quick', { clock });
  await clock.advance(2_000);
  expect(quick).toBe('quick');
  const slow = moveOnAfter(1_000, forever, { clock });
  await clock.advance(1_000);
  expect(await slow).toBe(undefined);
});

test('test_cancel_scope_nesting: of scopes that end at once, the outer one wins', async () => {
  const record: string[] = [];
  record.push(
    await scoped(async () => {
      record.push(
        await scoped(async (second) => {
          await cancelScope(async (third) => {
            third.cancel();
            second.cancel();
            await forever();
          });
          record.push('never');
        }),
      );
    }),
  );
  expect(record).toEqual(['cancelled', 'returned']);
  // One that was cancelled, and in which nothing waits any more, has no effect.
  expect(await scoped(({ cancel }) => cancel())).toBe('returned');
  await clock.advance(0);
});

test('test_unshield_while_cancel_propagating', async () => {
  const record: string[] = [];
  const ended = await scoped(async (outer) => {
    record.push(
      await scoped(async () => {
        outer.cancel();
        try {
          await checkpoint();
        } finally {
          await cancelScope(checkpoint, { shield: true });
        }
      }).catch((error: Error) => {
        record.push(error.name);
        throw error;
      }),
    );
  });
  expect([ended, record]).toEqual(['cancelled', ['CancelledError']]);
});

test('test_yield_briefly_checks_for_timeout', async () => {
  const call = timeout(
    5,
    async () => {
      await checkpoint();
      await clock.sleep(4);
      expect(await nameOf(clock.sleep(10))).toBe('CancelledError');
      return nameOf(checkpoint());
    },
    { clock },
  );
  await clock.advance(10);
  expect(await call).toBe('CancelledError');
});

test('test_very_deep_cancel_scope_nesting', async () => {
  const nested = async (depth: number): Promise<void> => {
    if (depth === 0) return forever();
    await Promise.resolve();
    await cancelScope(() => nested(depth - 1));
  };
  let error: unknown;
  const ended = await scoped(async ({ cancel }) => {
    setImmediate(cancel);
    await nested(1_000).catch((reason: unknown) => {
      error = reason;
      throw reason;
    });
  });
  expect([ended, error]).toEqual(['cancelled', expect.any(CancelledError)]);
});
