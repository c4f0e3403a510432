/** The outcomes of the tasks of a group, one after another. */

import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, TimeoutError } from '../vocabulary/errors.ts';
import type { GroupOptions, Joined } from './task-types.ts';
import {
  fail,
  failure,
  setUpErrors,
  sleepFor,
  groupOutcome,
} from '../../test/support/executor-set-up.ts';

describe('joinNext', () => {
  const joinable: GroupOptions = { joinable: true };
  const shown = (joined: Joined | undefined): unknown =>
    joined && [joined.task.name, joined.ok ? joined.value : joined.error];

  test('gives the tasks in the order of their ends, then undefined', async () => {
    const { clock, executor } = setUpErrors();
    const order: unknown[] = [];
    const group = executor.group(async (own) => {
      for (const delay of [30, 10, 20]) own.spawn(sleepFor(delay, delay), { name: `${delay}` });
      for (let count = 0; count < 4; count += 1) order.push(shown(await own.joinNext()));
    }, joinable);
    await groupOutcome(clock, group);
    expect(order).toEqual([['10', 10], ['20', 20], ['30', 30], undefined]);
  });

  test('gives what ended before it was asked', async () => {
    const { clock, executor } = setUpErrors();
    const order: unknown[] = [];
    const group = executor.group(async (own) => {
      own.spawn(() => 1, { name: 'a' });
      own.spawn(() => 2, { name: 'b' });
      await clock.sleep(10);
      for await (const joined of own) order.push(shown(joined));
    }, joinable);
    await groupOutcome(clock, group);
    expect(order).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  test('gives failures and aborts as values; the group still fails of the failure', async () => {
    const { clock, executor } = setUpErrors();
    const order: unknown[] = [];
    const group = executor.group(async (own) => {
      own.spawn(sleepFor(1_000), { name: 'victim' });
      own.spawn(sleepFor(1_000), { name: 'unwanted' }).abort('unwanted');
      own.spawn(fail, { name: 'bad' });
      for await (const joined of own) order.push(shown(joined));
    }, joinable);
    expect(await groupOutcome(clock, group)).toEqual({ error: failure });
    expect(new Map(order as [string, unknown][])).toEqual(
      new Map<string, unknown>([
        ['bad', failure],
        ['unwanted', 'unwanted'],
        ['victim', failure],
      ]),
    );
  });

  test('cancelled takes no task', async () => {
    const { clock, executor } = setUpErrors();
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
    await groupOutcome(clock, group);
    expect(seen).toEqual(['enough', new TimeoutError('joinNext', 50), ['a', 'value']]);
  });

  test('serves those who wait in their order, and those for whom no task is left', async () => {
    const { clock, executor } = setUpErrors();
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
    const { executor } = setUpErrors();
    const group = executor.group((own) => own.joinNext());
    await expect(group).rejects.toThrow(
      new InvalidInputError(
        'joinNext: expected `joinable` to be true in the options of the group, got false (boolean)',
        'joinNext',
      ),
    );
  });
});
