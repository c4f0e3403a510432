import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import { HttpResponse, type Handler, type HttpProblem } from '../../index.ts';
import { fetched, type Fetched } from '../../../test/support/fetched.ts';
import { EventLoopDelay, type DelayMonitor } from './event-loop-delay.ts';
import { loadShedding, type LoadSheddingOptions } from './load-shedding.ts';

const ask = (handler: Handler, headers: Record<string, string> = {}): Promise<Fetched> =>
  fetched(handler, { headers });

/** A monitor that a test plays. */
class PlayedMonitor implements DelayMonitor {
  delay = 0;
  readonly log: string[] = [];

  start(): void {
    this.log.push('start');
  }

  stop(): void {
    this.log.push('stop');
  }

  read(): number {
    this.log.push('read');
    return this.delay;
  }
}

describe('load shedding', () => {
  const setUp = (
    options: LoadSheddingOptions = {},
  ): {
    clock: ManualClock;
    monitor: PlayedMonitor;
    share: () => number;
  } => {
    const clock = new ManualClock();
    const monitor = new PlayedMonitor();
    const handler = loadShedding(() => HttpResponse.text('hi'), {
      monitor,
      clock,
      random: seededRandom(1),
      ...options,
    });
    /** How many of a hundred requests are refused. */
    const share = (): number => {
      let refused = 0;
      for (let n = 0; n < 100; n += 1) {
        try {
          // It decides without a look at the request.
          void handler(undefined as never, undefined as never);
        } catch (error) {
          refused += 1;
          const { status, headers } = error as HttpProblem;
          expect([status, headers]).toEqual([503, { 'Retry-After': options.retryAfter ?? 1 }]);
        }
      }
      return refused;
    };
    return { clock, monitor, share };
  };

  test('refuses nothing while the loop is in time', async () => {
    const { clock, monitor, share } = setUp();
    monitor.delay = 100;
    expect(share()).toBe(0);
    await clock.advance(500);
    expect(share()).toBe(0);
  });

  test('refuses more while it is late, and less again when it is not', async () => {
    const { clock, monitor, share } = setUp({
      retryAfter: 7,
      maxDelay: 50,
      interval: 100,
    });
    share();
    monitor.delay = 100;
    const shares = [0, 0, 0, 0];
    for (const n of shares.keys()) {
      await clock.advance(100);
      shares[n] = share();
    }
    expect(shares[0]).toBeGreaterThan(10);
    expect(shares[0]).toBeLessThan(45);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares[3]).toBeGreaterThan(45);
    monitor.delay = 1e9;
    for (let n = 0; n < 20; n += 1) {
      await clock.advance(100);
      share();
    }
    // Some are let through at all times.
    expect(share()).toBeLessThan(100);
    monitor.delay = 0;
    for (let n = 0; n < 10; n += 1) {
      await clock.advance(100);
      share();
    }
    expect(share()).toBe(0);
  });

  test('answers with 503 and Retry-After', async () => {
    const clock = new ManualClock();
    const monitor = new PlayedMonitor();
    monitor.delay = 1e9;
    const random = { next: () => 0, integer: () => 0, chance: () => true };
    const options = { monitor, clock, random, retryAfter: 7 };
    const handler = loadShedding(() => HttpResponse.text('hi'), options);
    expect((await ask(handler)).body).toBe('hi');
    await clock.advance(500);
    const { answer, errors } = await ask(handler);
    expect([answer.status, answer.headers.get('retry-after'), errors]).toEqual([503, '7', []]);
  });

  test('reads the delay once in an interval', async () => {
    const { clock, monitor, share } = setUp();
    share();
    await clock.advance(499);
    share();
    expect(monitor.log).toEqual(['start']);
    await clock.advance(1);
    share();
    expect(monitor.log).toEqual(['start', 'read']);
  });

  test('measures until no request has come for ten intervals, and leaves nothing', async () => {
    const { clock, monitor, share } = setUp();
    expect(clock.pending).toBe(0);
    share();
    await clock.advance(4_999);
    share();
    await clock.advance(4_999);
    expect(monitor.log).toEqual(['start', 'read']);
    await clock.advance(1);
    expect(monitor.log).toEqual(['start', 'read', 'stop']);
    expect(clock.pending).toBe(0);
    share();
    expect(monitor.log.at(-1)).toBe('start');
  });

  test('measures by Node’s own histogram, also when each reading has a single delay', async () => {
    const monitor = new EventLoopDelay();
    expect(monitor.read()).toBe(0);
    monitor.start();
    await turnsUntil(() => keepLoop() && monitor.read() >= 20);
    // Not only the first.
    for (let n = 0; n < 3; n += 1) {
      keepLoop();
      await timerTurn();
      expect(monitor.read()).toBeGreaterThanOrEqual(20);
    }
    await turnsUntil(() => monitor.read() < 20);
    monitor.stop();
    expect(monitor.read()).toBe(0);
    monitor.start();
    monitor.stop();
  });
});

/** Keeps the event loop for longer than its delay may be. */
function keepLoop(): true {
  const end = performance.now() + 60;
  while (performance.now() < end);
  return true;
}

/** The histogram is of timers in real time, so their turns are what it measures. */
async function turnsUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await timerTurn();
}

/** Real time, as above. */
function timerTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
