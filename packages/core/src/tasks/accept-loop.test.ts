import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from '@jest/globals';
import { acceptOwned } from '../lowlevel.ts';
import {
  acceptLoop,
  Executor,
  MemoryListener,
  type ByteStream,
  type Listener,
  type WaitOptions,
} from '../index.ts';
import { ManualClock } from '../testing/index.ts';

const settle = (): Promise<void> => new Promise(setImmediate);

describe('an accept loop', () => {
  test('runs one task for each connection and closes its stream after it', async () => {
    const listener = new MemoryListener();
    const accepting = acceptLoop(listener, async (stream) => {
      await stream.writeAll(`${(await stream.readLine()) ?? ''}!\n`);
    });
    const clients = [await listener.connect(), await listener.connect()];
    for (const [index, client] of clients.entries()) await client.writeAll(`${index}\n`);
    expect(await Promise.all(clients.map((client) => client.readLine()))).toEqual(['0!', '1!']);
    for (const client of clients) {
      expect(await client.readChunk()).toBe(null);
      await client.close();
    }
    await listener.close();
    await accepting;
  });

  test('ends with a listener of another copy of the package', async () => {
    const closed = Object.assign(new Error('accept: closed'), { code: 'ERR_LISTENER_CLOSED' });
    const listener: Listener = Object.assign(Object.create(new MemoryListener()) as Listener, {
      accept: () => Promise.reject(closed),
    });
    const errors: unknown[] = [];
    await acceptLoop(listener, async () => {}, { onError: (error) => errors.push(error) });
    expect(errors).toEqual([]);
  });

  test('serves each connection in its own context, which begins as that of the loop', async () => {
    const storage = new AsyncLocalStorage<string>();
    const queued = new MemoryListener();
    const failures = [new Error('the first accept failed'), new Error('the second accept failed')];
    const listener: Listener = Object.assign(Object.create(queued) as Listener, {
      accept: async (options?: WaitOptions) => {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return queued.accept(options);
      },
    });
    const seen: (string | undefined)[] = [];
    const clock = new ManualClock();
    const accepting = storage.run('loop', () =>
      acceptLoop(
        listener,
        async (stream) => {
          seen.push(storage.getStore());
          storage.enterWith('sync');
          const line = await stream.readLine();
          seen.push(storage.getStore());
          storage.enterWith(line ?? '');
          await stream.readLine();
          seen.push(storage.getStore());
          throw new Error('this failure is part of the test');
        },
        {
          clock,
          onError: () => {
            seen.push(storage.getStore());
            storage.enterWith('onError');
          },
        },
      ),
    );
    await clock.advance(1_000);
    expect(seen.splice(0)).toEqual(['loop', 'loop']);
    const clients = [await queued.connect(), await queued.connect()];
    await settle();
    for (const [index, client] of clients.entries()) void client.writeAll(`${index}\n`);
    await settle();
    for (const client of clients) void client.writeAll('end\n');
    await settle();
    expect(
      new Map(seen.map((store) => [store, seen.filter((one) => one === store).length])),
    ).toEqual(
      new Map([
        ['loop', 2],
        ['sync', 4],
        ['0', 1],
        ['1', 1],
      ]),
    );
    for (const client of clients) client.reset();
    await queued.close();
    await accepting;
  });

  test('leaves the end of a stream to a task that owns it', async () => {
    const listener = new MemoryListener();
    const streams: ByteStream[] = [];
    const executor = new Executor();
    const accepting = acceptOwned(
      listener,
      async (stream) => {
        streams.push(stream);
        await stream.readLine();
      },
      { executor },
    );
    const client = await listener.connect();
    await client.writeAll('x\n');
    await executor.idle();
    await settle();
    expect(streams.map(({ isClosed }) => isClosed)).toEqual([false]);
    await streams[0]?.close();
    expect(await client.readChunk()).toBe(null);
    await client.close();
    await listener.close();
    await accepting;
  });

  test('spawns in a group the tasks that end with it', async () => {
    const listener = new MemoryListener();
    const executor = new Executor();
    const served: string[] = [];
    const client = await listener.connect();
    await executor.group(async (group) => {
      const accepting = acceptLoop(
        listener,
        async (stream) => {
          served.push((await stream.readLine()) ?? '');
        },
        { executor: group },
      );
      await settle();
      expect(group.size).toBe(1);
      await client.writeAll('in the group\n');
      await listener.close();
      await accepting;
    });
    expect(served).toEqual(['in the group']);
    expect(await client.readChunk()).toBe(null);
    await client.close();
  });

  test('takes a slot before it accepts, so that what must wait stays in the listener', async () => {
    const listener = new MemoryListener();
    const executor = new Executor({ concurrency: 1 });
    const served: ByteStream[] = [];
    const accepting = acceptLoop(
      listener,
      async (stream) => {
        served.push(stream);
        await stream.readClosed();
      },
      { executor },
    );
    const [first, second] = [await listener.connect(), await listener.connect()];
    await settle();
    expect(served).toHaveLength(1);
    expect(listener.statistics()).toMatchObject({ accepted: 1, pending: 1 });
    await first.close();
    await settle();
    expect(served).toHaveLength(2);
    await second.close();
    await listener.close();
    await accepting;
    await executor.idle();
  });

  test('resets a connection whose task fails, reports the failure, and goes on', async () => {
    const listener = new MemoryListener();
    const failures: [unknown, boolean][] = [];
    const accepting = acceptLoop(
      listener,
      async (stream) => {
        if ((await stream.readLine()) === 'fail') throw new Error('as asked');
      },
      {
        onError: (error, stream) => failures.push([(error as Error).message, stream !== undefined]),
      },
    );
    const bad = await listener.connect();
    await bad.writeAll('fail\n');
    expect((await bad.closed).how).toBe('reset');
    const good = await listener.connect();
    await good.writeAll('work\n');
    expect(await good.readChunk()).toBe(null);
    await good.close();
    expect(failures).toEqual([['as asked', true]]);
    await listener.close();
    await accepting;
  });

  test('tries again after a pause that doubles when accepting fails', async () => {
    const clock = new ManualClock();
    const listener = new MemoryListener();
    let attempts = 0;
    let isBroken = true;
    listener.accept = (options) => {
      attempts += 1;
      return isBroken
        ? Promise.reject(new Error('EMFILE'))
        : MemoryListener.prototype.accept.call(listener, options);
    };
    const failures: unknown[] = [];
    const accepting = acceptLoop(listener, async () => {}, {
      clock,
      onError: (error) => failures.push(error),
    });
    const seen: number[] = [];
    for (const pause of [0, 5, 10, 20, 40]) {
      await clock.advance(pause);
      seen.push(attempts);
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(failures).toHaveLength(5);
    isBroken = false;
    await clock.advance(80);
    const client = await listener.connect();
    expect(await client.readChunk()).toBe(null);
    await client.close();
    await listener.close();
    await accepting;
    expect(clock.pending).toBe(0);
  });

  test('ends with its signal, while it waits for a slot, a connection or the next try', async () => {
    for (const state of ['slot', 'connection', 'pause'] as const) {
      const clock = new ManualClock();
      const listener = new MemoryListener();
      const executor = new Executor({ concurrency: 1 });
      const release = new AbortController();
      if (state === 'slot') {
        executor.spawn(
          () =>
            new Promise<void>((resolve) => {
              release.signal.addEventListener('abort', () => {
                resolve();
              });
            }),
        );
      }
      if (state === 'pause') listener.accept = () => Promise.reject(new Error('EMFILE'));
      const stop = new AbortController();
      const accepting = acceptLoop(listener, async () => {}, {
        executor,
        clock,
        signal: stop.signal,
      });
      await settle();
      stop.abort();
      await accepting;
      release.abort();
      await executor.idle();
      await listener.close();
      expect(clock.pending).toBe(0);
    }
  });

  test('resets a connection whose task is aborted, also one that does not look at its signal', async () => {
    const listener = new MemoryListener();
    const executor = new Executor();
    const accepting = acceptLoop(
      listener,
      async (stream) => {
        await stream.readLine();
      },
      { executor },
    );
    const client = await listener.connect();
    await settle();
    await executor.shutdown({ grace: 0 });
    expect(await client.closed).toMatchObject({ how: 'reset', by: 'peer' });
    await listener.close();
    await accepting;
  });

  test('resets what it has accepted when the executor takes no more', async () => {
    const listener = new MemoryListener();
    const executor = new Executor();
    const failures: unknown[] = [];
    const accepting = acceptLoop(listener, async () => {}, {
      executor,
      onError: (error) => failures.push(error),
    });
    await executor.shutdown();
    const client = await listener.connect();
    expect((await client.closed).how).toBe('reset');
    await accepting;
    expect(failures).toHaveLength(1);
    await listener.close();
  });
});
