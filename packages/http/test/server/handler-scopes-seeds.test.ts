/** Handlers in scopes on a network that breaks, with clients that leave when they like: every seed is another order of events. */
import { expect, test } from '@jest/globals';
import { IoError, timeout, type ByteStream } from '@awaitio/core';
import { broadcast, Mutex, select } from '@awaitio/core/sync';
import { simulateSeeds, type Simulation } from '@awaitio/core/testing';
import { HttpResponse, serve } from '../../src/index.ts';
import { countFromEnvironment } from '../../../core/test/support/environment.ts';

const SEEDS = countFromEnvironment('AWAITIO_HTTP_SEEDS', 300);

const seen = { begun: 0, left: 0, answered: 0 };

/** A server whose handlers wait in every way, and its clients; fails for an error that is reported, and for what does not end. */
async function clientsThatLeave(sim: Simulation): Promise<void> {
  const { clock, random, executor } = sim;
  const errors: unknown[] = [];
  const [news] = broadcast<string>({ capacity: 4, clock });
  const lock = new Mutex(0, { clock });
  let running = 0;
  const ways: (() => Promise<unknown>)[] = [
    () => clock.sleep(random.integer(1, 3_000)),
    () =>
      executor.group(({ spawn }) => {
        for (let task = 0; task < 3; task += 1) {
          spawn(({ sleep }) => sleep(random.integer(1, 3_000)));
        }
      }),
    () => timeout(60_000, () => lock.withLock(() => clock.sleep(random.integer(1, 1_000)))),
    async () => {
      using receiver = news.subscribe();
      await select({
        word: () => receiver.receive(),
        tick: () => clock.sleep(random.integer(1, 3_000)),
      });
    },
  ];
  const server = await serve(
    async (request) => {
      seen.begun += 1;
      running += 1;
      try {
        await request.bytes();
        await ways[random.integer(0, ways.length - 1)]?.();
      } finally {
        running -= 1;
      }
      if (request.path === '/whole') return HttpResponse.text('done');
      return HttpResponse.stream(
        (async function* () {
          running += 1;
          try {
            yield 'first ';
            await clock.sleep(random.integer(1, 3_000));
            yield 'last';
          } finally {
            running -= 1;
          }
        })(),
      );
    },
    {
      listener: await sim.host('server').listen(80),
      clock,
      executor,
      scope: true,
      onError: (error) => errors.push(error),
    },
  );
  const visit = async (): Promise<void> => {
    let stream: ByteStream | undefined;
    try {
      stream = await sim.host('client').connect('server:80');
      const path = random.chance(0.5) ? '/whole' : '/streamed';
      await stream.writeAll(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo`);
      await clock.sleep(random.integer(0, 50));
      await stream.writeAll('dy');
      if (random.chance(0.5)) {
        await clock.sleep(random.integer(0, 2_000));
        seen.left += 1;
        stream.reset();
        return;
      }
      const head = await stream.readUntil('\r\n\r\n', { timeout: 20_000 });
      if (head !== null) seen.answered += 1;
      await stream.close();
    } catch (error) {
      stream?.reset();
      if (!(error instanceof IoError)) throw error;
    }
  };
  await executor.group(({ spawn }) => {
    for (let client = 0; client < 6; client += 1) spawn(visit);
  });
  news.send('the last word');
  await clock.sleep(5_000);
  await server.shutdown();
  expect(errors).toEqual([]);
  expect([running, lock.isLocked, server.statistics().requests.active]).toEqual([0, false, 0]);
}

test(`handlers end with their clients, and are no errors, for ${SEEDS} seeds`, async () => {
  const faults = { reset: 0.02, split: 0.5, partition: 0.02 };
  const report = await simulateSeeds({ count: SEEDS, faults, deadline: 600_000 }, clientsThatLeave);
  expect(report.runs).toBe(SEEDS);
  // It would prove nothing if all went well, or nothing did.
  expect(Math.min(seen.begun, seen.left, seen.answered)).toBeGreaterThan(SEEDS);
}, 120_000);
