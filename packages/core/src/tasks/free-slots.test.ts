import { describe, expect, test } from '@jest/globals';
import {
  acceptLoop,
  Executor,
  LimitError,
  MemoryListener,
  type ExecutorOptions,
} from '../index.ts';
import { deferred } from '../waiting/deferred.ts';

/** An executor on which a task that finds no slot fails. */
function strict(concurrency: number, options: ExecutorOptions = {}): Executor {
  return new Executor({ concurrency, maxPending: 0, ...options });
}

const turn = (): Promise<void> => new Promise(setImmediate);

/** Fills the slots; the returned function frees them. */
function fill(executor: Executor, count: number): () => void {
  const gate = deferred<void>();
  for (let at = 0; at < count; at += 1) executor.spawn(() => gate.promise);
  return gate.resolve;
}

describe('calls that wait for a free slot', () => {
  test('wake as many as there are slots, the oldest first', async () => {
    const executor = strict(2);
    const free = fill(executor, 2);
    const gate = deferred<void>();
    const woken: number[] = [];
    const waits = [0, 1, 2, 3, 4].map(async (at) => {
      await executor.freeSlot();
      woken.push(at);
      executor.spawn(() => gate.promise);
    });
    free();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(woken).toEqual([0, 1]);
    gate.resolve();
    await Promise.all(waits);
    expect(woken).toEqual([0, 1, 2, 3, 4]);
    await executor.idle();
  });

  test('get no slot that another call was given in the same turn', async () => {
    const executor = strict(1);
    const gate = deferred<void>();
    const take = async (): Promise<void> => {
      await executor.freeSlot();
      executor.spawn(() => gate.promise);
    };
    const first = take();
    const second = take();
    await first;
    await turn();
    gate.resolve();
    await second;
    await executor.idle();
    expect(executor.statistics().done).toBe(2);
  });

  test('get the slot of a call that did not spawn within its turn', async () => {
    const executor = strict(1);
    const free = fill(executor, 1);
    const idler = executor.freeSlot();
    const next = executor.freeSlot();
    free();
    await idler;
    await next;
    expect(await executor.spawn(() => 'spawned')).toBe('spawned');
  });

  test('get the slot of a call whose signal aborted, before and after it was woken', async () => {
    const executor = strict(1);
    const free = fill(executor, 1);
    const [before, after] = [new AbortController(), new AbortController()];
    const aborted = executor.freeSlot({ signal: before.signal }).catch(() => 'aborted');
    const late = executor.freeSlot({ signal: after.signal });
    const next = executor.freeSlot();
    before.abort();
    expect(await aborted).toBe('aborted');
    free();
    await late;
    after.abort();
    await next;
    await executor.spawn(() => undefined);
  });

  test('settle one after another where no caller spawns, one turn apart at most', async () => {
    const executor = strict(1);
    for (let count = 0; count < 10; count += 1) await executor.freeSlot();
    expect(executor.hasFreeSlot).toBe(true);
  });

  test.each([1, 2, 7])(
    'never exceed %d slots, and all get one, whatever the tasks do',
    async (slots) => {
      const executor = strict(slots);
      let done = 0;
      const users = Array.from({ length: 100 }, async (_, at) => {
        for (let round = 0; round < 5; round += 1) {
          await executor.freeSlot();
          if ((at + round) % 4 === 0) continue;
          const task = executor.spawn(async () => {
            for (let turns = (at * 7 + round) % 3; turns > 0; turns -= 1) await turn();
          });
          await task;
          done += 1;
        }
      });
      await Promise.all(users);
      expect(done).toBe(375);
      expect(executor.statistics()).toMatchObject({ running: 0, pending: 0, done: 375 });
    },
  );
});

describe('accept loops that share the slots of an executor', () => {
  test('accept only with a slot, both go on, and neither connection is lost', async () => {
    const executor = strict(1);
    const errors: unknown[] = [];
    const listeners = [new MemoryListener({ name: 'a' }), new MemoryListener({ name: 'b' })];
    const accepting = listeners.map((listener) =>
      acceptLoop(
        listener,
        async (stream) => {
          await stream.writeAll('hello\n');
          await stream.readChunk();
        },
        { executor, onError: (error) => errors.push(error) },
      ),
    );
    for (let round = 0; round < 20; round += 1) {
      const clients = await Promise.all(listeners.map((listener) => listener.connect()));
      await Promise.all(
        clients.map(async (client) => {
          expect(await client.readLine()).toBe('hello');
          await client.close();
        }),
      );
    }
    expect(errors.filter((error) => error instanceof LimitError)).toEqual([]);
    for (const listener of listeners) await listener.close();
    await Promise.all(accepting);
    await executor.idle();
  });
});
