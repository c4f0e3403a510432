import { describe, expect, test } from '@jest/globals';
import type { Clock, Timer } from '../vocabulary/clock.ts';
import { Deadline, DeadlineWheel } from './deadline-wheel.ts';

/** A clock that is moved by hand and fires its timers in order. */
function handClock() {
  let now = 1_000;
  const timers = new Set<{ at: number; callback: () => void }>();
  const clock: Clock = {
    now: () => now,
    wallTime: () => now,
    setTimer: (callback, delay): Timer => {
      const timer = { at: now + delay, callback };
      timers.add(timer);
      return { cancel: () => timers.delete(timer), unref: () => {} };
    },
    defer: (callback) => {
      queueMicrotask(callback);
    },
    sleep: () => Promise.resolve(),
  };
  const advance = (milliseconds: number): void => {
    const end = now + milliseconds;
    for (;;) {
      const next = [...timers]
        .filter((timer) => timer.at <= end)
        .toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      timers.delete(next);
      now = Math.max(now, next.at);
      next.callback();
    }
    now = end;
  };
  return { clock, advance, timers };
}

function setUp() {
  const { clock, advance, timers } = handClock();
  const wheel = new DeadlineWheel(clock);
  const fired: string[] = [];
  const make = (name: string): Deadline =>
    new Deadline(wheel, {
      onDeadline: () => {
        fired.push(name);
      },
    });
  return { wheel, advance, timers, fired, make };
}

describe('a deadline', () => {
  test('fires once, at most 50 ms late and never early', () => {
    const { advance, fired, make } = setUp();
    make('a').set(1_010);
    advance(1_009);
    expect(fired).toEqual([]);
    advance(51);
    expect(fired).toEqual(['a']);
    advance(100_000);
    expect(fired).toEqual(['a']);
  });

  test('moved later fires at the later moment only', () => {
    const { advance, fired, make } = setUp();
    const deadline = make('a');
    deadline.set(1_000);
    advance(900);
    deadline.set(1_000);
    advance(900);
    expect(fired).toEqual([]);
    advance(150);
    expect(fired).toEqual(['a']);
  });

  test('moved earlier fires at the earlier moment', () => {
    const { advance, fired, make } = setUp();
    const deadline = make('a');
    deadline.set(60_000);
    deadline.set(100);
    advance(150);
    expect(fired).toEqual(['a']);
  });

  test('further away than the wheel is long goes round until its time', () => {
    const { advance, fired, make } = setUp();
    make('a').set(300_000);
    advance(299_999);
    expect(fired).toEqual([]);
    advance(51);
    expect(fired).toEqual(['a']);
  });

  test('that is cleared or removed does not fire, and removal empties the wheel', () => {
    const { wheel, advance, fired, make } = setUp();
    const cleared = make('cleared');
    const removed = make('removed');
    cleared.set(100);
    removed.set(100);
    cleared.clear();
    removed.remove();
    expect(wheel.size).toBe(1);
    advance(1_000);
    expect(fired).toEqual([]);
    expect(wheel.size).toBe(0);
  });

  test('set by an owner while another one fires is kept', () => {
    const { wheel, advance, fired, make } = setUp();
    const later = make('later');
    const first = new Deadline(wheel, {
      onDeadline: () => {
        fired.push('first');
        later.set(200);
      },
    });
    first.set(100);
    advance(150);
    expect(fired).toEqual(['first']);
    advance(250);
    expect(fired).toEqual(['first', 'later']);
  });

  test('removed by an owner that fires in the same turn does not fire', () => {
    const { wheel, advance, fired, make } = setUp();
    const victim = make('victim');
    const killer = new Deadline(wheel, { onDeadline: () => victim.remove() });
    victim.set(100);
    killer.set(100);
    advance(150);
    expect(fired.length).toBeLessThanOrEqual(1);
    victim.set(100);
    advance(150);
    expect(fired.at(-1)).toBe('victim');
  });
});

describe('a wheel', () => {
  test('has one timer for ten thousand deadlines and none when it is empty', () => {
    const { advance, timers, fired, make } = setUp();
    for (let index = 0; index < 10_000; index += 1) make(String(index)).set(100 + (index % 5_000));
    expect(timers.size).toBe(1);
    advance(6_000);
    expect(fired.length).toBe(10_000);
    expect(timers.size).toBe(0);
  });
});
