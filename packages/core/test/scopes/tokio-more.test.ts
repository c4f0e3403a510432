/** More cases of tokio's macros_select.rs, task_join_set.rs and time_timeout.rs, by their names there. */
import { expect, test } from '@jest/globals';
import { defaultExecutor, Executor, timeout, type Joined } from '../../src/index.ts';
import { oneshot, race, select, watch } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';

const nameOf = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (error as Error).name);

test('no_branch_else_only, no_branch_else_only_biased: a select of nothing is a mistake', async () => {
  expect(await nameOf(select({}))).toBe('InvalidInputError');
  expect(await nameOf(race([]))).toBe('InvalidInputError');
});

test('nested_one, sync_one_lit_expr_comma, sync_one_lit_expr_block, sync_one_await, sync_one_ident, one, select_into_future: one arm', async () => {
  const { value } = await select({ foo: () => 1 });
  expect((await select({ bar: async () => value })).value).toBe(1);
});

test('disable_with_if, use_future_in_if_condition, use_future_in_if_condition_biased: an arm that is not wanted is left out', async () => {
  const isWanted = false;
  const [tx, rx] = oneshot<number>();
  const call = select({
    ...(isWanted ? { never: () => 'never' } : undefined),
    answer: () => rx.receive(),
  });
  tx.send(1);
  expect(await call).toMatchObject({ arm: 'answer', value: 1 });
});

test('join_with_select: what came at the same time is in `also`', async () => {
  const [tx1, rx1] = oneshot<number>();
  const [tx2, rx2] = oneshot<number>();
  setImmediate(() => {
    tx1.send(123);
    tx2.send(456);
  });
  const got = new Map<string, number>();
  const arms = new Map([
    ['a', () => rx1.receive()],
    ['b', () => rx2.receive()],
  ]);
  while (arms.size > 0) {
    const first = await select(Object.fromEntries(arms));
    for (const { arm, value } of [first, ...first.also]) {
      got.set(arm, value);
      arms.delete(arm);
    }
  }
  expect([...got]).toEqual([
    ['a', 123],
    ['b', 456],
  ]);
});

test('biased_one_not_ready, select_0_to_9: of arms that are ready the first by name is the first', async () => {
  const [, rx1] = oneshot<number>();
  const [tx2, rx2] = oneshot<number>();
  const [tx3, rx3] = oneshot<number>();
  tx2.send(2);
  tx3.send(3);
  const first = await race([() => rx1.receive(), () => rx2.receive(), () => rx3.receive()]);
  // There the third is never polled; here it has its value, too, and it is not lost.
  expect(first).toEqual({ arm: 1, value: 2, also: [{ arm: 2, value: 3 }] });
});

test('biased_eventually_ready, deterministic_select_current_thread: the order is the same each time', async () => {
  const turn = (): Promise<void> => new Promise(setImmediate);
  for (let round = 0; round < 5; round += 1) {
    const { arm } = await select({ late: turn, soon: async () => {}, later: turn });
    expect(arm).toBe('soon');
  }
});

test('async_never, never_branch_no_warnings: an arm that never ends by itself ends with the others', async () => {
  const clock = new ManualClock();
  expect(await select({ never: () => clock.sleep(1e9), one: async () => 1 })).toMatchObject({
    arm: 'one',
    value: 1,
  });
  expect(clock.pending).toBe(0);
});

test('alternating: a group takes tasks while it gives others up', async () => {
  const sizes = new Set<number>();
  await defaultExecutor.group(
    async ({ spawn, joinNext }) => {
      spawn(() => {});
      spawn(() => {});
      for (let round = 0; round < 16; round += 1) {
        const joined = await joinNext();
        sizes.add(joined?.ok === true ? 1 : 0);
        spawn(() => {});
      }
    },
    { joinable: true },
  );
  expect([...sizes]).toEqual([1]);
});

test('join_all, spawn_then_join_next, extend: every task is given once', async () => {
  const given = await defaultExecutor.group(
    async (group) => {
      for (let at = 0; at < 8; at += 1) group.spawn(() => at);
      const values: unknown[] = [];
      for await (const joined of group) values.push((joined as Joined & { value: unknown }).value);
      return values;
    },
    { joinable: true },
  );
  expect(given.map(Number).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('try_join_next: a join that does not wait is one with a timeout of 0', async () => {
  const clock = new ManualClock();
  const [sender, first] = watch<null>(null, { clock });
  const counts = await new Executor({ clock }).group(
    async ({ spawn, joinNext }) => {
      for (let at = 0; at < 100; at += 1) {
        const receiver = first.clone();
        spawn(() => receiver.changed());
      }
      const none = nameOf(joinNext({ timeout: 0 }));
      await clock.advance(0);
      sender.sendReplace(null);
      await clock.advance(0);
      let count = 0;
      while ((await joinNext()) !== undefined) count += 1;
      return [await none, count];
    },
    { joinable: true },
  );
  expect(counts).toEqual(['TimeoutError', 100]);
});

test('spawn_then_shutdown, spawn_then_drop: what never ends by itself ends with the group', async () => {
  const clock = new ManualClock();
  const tasks = await new Executor({ clock }).group(async ({ spawn, abortAll }) => {
    const made = Array.from({ length: 8 }, () => spawn(() => clock.sleep(1e9)));
    await clock.advance(0);
    abortAll();
    return made;
  });
  expect(tasks.map(({ state }) => state)).toEqual(Array.from({ length: 8 }, () => 'aborted'));
  expect(clock.pending).toBe(0);
});

test('join_set_coop: a loop over joins lets the event loop turn', async () => {
  let turns = 0;
  const turn = setInterval(() => (turns += 1), 0);
  await defaultExecutor.group(
    async ({ spawn, joinNext }) => {
      for (let at = 0; at < 5_000; at += 1) spawn(() => at);
      while ((await joinNext()) !== undefined);
    },
    { joinable: true },
  );
  clearInterval(turn);
  expect(turns).toBeGreaterThan(0);
});

test('simultaneous_deadline_future_completion, deadline_now_elapses', async () => {
  const clock = new ManualClock();
  expect(await timeout(0, () => 'ready', { clock })).toBe('ready');
  const pending = nameOf(timeout(0, () => clock.sleep(1e9), { clock }));
  await clock.advance(0);
  expect(await pending).toBe('TimeoutError');
});
