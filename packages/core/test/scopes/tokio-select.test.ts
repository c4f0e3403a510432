/**
 * Cases of tokio's macros_select.rs, task_join_set.rs and time_timeout.rs, by their names there: same answers, or the reason why
 * not.
 */
import { expect, test } from '@jest/globals';
import {
  CancelledError,
  defaultExecutor,
  Executor,
  timeout,
  type Joined,
  type TaskContext,
} from '../../src/index.ts';
import { channel, oneshot, select } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';

const nameOf = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (error as Error).name);

test('sync_one_lit_expr_no_comma, sync_two: arms that do not wait', async () => {
  expect(await select({ a: () => 1 })).toEqual({ arm: 'a', value: 1, also: [] });
  const two = await select({ a: async () => 1, b: async () => 'two' });
  // There one is chosen at random, and the other is never polled.
  expect(two).toEqual({ arm: 'a', value: 1, also: [{ arm: 'b', value: 'two' }] });
});

test('drop_in_fut: an arm that lost holds nothing any more', async () => {
  const [sender, receiver] = oneshot<number>();
  const { arm } = await select({
    fails: async () => {
      sender.close();
      throw new Error('never seen');
    },
    closed: () => 'first',
  }).catch((error: Error) => ({ arm: error.message }));
  // A failure is an arm's end; there it is a pattern that may not match.
  expect(arm).toBe('never seen');
  expect(await nameOf(receiver.receive())).toBe('ClosedError');
});

test('one_ready', async () => {
  const [first, one] = oneshot<number>();
  const [, two] = oneshot<number>();
  first.send(1);
  expect(await select({ one: () => one.receive(), two: () => two.receive() })).toMatchObject({
    arm: 'one',
    value: 1,
  });
});

test('select_streams: no message is lost, and each is seen once', async () => {
  const [tx1, rx1] = channel<number>({ capacity: 3 });
  const [tx2, rx2] = channel<number>({ capacity: 3 });
  defaultExecutor.spawn(async ({ yieldNow }) => {
    await tx2.send(1);
    await yieldNow();
    await tx1.send(2);
    await yieldNow();
    await tx2.send(3);
    await tx1.send(4);
    await yieldNow();
    tx1.close();
    tx2.close();
  });
  const messages: number[] = [];
  // A channel that has ended gives `null` at once, so it is no arm any more: there, `else`.
  const open = new Map([
    ['rx1', () => rx1.receive()],
    ['rx2', () => rx2.receive()],
  ]);
  while (open.size > 0) {
    const first = await select(Object.fromEntries(open));
    for (const { arm, value } of [first, ...first.also]) {
      if (value === null) open.delete(arm);
      else messages.push(value);
    }
  }
  expect(messages.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
});

test('move_uncompleted_futures: what lost can be waited for again', async () => {
  const clock = new ManualClock();
  const [tx1, rx1] = oneshot<number>({ clock });
  const [tx2, rx2] = oneshot<number>({ clock });
  tx1.send(1);
  const { value } = await select({ a: () => rx1.receive(), b: () => rx2.receive() });
  tx2.send(2);
  expect([value, await rx2.receive()]).toEqual([1, 2]);
});

test('nested', async () => {
  const { value: x } = await select({ x: async () => 1 });
  const { value: y } = await select({ y: async () => (await select({ z: () => 2 })).value });
  expect(x + y).toBe(3);
});

test('many_branches', async () => {
  const arms = Object.fromEntries(
    Array.from(
      { length: 64 },
      (_, at) =>
        [
          `arm${at}`,
          () =>
            new Promise<number>((resolve) => {
              if (at === 63) resolve(at);
            }),
        ] as const,
    ),
  );
  // 63 promises that nothing ends: their arms are over when their scope is asked.
  const ending = Object.fromEntries(
    Object.entries(arms).map(([name, arm]) => [
      name,
      ({ signal }: { signal: AbortSignal }) =>
        Promise.race([
          arm(),
          new Promise<never>((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(signal.reason);
            });
          }),
        ]),
    ]),
  );
  expect(await select(ending)).toMatchObject({ arm: 'arm63', value: 63 });
});

test('select_is_budget_aware: a loop over arms that are ready lets the event loop turn', async () => {
  const turned = new AbortController();
  setImmediate(() => {
    turned.abort();
  });
  while (!turned.signal.aborted) await select({ a: () => 1, b: () => 2 });
  expect(turned.signal.aborted).toBe(true);
});

test('test_with_sleep, abort_tasks: a set gives its tasks as they end, the aborted ones too', async () => {
  const clock = new ManualClock();
  const executor = new Executor({ clock });
  const joined: unknown[] = [];
  const group = executor.group(
    async ({ spawn, joinNext }) => {
      const tasks = Array.from({ length: 6 }, (_, at) =>
        spawn(async ({ sleep }: TaskContext) => (await sleep(10 * at), at)),
      );
      for (const task of tasks.filter(({ id }) => id % 2 === 0)) task.abort('unwanted');
      for (let next: Joined | undefined; (next = await joinNext()) !== undefined;) {
        joined.push(next.ok ? next.value : next.error);
      }
    },
    { joinable: true },
  );
  await clock.advance(100);
  await group;
  expect(joined.filter((each) => each === 'unwanted')).toHaveLength(3);
  expect(joined.filter((each) => each !== 'unwanted')).toEqual([0, 2, 4]);
});

test('test_abort_on_drop, abort_all', async () => {
  const clock = new ManualClock();
  const executor = new Executor({ clock });
  const ends: unknown[] = [];
  const pending = (): Promise<void> =>
    clock.sleep(60_000).catch((error: unknown) => {
      ends.push(error instanceof CancelledError);
      throw error;
    });
  await executor.group(async (own) => {
    await using group = own;
    for (let count = 0; count < 3; count += 1) group.spawn(pending);
    await clock.advance(0);
  });
  expect([ends, clock.pending]).toEqual([[true, true, true], 0]);
});

test('task_panics: a failure ends the group, and is thrown by it; there it is what join_next gives', async () => {
  const group = defaultExecutor.group(({ spawn }) => {
    spawn(() => {
      throw new Error('boom');
    });
  });
  await expect(group).rejects.toThrow('boom');
});

test('completed_future_past_deadline, future_and_deadline_in_future, future_and_timeout_in_future, deadline_future_elapses', async () => {
  const clock = new ManualClock();
  expect(await timeout(0, async () => 'done', { clock })).toBe('done');
  const both = [50, 200].map((delay) =>
    nameOf(timeout(100, async () => (await clock.sleep(delay), delay), { clock })),
  );
  await clock.advance(100);
  expect(await Promise.all(both)).toEqual([50, 'TimeoutError']);
});

test('very_large_timeout', async () => {
  const clock = new ManualClock();
  const call = timeout(Number.MAX_SAFE_INTEGER, async () => (await clock.sleep(20), 20), { clock });
  await clock.advance(20);
  expect(await call).toBe(20);
});

test('timeout_is_not_exhausted_by_future: a function that never has to wait ends all the same', async () => {
  const [sender, receiver] = channel<number>({ capacity: 1 });
  const busy = timeout(20, async () => {
    for (;;) {
      await sender.send(1);
      await receiver.receive();
    }
  });
  expect(await nameOf(busy)).toBe('TimeoutError');
});
