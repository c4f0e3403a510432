import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { sleepOn, systemClock, cachedNow } from './system-clock.ts';
import { platform } from '../vocabulary/platform.ts';
import { ManualClock } from '../testing/manual-clock.ts';

describe('sleepOn', () => {
  test('settles when the time has come, and leaves nothing behind', async () => {
    const clock = new ManualClock();
    let isAwake = false;
    const nap = sleepOn(clock, 100).then(() => (isAwake = true));
    await clock.advance(99);
    expect(isAwake).toBe(false);
    await clock.advance(1);
    await nap;
    expect(clock.pending).toBe(0);
  });

  test('rejects with the reason when the signal aborts, and its timer is gone', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const nap = sleepOn(clock, 100, controller.signal);
    controller.abort('wake up');
    await expect(nap).rejects.toBe('wake up');
    expect(clock.pending).toBe(0);
  });

  test('does not begin under a signal that has aborted', async () => {
    const clock = new ManualClock();
    await expect(sleepOn(clock, 100, AbortSignal.abort('too late'))).rejects.toBe('too late');
    expect(clock.pending).toBe(0);
  });

  test('puts one listener on a signal, however many sleep under it', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const naps = Array.from({ length: 10_000 }, (_, index) => sleepOn(clock, index, signal));
    expect(getEventListeners(signal, 'abort').length).toBe(1);
    await clock.advance(10_000);
    await Promise.all(naps);
  });
});

describe("the system's clock", () => {
  test('never goes back, and knows the calendar', () => {
    const before = systemClock.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
    expect(Math.abs(systemClock.wallTime() - Date.now())).toBeLessThan(1_000);
  });

  test('lets the events that are ready have their turn before what was deferred', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.defer(() => {
        order.push('deferred');
        resolve();
      });
      queueMicrotask(() => order.push('microtask'));
    });
    expect(order).toEqual(['microtask', 'deferred']);
  });

  test('sleeps, and gives up when the signal aborts', async () => {
    // Real time is what this clock has.
    await systemClock.sleep(0);
    const controller = new AbortController();
    const nap = systemClock.sleep(60_000, { signal: controller.signal });
    controller.abort('wake up');
    await expect(nap).rejects.toBe('wake up');
  });
});

describe("under fake timers, whenever a test installs them, the system's clock", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('goes on, and tells the real time', async () => {
    jest.setSystemTime(0);
    expect(systemClock.wallTime()).toBeGreaterThan(1_600_000_000_000);
    const before = systemClock.now();
    await new Promise<void>((resolve) => {
      systemClock.setTimer(resolve, 5);
    });
    expect(systemClock.now()).toBeGreaterThan(before);
    await new Promise<void>((resolve) => {
      systemClock.defer(resolve);
    });
  });

  test('cancels what it armed', async () => {
    const fired = jest.fn();
    systemClock.setTimer(fired, 1).cancel();
    // Real time: it was armed later for the same time, and so fires later.
    await systemClock.sleep(1);
    expect(fired).not.toHaveBeenCalled();
  });
});

describe("a timer of the system's clock", () => {
  const clock = systemClock;
  const real = { ...platform };
  // Fakes alone do not reach it.
  beforeEach(() => {
    jest.useFakeTimers();
    Object.assign(platform, { setTimeout, clearTimeout });
  });
  afterEach(() => {
    Object.assign(platform, real);
    jest.useRealTimers();
  });
  const DAY = 86_400_000;

  test('fires once, after its delay', () => {
    const fired = jest.fn();
    clock.setTimer(fired, 50);
    jest.advanceTimersByTime(49);
    expect(fired).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1_000);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  test('does not fire when it was cancelled', () => {
    const fired = jest.fn();
    clock.setTimer(fired, 50).cancel();
    jest.advanceTimersByTime(1_000);
    expect(fired).not.toHaveBeenCalled();
  });

  test('waits longer than the 24.8 days that a platform timer can', () => {
    const fired = jest.fn();
    clock.setTimer(fired, 60 * DAY);
    jest.advanceTimersByTime(60 * DAY - 1);
    expect(fired).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledTimes(1);
  });

  test('can be cancelled, and stays out of the way of the end, on every leg of a long wait', () => {
    const fired = jest.fn();
    const timer = clock.setTimer(fired, Infinity);
    timer.unref();
    jest.advanceTimersByTime(100 * DAY);
    timer.cancel();
    expect(jest.getTimerCount()).toBe(0);
    expect(fired).not.toHaveBeenCalled();
  });
});

describe('the time of a turn', () => {
  /** Until the clock shows something later. */
  const spin = (): void => {
    for (const start = systemClock.now(); systemClock.now() === start;);
  };

  test('is read once for all reactions that wait, and again for those that come later', async () => {
    const seen: number[] = [];
    const look = (): void => {
      seen.push(cachedNow(systemClock));
      spin();
    };
    const settled = Promise.resolve();
    await Promise.all([settled.then(look), settled.then(look), settled.then(look)]);
    await new Promise(setImmediate);
    look();
    expect(new Set(seen.slice(0, 3)).size).toBe(1);
    expect(seen).toHaveLength(4);
    expect(seen.at(-1)).toBeGreaterThan(Math.max(...seen.slice(0, 3)));
    await new Promise(setImmediate);
    expect(cachedNow(systemClock)).toBeGreaterThan(Math.max(...seen));
  });

  test('is not in the future', () => {
    expect(cachedNow(systemClock)).toBeLessThanOrEqual(systemClock.now());
  });

  test('is now on every other clock', () => {
    let now = 5;
    const clock = { ...systemClock, now: () => now };
    expect(cachedNow(clock)).toBe(5);
    now = 6;
    expect(cachedNow(clock)).toBe(6);
  });
});
