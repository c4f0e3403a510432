/** The body of a group, and tasks that its tasks have spawned. */

import { describe, expect, test } from '@jest/globals';
import { TimeoutError } from '../vocabulary/errors.ts';
import { timeout } from '../waiting/cancel-scope.ts';
import type { Task, TaskContext } from './task-types.ts';
import {
  fail,
  failure,
  setUpErrors,
  sleepFor,
  groupOutcome,
} from '../../test/support/executor-set-up.ts';

describe('a task that a task of a group has spawned', () => {
  test('belongs to the group, which waits for it, and for those that it spawns', async () => {
    const { clock, executor } = setUpErrors();
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
    await groupOutcome(
      clock,
      group.then(() => order.push('group')),
    );
    expect([order, sizes]).toEqual([['child', 'grandchild', 'group'], [1]]);
  });

  test('fails the group when it fails, and ends with its failure, with its timeout and with abortAll', async () => {
    const { clock, executor, unobserved } = setUpErrors();
    const children: Task<unknown>[] = [];
    const spawning =
      (run: (context: TaskContext) => unknown) =>
      ({ spawn }: TaskContext): void =>
        void children.push(spawn(run));
    const failing = executor.group(({ spawn }) => {
      spawn(spawning(fail));
      spawn(sleepFor(1_000));
    });
    expect(await groupOutcome(clock, failing)).toEqual({ error: failure });
    const failed = executor.group(({ spawn }) => {
      spawn(spawning(sleepFor(60_000)));
      spawn(async ({ sleep }) => (await sleep(10), fail()));
    });
    expect(await groupOutcome(clock, failed)).toEqual({ error: failure });
    const late = executor.group(({ spawn }) => void spawn(spawning(sleepFor(60_000))), {
      timeout: 10,
    });
    expect(await groupOutcome(clock, late)).toEqual({ error: new TimeoutError('group', 10) });
    const aborted = executor.group(async ({ spawn, abortAll }) => {
      spawn(spawning(sleepFor(60_000)));
      await clock.sleep(10);
      abortAll();
    });
    expect(await groupOutcome(clock, aborted)).toEqual({ value: undefined });
    expect(children.map(({ state }) => state)).toEqual(['failed', 'aborted', 'aborted', 'aborted']);
    expect(unobserved).toEqual([]);
  });

  test('is not joined: it is no task of the body', async () => {
    const { clock, executor } = setUpErrors();
    const names: (string | undefined)[] = [];
    const group = executor.group(
      async (own) => {
        own.spawn(({ spawn }) => void spawn(sleepFor(10), { name: 'child' }), { name: 'parent' });
        names.push((await own.joinNext())?.task.name, (await own.joinNext())?.task.name);
      },
      { joinable: true },
    );
    await groupOutcome(clock, group);
    expect(names).toEqual(['parent', undefined]);
  });
});

describe('the body of a group', () => {
  test('ends with a failure, with the timeout and with the signal, although it looks at none of them', async () => {
    const { clock, executor } = setUpErrors();
    const controller = new AbortController();
    const body = (): Promise<void> => clock.sleep(60_000);
    const groups = [
      executor.group(({ spawn }) => (void spawn(fail), body())),
      executor.group(body, { timeout: 10 }),
      executor.group(body, { signal: controller.signal }),
      timeout(10, () => executor.group(body), { clock }),
    ];
    controller.abort('enough');
    const outcomes = await Promise.all(groups.map((group) => groupOutcome(clock, group)));
    expect(outcomes).toEqual([
      { error: failure },
      { error: new TimeoutError('group', 10) },
      { error: 'enough' },
      { error: new TimeoutError('timeout', 10) },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('goes on after abortAll', async () => {
    const { clock, executor } = setUpErrors();
    const group = executor.group(async ({ spawn, abortAll }) => {
      spawn(sleepFor(60_000));
      abortAll();
      await clock.sleep(10);
      return 'body';
    });
    expect(await groupOutcome(clock, group)).toEqual({ value: 'body' });
  });

  test('gets the failure of the task that it awaits, and not the end of the wait', async () => {
    const { clock, executor } = setUpErrors();
    const seen: unknown[] = [];
    const group = executor.group(async ({ spawn }) => {
      await spawn(fail).catch((error: unknown) => seen.push(error));
    });
    expect(await groupOutcome(clock, group)).toEqual({ error: failure });
    expect(seen).toEqual([failure]);
  });

  test('tells a failure of its cleanup beside the first one', async () => {
    const { clock, executor } = setUpErrors();
    const untidy = new Error('cleaning up failed');
    const group = executor.group(async ({ spawn }) => {
      spawn(fail);
      await clock.sleep(60_000).catch(() => {
        throw untidy;
      });
    });
    const { error } = (await groupOutcome(clock, group)) as { error: AggregateError };
    expect(error.errors).toEqual([failure, untidy]);
  });
});
