import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SimClock } from './clock.ts';

const runAll = (clock: SimClock): void => {
  while (clock.step());
};

describe('the simulated clock', () => {
  test('stands still by itself, and jumps to the next event when it is stepped', () => {
    const clock = new SimClock();
    clock.setTimer(() => {}, 86_400_000);
    expect(clock.now()).toBe(0);
    expect(clock.next).toBe(86_400_000);
    expect(clock.step()).toBe(true);
    expect(clock.now()).toBe(86_400_000);
    expect(clock.step()).toBe(false);
  });

  test('lets events happen by their time, and those of one time in the order they were asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (delays) => {
        const clock = new SimClock();
        const happened: { delay: number; index: number }[] = [];
        for (const [index, delay] of delays.entries()) {
          clock.setTimer(() => happened.push({ delay, index }), delay);
        }
        runAll(clock);
        const expected = delays
          .map((delay, index) => ({ delay, index }))
          .toSorted((a, b) => a.delay - b.delay || a.index - b.index);
        expect(happened).toEqual(expected);
      }),
    );
  });

  test('forgets cancelled timers, however many there are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean()), { maxLength: 500 }),
        (plan) => {
          const clock = new SimClock();
          const happened: number[] = [];
          const timers = plan.map(([delay], index) =>
            clock.setTimer(() => happened.push(index), delay),
          );
          for (const [index, timer] of timers.entries()) if (plan[index]?.[1]) timer.cancel();
          expect(clock.size).toBe(plan.filter(([, isCancelled]) => !isCancelled).length);
          clock.setTimer(() => happened.push(-1), 100);
          runAll(clock);
          expect(happened.filter((index) => plan[index]?.[1])).toEqual([]);
          expect(happened).toHaveLength(plan.filter(([, isCancelled]) => !isCancelled).length + 1);
          expect(clock.size).toBe(0);
        },
      ),
    );
  });

  test('does not step over the limit it is given', () => {
    const clock = new SimClock();
    clock.setTimer(() => {}, 100);
    expect(clock.step(99.999)).toBe(false);
    expect(clock.now()).toBe(0);
    expect(clock.step(100)).toBe(true);
  });

  test('is busy while an event that was not unrefed is to come', () => {
    const clock = new SimClock();
    expect(clock.isBusy).toBe(false);
    const timer = clock.setTimer(() => {}, 10);
    expect(clock.isBusy).toBe(true);
    timer.unref();
    timer.unref();
    expect(clock.isBusy).toBe(false);
    timer.cancel();
    timer.cancel();
    clock.defer(() => {});
    expect(clock.isBusy).toBe(true);
    runAll(clock);
    expect(clock.isBusy).toBe(false);
  });

  test('sleeps, and gives a sleep up when its signal aborts', async () => {
    const clock = new SimClock();
    const controller = new AbortController();
    const slept = clock.sleep(5);
    const given = clock.sleep(1_000, { signal: controller.signal });
    clock.step();
    await slept;
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    expect(clock.size).toBe(0);
  });

  test('adds delays without rounding, and shows a calendar that begins in 2020', () => {
    const clock = new SimClock();
    for (let tenth = 0; tenth < 10; tenth += 1) {
      clock.setTimer(() => {}, 0.1);
      clock.step();
    }
    expect(clock.now()).toBe(1);
    expect(new Date(clock.wallTime()).toISOString()).toBe('2020-01-01T00:00:00.001Z');
  });

  test('calls back in the context that set the timer, and lets no other see what is entered there', () => {
    const storage = new AsyncLocalStorage<string>();
    const clock = new SimClock();
    const seen: (string | undefined)[] = [];
    const enter = (): void => {
      seen.push(storage.getStore());
      storage.enterWith('entered');
    };
    storage.run('set', () => {
      clock.setTimer(enter, 1);
      clock.defer(enter);
    });
    clock.setTimer(enter, 2);
    storage.run('stepped', () => {
      runAll(clock);
      expect(storage.getStore()).toBe('stepped');
    });
    expect(seen).toEqual(['set', 'set', undefined]);
  });

  test('tells of a callback that is none', () => {
    expect(() => new SimClock().setTimer('now' as never, 1)).toThrow(
      'expected `callback` to be a function',
    );
  });
});
