/** Cases of tokio's tests of its interval, by their names there: same answers, or the reason why not. */

import { describe, expect, test } from '@jest/globals';
import { interval, type MissedTicks } from '../../src/sync/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { PENDING, poll, thrownBy } from '../support/poll.ts';

/** Steps in milliseconds, and the ticks that are ready after each; as in tests/time_interval.rs, without its extra 1 ms. */
const TICKS: Readonly<Record<MissedTicks, readonly (readonly [step: number, ticks: number[]])[]>> =
  {
    burst: [
      [0, [0]],
      [100, []],
      [200, [300]],
      [650, [600, 900]],
      [200, []],
      [100, [1_200]],
      [250, [1_500]],
      [300, [1_800]],
    ],
    delay: [
      [0, [0]],
      [100, []],
      [200, [300]],
      [650, [600]],
      [100, []],
      [200, [1_250]],
      [300, [1_550]],
      [300, [1_850]],
    ],
    skip: [
      [0, [0]],
      [100, []],
      [200, [300]],
      [650, [600]],
      [250, [1_200]],
      [300, [1_500]],
      [300, [1_800]],
    ],
  };

describe('tokio: interval', () => {
  test.each(Object.entries(TICKS))('%s', async (missed, steps) => {
    const clock = new ManualClock();
    const ticks = interval(300, { clock, missed: missed as MissedTicks });
    for (const [step, expected] of steps) {
      await clock.advance(step);
      const got: unknown[] = [];
      for (;;) {
        // What is not ready is given up, as a poll is.
        const stop = new AbortController();
        const tick = await poll(ticks.tick({ signal: stop.signal }));
        stop.abort();
        if (tick === PENDING) break;
        got.push(tick);
      }
      expect([clock.now(), got]).toEqual([clock.now(), expected]);
    }
    expect(clock.pending).toBe(0);
  });

  test('interval_zero_duration', () => {
    for (const period of [0, -1, Number.NaN, Infinity]) {
      expect(thrownBy(() => interval(period))).toBe('InvalidInputError');
    }
  });

  test('reset, reset_at', async () => {
    const clock = new ManualClock();
    const ticks = interval(300, { clock, start: 100 });
    const first = ticks.tick();
    expect(await poll(first)).toBe(PENDING);
    await clock.advance(100);
    expect(await first).toBe(100);
    await clock.advance(200);
    const second = ticks.tick();
    ticks.reset();
    await clock.advance(299);
    expect(await poll(second)).toBe(PENDING);
    await clock.advance(1);
    expect(await second).toBe(600);
  });
});
