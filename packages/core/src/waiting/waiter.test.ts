import { describe, expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { InvalidInputError, TimeoutError } from '../vocabulary/errors.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import {
  checkWaitOptions,
  ListedWaiter,
  WaiterList,
  type WaitInfo,
  type WaitOptions,
} from './waiter.ts';

/** A list with one wait in it, and everything that could settle that wait. */
function setUp(options: WaitOptions = {}) {
  const clock = new ManualClock();
  const controller = new AbortController();
  const list = new WaiterList<string>();
  const waiter = new ListedWaiter<string>('read', clock, { signal: controller.signal, ...options });
  list.add(waiter);
  return { clock, controller, list, waiter };
}

describe('a wait', () => {
  test('is settled by its owner with a value, and then referenced by nothing', async () => {
    const { clock, controller, list, waiter } = setUp({ timeout: 100 });
    waiter.resolve('bytes');
    await expect(waiter.promise).resolves.toBe('bytes');
    expect(list.size).toBe(0);
    expect(clock.pending).toBe(0);
    controller.abort('too late');
    await clock.advance(1_000);
    await expect(waiter.promise).resolves.toBe('bytes');
  });

  test('is settled by its owner with an error, and leaves the list', async () => {
    const { list, waiter } = setUp();
    waiter.reject('broken');
    await expect(waiter.promise).rejects.toBe('broken');
    expect(list.size).toBe(0);
  });

  test('rejects with the reason of its signal, and leaves list and clock', async () => {
    const { clock, controller, list, waiter } = setUp({ timeout: 100 });
    controller.abort('changed my mind');
    await expect(waiter.promise).rejects.toBe('changed my mind');
    expect(list.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('rejects with a TimeoutError when its time is up, not before, and leaves list and signal', async () => {
    const { clock, controller, list, waiter } = setUp({ timeout: 100 });
    const outcome = waiter.promise.catch((error: unknown) => error);
    await clock.advance(99);
    expect(list.size).toBe(1);
    await clock.advance(1);
    expect(await outcome).toEqual(new TimeoutError('read', 100));
    expect(list.size).toBe(0);
    controller.abort();
  });

  test('takes a timeout of 0 as the next turn of the clock, and Infinity as no limit', async () => {
    const { clock, waiter } = setUp({ timeout: 0 });
    const outcome = waiter.promise.catch((error: unknown) => error);
    await clock.advance(0);
    expect(await outcome).toBeInstanceOf(TimeoutError);
    const { clock: other } = setUp({ timeout: Infinity });
    expect(other.pending).toBe(0);
  });

  test('tells what it waits for and for how long', async () => {
    const { clock, waiter } = setUp();
    await clock.advance(250);
    expect(waiter.info(clock.now())).toEqual({ operation: 'read', age: 250 });
  });

  test('costs a signal one listener, however many there are', () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const list = new WaiterList<void>();
    for (let count = 0; count < 100_000; count += 1) {
      list.add(new ListedWaiter<void>('readable', clock, { signal }));
    }
    expect(getEventListeners(signal, 'abort').length).toBe(1);
    list.resolveAll();
    expect(list.size).toBe(0);
  });
});

describe('a list of waits', () => {
  function listOf(count: number) {
    const clock = new ManualClock();
    const list = new WaiterList<number>();
    const waits = Array.from({ length: count }, () => {
      const waiter = new ListedWaiter<number>('accept', clock, undefined);
      list.add(waiter);
      return waiter;
    });
    return { clock, list, waits };
  }

  test('keeps the oldest first', () => {
    const { list, waits } = listOf(3);
    expect(list.first).toBe(waits[0]);
    waits[0]?.resolve(1);
    expect(list.first).toBe(waits[1]);
  });

  test.each([0, 1, 2])('lets go of the wait at place %d, and keeps the others', async (place) => {
    const { clock, list, waits } = listOf(3);
    await clock.advance(1);
    waits[place]?.reject('given up');
    await expect(waits[place]?.promise).rejects.toBe('given up');
    expect(list.size).toBe(2);
    const infos: WaitInfo[] = [];
    list.describe(clock.now(), infos);
    expect(infos).toHaveLength(2);
    list.resolveAll(7);
    const others = waits.filter((_, index) => index !== place).map(({ promise }) => promise);
    expect(await Promise.all(others)).toEqual([7, 7]);
  });

  test('settles all of them, with a value or with one reason', async () => {
    const { list, waits } = listOf(3);
    list.resolveAll(1);
    expect(await Promise.all(waits.map(({ promise }) => promise))).toEqual([1, 1, 1]);
    const failing = listOf(2);
    failing.list.rejectAll('gone');
    const outcomes = await Promise.allSettled(failing.waits.map(({ promise }) => promise));
    const gone = { status: 'rejected', reason: 'gone' };
    expect(outcomes).toEqual([gone, gone]);
    expect([list.size, list.first]).toEqual([0, undefined]);
  });

  test('does not let go of a wait that stands in another list', () => {
    const { list } = listOf(1);
    const other = new WaiterList<number>();
    other.remove(list.first as ListedWaiter<number>);
    expect([list.size, other.size]).toEqual([1, 0]);
  });

  test('is empty again after a wait that was added twice, one after the other', () => {
    const { clock, list } = listOf(0);
    for (let round = 0; round < 3; round += 1) {
      const waiter = new ListedWaiter<number>('accept', clock, undefined);
      list.add(waiter);
      waiter.resolve(round);
    }
    expect([list.size, list.first]).toEqual([0, undefined]);
  });
});

describe('checkWaitOptions', () => {
  const check = (options: unknown) => () => {
    checkWaitOptions('read', options as WaitOptions);
  };

  test('takes no options, no limit, and a signal that has not aborted', () => {
    const { signal } = new AbortController();
    for (const options of [undefined, {}, { timeout: 0 }, { timeout: Infinity }, { signal }]) {
      expect(check(options)).not.toThrow();
    }
  });

  test.each<[unknown, string]>([
    [-1, '-1 (number)'],
    [Number.NaN, 'NaN (number)'],
    ['5', '"5" (string)'],
    [null, 'null'],
  ])('refuses %p as a timeout', (timeout, got) => {
    const message = `read: expected \`timeout\` to be a number of milliseconds from 0, got ${got}`;
    expect(check({ timeout })).toThrow(new InvalidInputError(message, 'read'));
  });

  test.each<[unknown, string]>([
    [{}, 'an object (Object)'],
    [null, 'null'],
    [new AbortController(), 'an object (AbortController)'],
  ])('refuses %p as a signal', (signal, got) => {
    const message = `read: expected \`signal\` to be an AbortSignal, got ${got}`;
    expect(check({ signal })).toThrow(new InvalidInputError(message, 'read'));
  });

  test('throws the reason itself for a signal that has aborted', () => {
    const reason = { any: 'value' };
    let thrown: unknown;
    try {
      checkWaitOptions('read', { signal: AbortSignal.abort(reason) });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(reason);
  });
});
