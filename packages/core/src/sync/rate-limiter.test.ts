import { describe, expect, test } from '@jest/globals';
import { poll, PENDING, thrownBy } from '../../test/support/poll.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RateLimiter, type RateLimiterOptions } from './rate-limiter.ts';

function setUp(options: RateLimiterOptions) {
  const clock = new ManualClock();
  return { clock, limiter: new RateLimiter({ clock, ...options }) };
}

describe('a rate limiter', () => {
  test('lets a burst pass at once, and then one call per interval', async () => {
    const { clock, limiter } = setUp({ rate: 10, burst: 3 });
    const times: number[] = [];
    const calls = Array.from({ length: 6 }, async () => {
      await limiter.acquire();
      times.push(clock.now());
    });
    await clock.advance(1_000);
    await Promise.all(calls);
    expect(times).toEqual([0, 0, 0, 100, 200, 300]);
    expect(clock.pending).toBe(0);
  });

  test('saves up no more than the burst', async () => {
    const { clock, limiter } = setUp({ rate: 1_000, burst: 2 });
    await clock.advance(60_000);
    expect([limiter.tryAcquire(), limiter.tryAcquire(), limiter.tryAcquire()]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('has a burst of one second, at least 1, unless its options have another', () => {
    expect(setUp({ rate: 2.5 }).limiter.statistics().tokens).toBe(3);
    expect(setUp({ rate: 0.1 }).limiter.statistics().tokens).toBe(1);
  });

  test('serves in order: small requests do not overtake a large one', async () => {
    const { clock, limiter } = setUp({ rate: 1, burst: 5 });
    expect(limiter.tryAcquire(5)).toBe(true);
    const order: string[] = [];
    const large = limiter.acquire(3).then(() => order.push(`large at ${clock.now()}`));
    const small = limiter.acquire().then(() => order.push(`small at ${clock.now()}`));
    await clock.advance(1_000);
    expect([limiter.tryAcquire(), order]).toEqual([false, []]);
    await clock.advance(3_000);
    await Promise.all([large, small]);
    expect(order).toEqual(['large at 3000', 'small at 4000']);
  });

  test('lets the next go on at once when the first in the queue is cancelled', async () => {
    const { clock, limiter } = setUp({ rate: 1, burst: 5 });
    limiter.tryAcquire(5);
    const stop = new AbortController();
    const large = limiter.acquire(5, { signal: stop.signal });
    const small = limiter.acquire(1);
    await clock.advance(1_000);
    expect(await poll(small)).toBe(PENDING);
    stop.abort('stop');
    expect([await poll(large), await poll(small)]).toEqual(['stop', undefined]);
    expect(clock.pending).toBe(0);
  });

  test('refuses what never fits, and more waiting calls than its limit', async () => {
    const { clock, limiter } = setUp({ rate: 1, burst: 2, maxWaiting: 1 });
    await expect(limiter.acquire(3)).rejects.toMatchObject({ limitName: 'burst', limit: 2 });
    expect(thrownBy(() => limiter.tryAcquire(3))).toBe('LimitError');
    limiter.tryAcquire(2);
    const waiting = limiter.acquire();
    await expect(limiter.acquire()).rejects.toMatchObject({ limitName: 'maxWaiting', limit: 1 });
    await clock.advance(1_000);
    await waiting;
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(thrownBy(() => limiter.tryAcquire(count))).toBe('InvalidInputError');
    }
  });

  test('keeps its rate exactly over a long time, at a rate that has no exact fraction', async () => {
    const { clock, limiter } = setUp({ rate: 3, burst: 1 });
    const times: number[] = [];
    for (let n = 0; n < 30; n += 1) {
      const call = limiter.acquire();
      while ((await poll(call)) === PENDING) await clock.advance((clock.next ?? 0) - clock.now());
      times.push(clock.now());
    }
    expect(times.at(-1)).toBeGreaterThanOrEqual(29_000 / 3);
    expect(times.at(-1)).toBeLessThan(29_000 / 3 + 1);
  });

  test('shows its tokens and its waits', async () => {
    const { clock, limiter } = setUp({ rate: 1, burst: 4 });
    limiter.tryAcquire(4);
    const waiting = limiter.acquire(2);
    await clock.advance(500);
    expect(limiter.statistics()).toEqual({
      tokens: 0.5,
      waits: [{ operation: 'acquire', age: 500 }],
    });
    await clock.advance(1_500);
    await waiting;
  });
});
