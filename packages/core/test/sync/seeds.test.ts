/** Programs of many tasks over channels, on the simulated network's clock: every seed is another order of events. */
import { expect, test } from '@jest/globals';
import { IoError, TimeoutError, traceWaits } from '../../src/index.ts';
import {
  broadcast,
  channel,
  LagError,
  Mutex,
  RateLimiter,
  retry,
  Semaphore,
  watch,
} from '../../src/sync/index.ts';
import {
  simulate,
  simulateSeeds,
  type Simulation,
  type SimulationError,
} from '../../src/testing/index.ts';

const SEEDS = 500;

/** Several producers whose sends time out or are aborted now and then, and several workers whose receives are. */
async function workerPool({ clock, random, executor }: Simulation): Promise<void> {
  const [first, jobs] = channel<string>({ capacity: random.integer(1, 4), clock, name: 'jobs' });
  const sent: string[] = [];
  const done: string[] = [];
  const limits = new Semaphore(2, { clock });
  let atOnce = 0;
  const pause = (most: number): Promise<void> => clock.sleep(random.integer(0, most));
  await executor.group((group) => {
    for (let producer = 0; producer < 3; producer += 1) {
      const sender = first.clone();
      group.spawn(async () => {
        using _ = sender;
        for (let n = 0; n < 8; n += 1) {
          const name = `${producer}.${n}`;
          const controller = new AbortController();
          if (random.chance(0.2)) void pause(20).then(() => controller.abort(new Error('stop')));
          try {
            await sender.send(name, {
              signal: controller.signal,
              timeout: random.chance(0.3) ? random.integer(0, 15) : undefined,
            });
            sent.push(name);
          } catch (error) {
            // A cancelled send has sent nothing: the workers must not see it.
            if (!(error instanceof TimeoutError) && (error as Error).message !== 'stop')
              throw error;
          }
          await pause(5);
        }
      });
    }
    first.close();
    for (let worker = 0; worker < 3; worker += 1) {
      group.spawn(async () => {
        for (;;) {
          let name: string | null;
          try {
            name = await jobs.receive({ timeout: random.integer(0, 30) });
          } catch (error) {
            if (error instanceof TimeoutError) continue;
            throw error;
          }
          if (name === null) return;
          done.push(name);
          using _ = await limits.acquire();
          atOnce += 1;
          expect(atOnce).toBeLessThanOrEqual(2);
          await pause(20);
          atOnce -= 1;
        }
      });
    }
  });
  expect(done.toSorted()).toEqual(sent.toSorted());
  for (let producer = 0; producer < 3; producer += 1) {
    const ownOf = (names: string[]) => names.filter((name) => name.startsWith(`${producer}.`));
    // Received in order; with several workers they are recorded in the order in which they were taken.
    expect(ownOf(done)).toEqual(ownOf(sent));
  }
}

/** A value that is watched, news that is broadcast, and a lock, while everything takes its random time. */
async function followers({ clock, random, executor }: Simulation): Promise<void> {
  const [state, follower] = watch(0, { clock });
  const [news, reader] = broadcast<number>({ capacity: 3, clock });
  const total = new Mutex(0, { clock });
  const limiter = new RateLimiter({ rate: 200, burst: 2, clock });
  await executor.group((group) => {
    group.spawn(async () => {
      using _state = state;
      using _news = news;
      for (let n = 1; n <= 20; n += 1) {
        await limiter.acquire();
        state.send(n);
        news.send(n);
        await clock.sleep(random.integer(0, 10));
      }
    });
    group.spawn(async () => {
      let last = 0;
      for await (const value of follower) {
        expect(value).toBeGreaterThan(last);
        last = value;
        await clock.sleep(random.integer(0, 30));
      }
      expect(last).toBe(20);
    });
    group.spawn(async () => {
      let seen = 0;
      for (;;) {
        try {
          const value = await reader.receive();
          if (value === null) break;
          seen += 1;
          expect(value).toBe(seen);
          await total.withLock(async (sum, guard) => {
            await clock.sleep(random.integer(0, 5));
            guard.value = sum + 1;
          });
        } catch (error) {
          if (!(error instanceof LagError)) throw error;
          seen += error.missed;
          await total.withLock((sum, guard) => {
            guard.value = sum + error.missed;
          });
        }
        await clock.sleep(random.integer(0, 40));
      }
      expect(seen).toBe(20);
    });
  });
  expect((await total.lock()).value).toBe(20);
}

test(`a worker pool on a channel loses no job and does none twice, for ${SEEDS} seeds`, async () => {
  const report = await simulateSeeds({ count: SEEDS }, workerPool);
  expect(report.runs).toBe(SEEDS);
}, 120_000);

test(`followers see every change or how many they missed, for ${SEEDS} seeds`, async () => {
  const report = await simulateSeeds({ count: SEEDS }, followers);
  expect(report.runs).toBe(SEEDS);
}, 120_000);

test('a client that retries gets through a network that breaks, for 200 seeds', async () => {
  let retries = 0;
  await simulateSeeds({ count: 200, faults: { reset: 0.05, split: 0.5 } }, async (sim) => {
    const { clock, random, executor } = sim;
    const listener = await sim.host('server').listen(80);
    executor.spawn(async () => {
      for await (const stream of listener) {
        executor.spawn(async () => {
          try {
            await stream.writeAll(`echo ${await stream.readLine()}\n`);
            await stream.close();
          } catch (error) {
            if (!(error instanceof IoError)) throw error;
            stream.reset();
          }
        });
      }
    });
    const answer = await retry(
      async ({ signal }) => {
        await using stream = await sim.host('client').connect('server:80', { signal });
        await stream.writeAll('hello\n', { signal });
        const line = await stream.readLine({ signal });
        if (line === null) throw new Error('no answer');
        return line;
      },
      {
        attempts: 20,
        backoff: 50,
        attemptTimeout: 1_000,
        clock,
        random,
        onRetry: () => (retries += 1),
      },
    );
    expect(answer).toBe('echo hello');
  });
  expect(retries).toBeGreaterThan(0);
}, 120_000);

test('an attempt that waits for ever is named, with its number', async () => {
  const failure = (await simulate({ seed: 1 }, async ({ clock, random }) => {
    const run = ({ attempt }: { attempt: number }): Promise<void> => {
      if (attempt === 1) throw new Error('the first');
      return new Promise(() => {});
    };
    await retry(run, { clock, random, name: 'of the hung' });
  }).catch((error: unknown) => error)) as SimulationError;
  expect(failure.message).toContain('retry "of the hung": attempt 2, since 0.000 ms');
});

test('the same seed gives the same run', async () => {
  const first = await simulate({ seed: 1 }, followers);
  const again = await simulate({ seed: 1 }, followers);
  expect(again.hash).toBe(first.hash);
});

test('a deadlock over a channel names the channel, the call, the task and the line', async () => {
  traceWaits(true);
  try {
    const failure = (await simulate({ seed: 1 }, async ({ clock, executor }) => {
      const [sender, receiver] = channel<number>({ capacity: 1, clock, name: 'numbers' });
      const mutex = new Mutex(0, { clock, name: 'sum' });
      executor.spawn(async () => sender.send((await receiver.receive()) ?? 0), { name: 'adder' });
      await mutex.lock();
      await mutex.lock();
    }).catch((error: unknown) => error)) as SimulationError;
    expect(failure.kind).toBe('deadlock');
    expect(failure.message).toContain(
      'channel "numbers": receive, since 0.000 ms (for 0.000 ms), task "adder"',
    );
    expect(failure.message).toContain('mutex "sum": lock, since 0.000 ms');
    expect(failure.message).toMatch(/seeds\.test\.ts:\d+/);
  } finally {
    traceWaits(false);
  }
});
