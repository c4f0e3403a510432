import { describe, expect, test } from '@jest/globals';
import { ManualClock } from './manual-clock.ts';
import { lazy } from '../vocabulary/lazy.ts';

describe('a manual clock', () => {
  test('stands still by itself', async () => {
    const clock = new ManualClock();
    let hasFired = false;
    clock.setTimer(() => {
      hasFired = true;
    }, 1);
    await new Promise(setImmediate);
    expect([clock.now(), hasFired]).toEqual([0, false]);
  });

  test('fires timers in order, each at its own moment', async () => {
    const clock = new ManualClock();
    const seen: [string, number][] = [];
    clock.setTimer(() => seen.push(['late', clock.now()]), 30);
    clock.setTimer(() => seen.push(['early', clock.now()]), 10);
    await clock.advance(29);
    expect(seen).toEqual([['early', 10]]);
    expect(clock.now()).toBe(29);
    await clock.advance(1);
    expect(seen).toEqual([
      ['early', 10],
      ['late', 30],
    ]);
  });

  test('waits for what is loaded on first use, and for what follows from it', async () => {
    const clock = new ManualClock();
    const load = async (): Promise<string> => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      return 'loaded';
    };
    const [first, second] = [lazy(load), lazy(load)];
    const failing = lazy(() => load().then(() => Promise.reject(new Error('not there'))));
    const seen: unknown[] = [];
    void failing.load().catch((error: Error) => seen.push(error.message));
    void first
      .load()
      .then(() => second.load())
      .then(() => clock.sleep(100))
      .then(() => seen.push(clock.now()));
    await clock.advance(100);
    expect(seen).toEqual(['not there', 100]);
  });

  test('counts a delay from the present and not from the last timer', async () => {
    const clock = new ManualClock();
    await clock.advance(100);
    clock.setTimer(() => undefined, 10);
    expect(clock.next).toBe(110);
    await clock.advance(9);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect([clock.pending, clock.now()]).toEqual([0, 110]);
  });

  test('lets everything follow from one timer before the next', async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const worker = (async () => {
      for (let turn = 0; turn < 3; turn += 1) {
        await clock.sleep(10);
        seen.push(clock.now());
      }
    })();
    await clock.advance(100);
    await worker;
    expect(seen).toEqual([10, 20, 30]);
  });

  test('does not fire what was cancelled, and rejects an aborted sleep with its reason', async () => {
    const clock = new ManualClock();
    const timer = clock.setTimer(() => {
      throw new Error('fired');
    }, 5);
    timer.unref();
    timer.cancel();
    const controller = new AbortController();
    const sleeping = clock.sleep(5, { signal: controller.signal });
    controller.abort(new Error('awake'));
    await expect(sleeping).rejects.toThrow('awake');
    await clock.advance(10);
    expect(clock.pending).toBe(0);
  });

  test('runs what is deferred without being advanced', async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    clock.defer(() => seen.push(1));
    clock.defer(() => seen.push(2));
    await new Promise(setImmediate);
    expect(seen).toEqual([1, 2]);
  });

  test('shows a calendar that moves with it', async () => {
    const clock = new ManualClock();
    const start = clock.wallTime();
    await clock.advance(1_500);
    expect(clock.wallTime() - start).toBe(1_500);
  });

  test('refuses to go back', async () => {
    await expect(new ManualClock().advance(-1)).rejects.toThrow(/advance/);
  });
});
