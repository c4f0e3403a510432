/** What all calls of this room that wait have in common. */
import { describe, expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { Executor } from '../tasks/executor.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { simulate } from '../testing/sim/simulate.ts';
import { SimulationError } from '../testing/sim/report.ts';
import { InvalidInputError, TimeoutError } from '../vocabulary/errors.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { traceWaits } from '../waiting/wait-trace.ts';
import { BUDGET } from '../waiting/budget.ts';
import { systemClock } from '../waiting/system-clock.ts';
import type { WaitOptions } from '../waiting/waiter.ts';
import type { StreamWriter } from '../streams/stream-writer.ts';
import { WOULD_BLOCK } from '../vocabulary/would-block.ts';
import {
  Barrier,
  broadcast,
  channel,
  interval,
  Mutex,
  Notify,
  oneshot,
  RateLimiter,
  Semaphore,
  sharedWriter,
  watch,
} from './index.ts';

/** A stream that never has room. */
const BLOCKED: Partial<StreamWriter> = {
  isWritable: false,
  tryWrite: () => WOULD_BLOCK,
  writable: ({ signal } = {}) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    }),
};

type Wait = (options?: WaitOptions) => Promise<unknown>;

/** A call that has to wait, its operation, and what its object is called in reports. */
type Waiting = readonly [name: string, make: (clock: Clock) => Wait, subject: string];

const WAITS: readonly Waiting[] = [
  [
    'send',
    (clock) => {
      const [sender] = channel<number>({ capacity: 1, clock, name: 'jobs' });
      sender.trySend(0);
      return (options) => sender.send(1, options);
    },
    'channel "jobs"',
  ],
  [
    'reserve',
    (clock) => {
      const [sender] = channel<number>({ capacity: 1, clock });
      sender.trySend(0);
      return (options) => sender.reserve(options);
    },
    'channel',
  ],
  [
    'receive',
    (clock) => {
      const [, receiver] = channel<number>({ capacity: 1, clock });
      return (options) => receiver.receive(options);
    },
    'channel',
  ],
  [
    'closed',
    (clock) => {
      const [sender] = channel<number>({ capacity: 1, clock });
      return (options) => sender.closed(options);
    },
    'channel',
  ],
  [
    'receive',
    (clock) => {
      const [, receiver] = oneshot<number>({ clock, name: 'answer' });
      return (options) => receiver.receive(options);
    },
    'oneshot "answer"',
  ],
  [
    'closed',
    (clock) => {
      const [sender] = oneshot<number>({ clock });
      return (options) => sender.closed(options);
    },
    'oneshot',
  ],
  [
    'receive',
    (clock) => {
      const [, receiver] = broadcast<number>({ capacity: 1, clock });
      return (options) => receiver.receive(options);
    },
    'broadcast',
  ],
  [
    'closed',
    (clock) => {
      const [sender] = broadcast<number>({ capacity: 1, clock });
      return (options) => sender.closed(options);
    },
    'broadcast',
  ],
  [
    'changed',
    (clock) => {
      const [, receiver] = watch(0, { clock });
      return (options) => receiver.changed(options);
    },
    'watch',
  ],
  [
    'waitFor',
    (clock) => {
      const [, receiver] = watch(0, { clock });
      return (options) => receiver.waitFor((n) => n > 0, options);
    },
    'watch',
  ],
  [
    'closed',
    (clock) => {
      const [sender] = watch(0, { clock });
      return (options) => sender.closed(options);
    },
    'watch',
  ],
  [
    'acquire',
    (clock) => {
      const semaphore = new Semaphore(0, { clock });
      return (options) => semaphore.acquire(1, options);
    },
    'semaphore',
  ],
  [
    'lock',
    (clock) => {
      const mutex = new Mutex(0, { clock });
      mutex.tryLock();
      return (options) => mutex.lock(options);
    },
    'mutex',
  ],
  [
    'notified',
    (clock) => {
      const notify = new Notify({ clock });
      return (options) => notify.notified(options);
    },
    'notify',
  ],
  [
    'wait',
    (clock) => {
      const barrier = new Barrier(2, { clock });
      return (options) => barrier.wait(options);
    },
    'barrier',
  ],
  [
    'acquire',
    (clock) => {
      const limiter = new RateLimiter({ rate: 0.001, burst: 1, clock });
      limiter.tryAcquire();
      return (options) => limiter.acquire(1, options);
    },
    'rate limiter',
  ],
  [
    'tick',
    (clock) => {
      const ticks = interval(1_000_000, { clock, start: clock.now() + 1_000_000 });
      return (options) => ticks.tick(options);
    },
    'interval',
  ],
  [
    'send',
    (clock) => {
      const writer = sharedWriter(BLOCKED as StreamWriter, { clock });
      return (options) => writer.send('frame', options);
    },
    'shared writer',
  ],
];

describe.each(WAITS)('%s (%#)', (operation, make, subject) => {
  test('is cancelled by its signal, with the reason, and leaves no listener in use', async () => {
    const clock = new ManualClock();
    const wait = make(clock);
    const controller = new AbortController();
    const waiting = wait({ signal: controller.signal }).catch((reason: unknown) => reason);
    await clock.advance(0);
    controller.abort('changed my mind');
    expect(await waiting).toBe('changed my mind');
    expect(getEventListeners(controller.signal, 'abort').length).toBeLessThanOrEqual(1);
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  test('is limited by its timeout, whose error names the call and the limit', async () => {
    const clock = new ManualClock();
    const outcome = make(clock)({ timeout: 250 }).catch((error: unknown) => error);
    await clock.advance(249);
    expect(clock.pending).toBeGreaterThan(0);
    await clock.advance(1);
    expect(await outcome).toEqual(new TimeoutError(operation, 250));
    expect(clock.pending).toBe(0);
  });

  test('fails at once for a signal that has aborted, and for a wrong timeout', async () => {
    const clock = new ManualClock();
    const wait = make(clock);
    await expect(wait({ signal: AbortSignal.abort('before') })).rejects.toBe('before');
    await expect(wait({ timeout: -1 })).rejects.toBeInstanceOf(InvalidInputError);
    expect(clock.pending).toBe(0);
  });

  test('is in the snapshot of its task while waits are traced', async () => {
    traceWaits(true);
    try {
      const clock = new ManualClock();
      const executor = new Executor({ clock });
      const controller = new AbortController();
      const wait = make(clock);
      const task = executor.spawn(() => wait({ signal: controller.signal }), { name: 'patient' });
      await clock.advance(0);
      const [info] = executor.snapshot();
      expect(info?.waits.map((each) => each.operation)).toEqual([operation]);
      expect(info?.waits[0]?.site).toContain('wait-queue.test');
      controller.abort('done');
      await task.catch(() => {});
      await task.ended;
      expect(executor.snapshot()).toEqual([]);
    } finally {
      traceWaits(false);
    }
  });

  test('is in the report of a simulation that hangs, by the name of its object', async () => {
    const failure = (await simulate({ seed: 1 }, async ({ clock, executor }) => {
      const wait = make(clock);
      executor.spawn(() => wait({ timeout: 100_000 }), { name: 'patient' });
    }).catch((error: unknown) => error)) as SimulationError;
    expect(failure).toBeInstanceOf(SimulationError);
    expect(failure.kind).toBe('deadline');
    expect(failure.pending.waits.map(({ age: _age, ...wait }) => wait)).toContainEqual({
      subject,
      operation,
    });
    expect(failure.message).toContain(`${subject}: ${operation}, since 0.000 ms`);
  });
});

/** Two tasks that only wake each other, `rounds` times. */
const DUETS: readonly (readonly [string, (rounds: number) => readonly Promise<unknown>[]])[] = [
  [
    'a channel',
    (rounds) => {
      const [sender, receiver] = channel<number>({ capacity: 1 });
      return [times(rounds, () => sender.send(1)), times(rounds, () => receiver.receive())];
    },
  ],
  [
    'a mutex',
    (rounds) => {
      const mutex = new Mutex();
      const use = async () => (await mutex.lock()).unlock();
      return [times(rounds, use), times(rounds, use)];
    },
  ],
  [
    'two notifications',
    (rounds) => {
      const [ping, pong] = [new Notify(), new Notify()];
      const one = async () => {
        ping.notifyOne();
        await pong.notified();
      };
      const other = async () => {
        await ping.notified();
        pong.notifyOne();
      };
      return [times(rounds, one), times(rounds, other)];
    },
  ],
  [
    'two watched values',
    (rounds) => {
      const [a, b] = [watch(0), watch(0)];
      const one = async () => {
        a[0].sendIfModified((n) => n + 1);
        await b[1].changed();
      };
      const other = async () => {
        await a[1].changed();
        b[0].sendIfModified((n) => n + 1);
      };
      return [times(rounds, one), times(rounds, other)];
    },
  ],
  [
    'a broadcast',
    (rounds) => {
      const [a, b] = [broadcast<number>({ capacity: 1 }), broadcast<number>({ capacity: 1 })];
      const one = async () => {
        a[0].send(1);
        await b[1].receive();
      };
      const other = async () => {
        await a[1].receive();
        b[0].send(1);
      };
      return [times(rounds, one), times(rounds, other)];
    },
  ],
  [
    'a barrier',
    (rounds) => {
      const barrier = new Barrier(2);
      return [times(rounds, () => barrier.wait()), times(rounds, () => barrier.wait())];
    },
  ],
  [
    'answers through oneshots',
    (rounds) => {
      const [asks, inbox] = channel<(n: number) => unknown>({ capacity: 1 });
      const ask = async () => {
        const [answer, receiver] = oneshot<number>();
        await asks.send((n) => answer.send(n));
        await receiver.receive();
      };
      return [times(rounds, ask), times(rounds, async () => (await inbox.receive())?.(1))];
    },
  ],
  [
    'a semaphore and a rate limit that always let pass',
    (rounds) => {
      const semaphore = new Semaphore(1);
      const limiter = new RateLimiter({ rate: 1e9 });
      const use = async () => (await semaphore.acquire()).release();
      return [times(rounds, use), times(rounds, () => limiter.acquire())];
    },
  ],
];

async function times(rounds: number, step: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await step();
}

test.each(DUETS)(
  'two tasks that only talk to each other do not starve the event loop: %s',
  async (_name, start) => {
    const rounds = 20 * BUDGET;
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(start(rounds));
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(systemClock.now()).toBeGreaterThan(0);
  },
);
