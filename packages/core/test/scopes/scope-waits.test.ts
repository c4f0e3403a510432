/** Every wait of awaitio watches the scope in which it begins. */
import { describe, expect, test } from '@jest/globals';
import { MemoryListener } from '../../src/memory/memory-listener.ts';
import { memoryPair } from '../../src/memory/memory-pair.ts';
import { Poll } from '../../src/polling/poll.ts';
import {
  Barrier,
  broadcast,
  channel,
  interval,
  Mutex,
  Notify,
  oneshot,
  RateLimiter,
  retry,
  Semaphore,
  sharedWriter,
  watch,
} from '../../src/sync/index.ts';
import { TcpStream } from '../../src/net/tcp/tcp-stream.ts';
import { startTls } from '../../src/net/tls/tls-stream.ts';
import { UdpSocket } from '../../src/net/udp/udp-socket.ts';
import { Executor } from '../../src/tasks/executor.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { CancelledError } from '../../src/vocabulary/errors.ts';
import { cancelScope } from '../../src/waiting/cancel-scope.ts';
import { deferred } from '../../src/waiting/deferred.ts';

const failure = new Error('the function failed');

/** Where a call ends: with a value or an error. */
const outcomeOf = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe('every wait of awaitio ends with its scope, and leaves nothing behind', () => {
  const clock = new ManualClock();
  const executor = new Executor({ clock });
  const [client, server] = memoryPair({ clock, writeHighWaterMark: 4, readHighWaterMark: 4 });
  const listener = new MemoryListener({ clock });
  const [sender, receiver] = channel<number>({ capacity: 1, clock });
  const [answer, asked] = oneshot<number>({ clock });
  const [told, listening] = watch(0, { clock });
  const lost = broadcast<number>({ capacity: 1, clock });
  const fans = lost[0].subscribe();
  const poll = new Poll({ clock });
  const permits = new Semaphore(1, { clock });
  const mutex = new Mutex({ clock });
  const limiter = new RateLimiter({ rate: 0.01, clock });
  const ticks = interval(60_000, { clock });
  const task = executor.spawn(() => gate.promise);
  const gate = deferred<void>();
  const busy = new Executor({ clock, concurrency: 1 });
  busy.spawn(() => gate.promise);
  const writer = sharedWriter(client);
  const waits: Readonly<Record<string, () => Promise<unknown>>> = {
    'clock.sleep': () => clock.sleep(60_000),
    read: () => server.read(new Uint8Array(1)),
    readLine: () => server.readLine(),
    readExactly: () => server.readExactly(3),
    readChunk: () => server.readChunk(),
    readable: () => server.readable(),
    readClosed: () => server.readClosed(),
    'for await': async () => {
      for await (const _ of server) throw failure;
    },
    writeAll: () => client.writeAll('more than there is room for'),
    send: () => writer.send('more than there is room for'),
    accept: () => listener.accept(),
    'channel.send': async () => {
      await sender.send(1);
      await sender.send(2);
    },
    'channel.receive': async () => {
      for (;;) await receiver.receive();
    },
    oneshot: () => asked.receive(),
    watch: () => listening.changed(),
    broadcast: () => fans.receive(),
    poll: () => poll.poll(),
    semaphore: () => permits.acquire(2),
    mutex: async () => {
      using _ = await mutex.lock();
      await mutex.lock();
    },
    notify: () => new Notify({ clock }).notified(),
    barrier: () => new Barrier(2, { clock }).wait(),
    interval: async () => {
      await ticks.tick();
      await ticks.tick();
    },
    limiter: async () => {
      await limiter.acquire();
      await limiter.acquire();
    },
    retry: () => retry(() => clock.sleep(1e6), { clock }),
    connect: () => TcpStream.connect('somewhere:80', { clock, lookup: () => {} }),
    recvFrom: async () => {
      const socket = await UdpSocket.bind('127.0.0.1:0', { clock });
      try {
        await socket.recvFrom();
      } finally {
        await socket.close();
      }
    },
    startTls: () => startTls(memoryPair({ clock })[0], { servername: 'a', clock }),
    'await task': async () => task,
    freeSlot: () => busy.freeSlot(),
    idle: () => executor.idle(),
    group: () => executor.group(({ spawn }) => void spawn(() => clock.sleep(60_000))),
    joinNext: () =>
      executor.group(
        (group) => {
          group.spawn(() => clock.sleep(60_000));
          return group.joinNext();
        },
        { joinable: true },
      ),
  };
  void answer;
  void told;

  test.each(Object.keys(waits))('%s', async (name) => {
    const timers = clock.pending;
    let seen: unknown;
    const call = cancelScope(
      async ({ cancel }) => {
        setImmediate(cancel, 'enough');
        await waits[name]?.().catch((error: unknown) => {
          seen = error;
          throw error;
        });
        return 'it has not waited';
      },
      { clock },
    );
    expect(await call).toBe(undefined);
    expect(seen).toBeInstanceOf(CancelledError);
    expect((seen as CancelledError).cause).toBe('enough');
    expect(server.statistics().waits).toEqual([]);
    expect(client.statistics().waits).toEqual([]);
    expect(clock.pending - timers).toBeLessThanOrEqual(0);
  });
});

test('an abort ends what a task waits for, and what the functions that it calls wait for, without a signal', async () => {
  const clock = new ManualClock();
  const executor = new Executor({ clock });
  const [client, server] = memoryPair({ clock });
  const read = async (): Promise<string | null> => {
    await Promise.resolve();
    return server.readLine();
  };
  // Whatever the process has done before, from now on tasks are scopes.
  await cancelScope(() => {}, { clock });
  const tasks = [read, () => executor.group(({ spawn }) => void spawn(() => clock.sleep(60_000)))];
  for (const run of tasks) {
    const task = executor.spawn(run);
    await clock.advance(0);
    task.abort('stop');
    expect(await outcomeOf(task)).toEqual({ error: 'stop' });
  }
  expect([server.statistics().waits, executor.snapshot(), clock.pending]).toEqual([[], [], 0]);
  await client.close();
  await server.close();
});
