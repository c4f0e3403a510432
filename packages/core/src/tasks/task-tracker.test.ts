import { describe, expect, test } from '@jest/globals';
import { deferred } from '../waiting/deferred.ts';
import { TimeoutError } from '../vocabulary/errors.ts';
import { Executor } from './executor.ts';
import { TaskTracker } from './task-tracker.ts';
import { ManualClock } from '../testing/manual-clock.ts';

function setUp() {
  const clock = new ManualClock();
  const unobserved: unknown[] = [];
  const executor = new Executor({ clock, onTaskError: (error) => unobserved.push(error) });
  const tracker = new TaskTracker({ executor, clock });
  return { clock, executor, tracker, unobserved };
}

/** Whether the promise has settled once everything has that can. */
async function hasSettled(clock: ManualClock, promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  void promise.then(() => (isSettled = true));
  await clock.advance(0);
  return isSettled;
}

describe('a tracker', () => {
  test('lets wait settle when it is closed and all of its tasks have ended', async () => {
    const { clock, tracker } = setUp();
    tracker.spawn(({ sleep }) => sleep(100));
    const waiting = tracker.wait();
    await clock.advance(200);
    expect([tracker.size, await hasSettled(clock, waiting)]).toEqual([0, false]);
    tracker.spawn(({ sleep }) => sleep(100));
    tracker.close();
    expect([tracker.isClosed, await hasSettled(clock, waiting)]).toEqual([true, false]);
    await clock.advance(100);
    expect(await hasSettled(clock, waiting)).toBe(true);
  });

  test('that is closed and empty lets wait settle at once', async () => {
    const { clock, tracker } = setUp();
    tracker.close();
    tracker.close();
    expect(await hasSettled(clock, tracker.wait())).toBe(true);
  });

  test('tracks what its tasks spawn while it winds down', async () => {
    const { clock, tracker } = setUp();
    const order: string[] = [];
    tracker.spawn(async ({ sleep }) => {
      await sleep(10);
      tracker.spawn(async (context) => {
        await context.sleep(10);
        order.push('second');
      });
      order.push('first');
    });
    tracker.close();
    const waiting = tracker.wait().then(() => order.push('wait'));
    await clock.advance(20);
    await waiting;
    expect(order).toEqual(['first', 'second', 'wait']);
  });

  test('tracks a task spawned elsewhere, once, until its function has returned', async () => {
    const { clock, executor, tracker } = setUp();
    const gate = deferred<void>();
    const task = executor.spawn(() => gate.promise);
    expect(tracker.track(task)).toBe(task);
    tracker.track(task);
    expect(tracker.size).toBe(1);
    await clock.advance(0);
    task.abort();
    tracker.close();
    const waiting = tracker.wait();
    expect(await hasSettled(clock, waiting)).toBe(false);
    gate.resolve();
    await waiting;
  });

  test('is open again when it was reopened', async () => {
    const { clock, tracker } = setUp();
    tracker.close();
    tracker.reopen();
    const waiting = tracker.wait();
    expect(await hasSettled(clock, waiting)).toBe(false);
    tracker.close();
    await waiting;
  });

  test('aborts what it tracks, and nothing else', async () => {
    const { clock, executor, tracker } = setUp();
    const stranger = executor.spawn(({ sleep }) => sleep(10));
    const tasks = [1, 2].map(() => tracker.spawn(({ sleep }) => sleep(60_000)));
    tracker.abortAll('enough');
    expect(await Promise.allSettled(tasks)).toMatchObject([
      { reason: 'enough' },
      { reason: 'enough' },
    ]);
    await clock.advance(10);
    expect(stranger.state).toBe('done');
  });

  test("leaves a task's failure to its caller, else to the executor", async () => {
    const { clock, tracker, unobserved } = setUp();
    const failure = new Error('the function failed');
    const fail = (): never => {
      throw failure;
    };
    await expect(Promise.resolve(tracker.spawn(fail))).rejects.toBe(failure);
    expect(unobserved).toEqual([]);
    tracker.spawn(fail);
    await clock.advance(0);
    expect(unobserved).toEqual([failure]);
  });

  test('lets a wait be cancelled', async () => {
    const { clock, tracker } = setUp();
    const late = tracker.wait({ timeout: 10 }).catch((error: unknown) => error);
    await clock.advance(10);
    expect(await late).toEqual(new TimeoutError('wait', 10));
    await expect(tracker.wait({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
  });

  test('spawns on the default executor, in a group, or under a task', async () => {
    const { executor } = setUp();
    const own = new TaskTracker();
    expect(await own.spawn(() => 'default')).toBe('default');
    await executor.group(async (group) => {
      expect(await new TaskTracker({ executor: group }).spawn(() => 1)).toBe(1);
      const under = group.spawn((context) => new TaskTracker({ executor: context }).spawn(() => 2));
      expect(await under).toBe(2);
    });
  });
});
