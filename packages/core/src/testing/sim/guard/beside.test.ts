/** What was there before a simulation goes on beside it, in the real world, and the run does not depend on it. */
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { clockOf, systemClock } from '../../../waiting/system-clock.ts';
import { simulate } from '../simulate.ts';

/** Runs until `isOver`, and says what the program drew, and how many events were not its own. */
async function runUntil(
  isOver: () => boolean,
): Promise<{ readonly drawn: number; readonly others: number }> {
  let sleeps = 0;
  let drawn = 0;
  const { events } = await simulate({ seed: 7 }, async (sim) => {
    do {
      sleeps += 1;
      await sim.clock.sleep(0.01);
    } while (!isOver());
    drawn = Math.random();
  });
  return { drawn, others: events - sleeps };
}

/** Everything that a program may do in a callback which a run could notice. */
function disturb(timers: Set<NodeJS.Timeout>): void {
  Math.random();
  crypto.getRandomValues(new Uint8Array(4));
  const timer = setTimeout(() => {}, 0);
  setImmediate(() => timers.delete(timer));
  timers.add(timer);
}

test('a timer of the real world sets others there', async () => {
  const quiet = await runUntil(() => true);
  const timers = new Set<NodeJS.Timeout>();
  let fired = 0;
  let goOn: (() => void) | undefined;
  const kept = setTimeout(() => {}, 60_000);
  const again = (): void => {
    fired += 1;
    disturb(timers);
    kept.refresh();
    timer = setTimeout(again, 1);
    goOn?.();
  };
  let timer = setTimeout(again, 1);
  const interval = setInterval(() => {
    fired += 1;
    disturb(timers);
  }, 1);
  const during = await runUntil(() => fired > 6);
  expect(timer).toBeInstanceOf(interval.constructor);
  for (const each of timers) expect(each).toBeInstanceOf(interval.constructor);
  // It goes on when the run has ended.
  await new Promise<void>((resolve) => {
    goOn = resolve;
  });
  for (const each of [kept, timer, interval]) clearTimeout(each);
  expect(during).toEqual(quiet);
});

test('a timer of the system’s clock is of the real world when it was set there', async () => {
  const quiet = await runUntil(() => true);
  const seen: unknown[] = [];
  let last = systemClock.now();
  const again = (): void => {
    seen.push(clockOf(undefined) === systemClock, systemClock.now() >= last);
    last = systemClock.now();
    systemClock.setTimer(() => {}, 0);
    systemClock.defer(() => {});
    timer = systemClock.setTimer(again, 1);
  };
  let timer = systemClock.setTimer(again, 1);
  const during = await runUntil(() => seen.length > 6);
  timer.cancel();
  expect(during).toEqual(quiet);
  expect(new Set(seen)).toEqual(new Set([true]));
});

test('an event of a real socket is of the real world, with what its program begins then', async () => {
  const quiet = await runUntil(() => true);
  const timers = new Set<NodeJS.Timeout>();
  let received = 0;
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      received += 1;
      disturb(timers);
      socket.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  client.on('data', (data) => {
    if (received < 7) client.write(data);
  });
  client.write('x');
  const during = await runUntil(() => received === 7);
  client.destroy();
  server.close();
  await once(server, 'close');
  expect(during).toEqual(quiet);
});

test.each<[string, () => Promise<unknown>]>([
  ['a timer', () => new Promise((resolve) => setTimeout(resolve, 1))],
  ['a timer of node:timers/promises', () => sleep(1)],
  ['an immediate', () => new Promise((resolve) => setImmediate(resolve))],
  ['a file', () => stat(import.meta.filename)],
])('what awaits %s in the real world goes on there, and sets timers there', async (_what, wait) => {
  const quiet = await runUntil(() => true);
  const timers = new Set<NodeJS.Timeout>();
  let rounds = 0;
  const over = new AbortController();
  const going = (async () => {
    while (!over.signal.aborted) {
      await wait();
      rounds += 1;
      disturb(timers);
    }
  })();
  const during = await runUntil(() => rounds > 6);
  // Where a run begins, the loop may go on before the first event of the run.
  for (let times = 0; times < 5; times += 1) {
    await sleep(1);
    expect(await runUntil(() => true)).toEqual(quiet);
  }
  over.abort();
  await going;
  expect(during).toEqual(quiet);
});
