/** The calls of poll sets, tasks and clocks: see `support/budget-rows.ts`. */

import { describe, expect, test } from '@jest/globals';
import { Executor, Interest, memoryPair, Poll, systemClock, TaskTracker } from '../../src/index.ts';
import { turnsIn } from '../support/turns-in.ts';
import { aborted, cleanups, pair, rows, wrong } from '../support/budget-rows.ts';

describe('a loop lets the event loop turn that only makes this call of', () => {
  describe('a poll set', () => {
    rows(
      () => {
        const poll = new Poll<number>();
        poll.register(pair()[0], 1, Interest.WRITABLE);
        return poll;
      },
      {
        'poll of a source that is ready': (poll) => poll.poll(),
        'poll with a signal that has aborted': (poll) => poll.poll(aborted),
        'poll with wrong options': (poll) => poll.poll(wrong),
        'poll without waiting': (poll) => poll.poll({ timeout: 0 }),
      },
    );
    rows(
      () => {
        const poll = new Poll<number>();
        poll.close();
        return poll;
      },
      { 'poll of a closed set': (poll) => poll.poll() },
    );
    rows(
      () => {
        const poll = new Poll<number>();
        void poll.poll().catch(() => {});
        cleanups.push(() => {
          poll.close();
        });
        return poll;
      },
      { 'poll while another task polls': (poll) => poll.poll() },
    );
  });

  describe('an executor', () => {
    rows(() => new Executor({ concurrency: 1_000_000 }), {
      freeSlot: (executor) => executor.freeSlot(),
      'freeSlot with a signal that has aborted': (executor) => executor.freeSlot(aborted),
      idle: (executor) => executor.idle(),
      'idle with wrong options': (executor) => executor.idle(wrong),
      run: (executor) => executor.run(() => 1),
      group: (executor) => executor.group(() => 1),
      'group with a signal that has aborted': (executor) => executor.group(() => 1, aborted),
    });
    rows(
      async () => {
        const executor = new Executor();
        await executor.shutdown();
        return executor;
      },
      {
        'freeSlot after the shutdown': (executor) => executor.freeSlot(),
        'idle after the shutdown': (executor) => executor.idle(),
        'run after the shutdown': (executor) => executor.run(() => 1),
        'another shutdown': (executor) => executor.shutdown(),
        'shutdown with wrong options': (executor) => executor.shutdown({ grace: -1 }),
      },
    );
  });

  describe('a task that ends at once', () => {
    rows(() => new Executor({ onTaskError: () => {} }), {
      'with a value': (executor) => executor.spawn(() => 1),
      'with an error': (executor) =>
        executor.spawn(() => {
          throw new Error('no');
        }),
      'with a rejection': (executor) => executor.spawn(() => Promise.reject(new Error('no'))),
      'with a child': (executor) => executor.spawn(({ spawn }) => spawn(() => 1)),
      'of a tracker': (executor) => new TaskTracker({ executor }).spawn(() => 1),
      'by its abort': (executor) => {
        const task = executor.spawn(({ sleep }) => sleep(60_000));
        task.abort(new Error('enough'));
        return task;
      },
      'and is caught': (executor) => executor.spawn(() => 1).catch(() => {}),
      'and is waited for with finally': (executor) => executor.spawn(() => 1).finally(() => {}),
    });
  });

  describe('a task that was aborted', () => {
    test.each(['sleep', 'yieldNow'] as const)('%s', async (name) => {
      const executor = new Executor();
      let turned: Promise<boolean> | undefined;
      const task = executor.spawn(async (context) => {
        task.abort(new Error('enough'));
        turned = turnsIn(() => context[name](1));
        await turned;
      });
      await task.catch(() => {});
      expect(await turned).toBe(true);
    });
  });

  describe('a group and a tracker', () => {
    rows(() => new Executor(), {
      'joinNext of an empty group': (executor) =>
        executor.group((group) => turnsInsideOf(() => group.joinNext()), { joinable: true }),
      'joinNext of a group that is not joinable': (executor) =>
        executor.group((group) => turnsInsideOf(() => group.joinNext())),
      'joinNext with a signal that has aborted': (executor) =>
        executor.group((group) => turnsInsideOf(() => group.joinNext(aborted)), { joinable: true }),
    });
    rows(
      () => {
        const tracker = new TaskTracker();
        tracker.close();
        return tracker;
      },
      {
        wait: (tracker) => tracker.wait(),
        'wait with a signal that has aborted': (tracker) => tracker.wait(aborted),
      },
    );
  });

  describe('the clock', () => {
    rows(() => systemClock, {
      'sleep with a signal that has aborted': (clock) => clock.sleep(1, aborted),
    });
  });
});

/** Fails when a loop over the call starves the event loop. */
async function turnsInsideOf(call: () => unknown): Promise<void> {
  expect(await turnsIn(call)).toBe(true);
}

describe('many calls that fail at once', () => {
  test('all fail, those above the budget after a turn of the loop', async () => {
    const [stream] = memoryPair();
    await stream.close();
    const order: number[] = [];
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    const calls = Array.from({ length: 300 }, async (_, at) => {
      await stream.readChunk().catch(() => {});
      order.push(at);
      return hasTurned;
    });
    const late = await Promise.all(calls);
    expect(order).toEqual(calls.map((_, at) => at));
    expect([late[0], late[299]]).toEqual([false, true]);
  });
});
