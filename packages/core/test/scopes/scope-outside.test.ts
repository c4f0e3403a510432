/** What goes on, or still works, when the scope of its caller has ended. */
import { describe, expect, test } from '@jest/globals';
import { MemoryListener } from '../../src/memory/memory-listener.ts';
import { memoryPair } from '../../src/memory/memory-pair.ts';
import { sharedWriter } from '../../src/sync/index.ts';
import { lines } from '../../src/codecs/lines.ts';
import { acceptLoop } from '../../src/tasks/accept-loop.ts';
import { Executor } from '../../src/tasks/executor.ts';
import type { Task } from '../../src/tasks/task-types.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { outsideScopes } from '../../src/waiting/ambient.ts';
import { cancelScope, moveOnAfter } from '../../src/waiting/cancel-scope.ts';

/** Where a call ends: with a value or an error. */
const outcomeOf = (call: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(call).then(
    (value: unknown) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe('in a scope that has ended', () => {
  test('streams, listeners and executors can still be closed', async () => {
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const [client, server] = memoryPair({ clock });
    const listener = new MemoryListener({ clock });
    const result = await cancelScope(
      async ({ cancel }) => {
        cancel();
        await client.close();
        await server.close();
        await listener.close();
        return executor.shutdown();
      },
      { clock },
    );
    expect(result).toEqual({ completed: 0, aborted: [], stuck: [] });
  });

  test('halves of a stream are disposed of without a wait, and the peer gets the end', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock });
    await cancelScope(
      async ({ cancel }) => {
        const [reader, writer] = client.split();
        await writer.writeAll('the last line\n');
        cancel();
        await using _ = writer;
        await using __ = reader;
      },
      { clock },
    );
    expect([await server.readLine(), await server.readLine()]).toEqual(['the last line', null]);
    await client.close();
    await server.close();
  });
});

test('outsideScopes lets work go on that its caller does not wait for', async () => {
  const clock = new ManualClock();
  let sleeping: Promise<void> | undefined;
  await cancelScope(
    ({ cancel }) => {
      sleeping = outsideScopes(() => clock.sleep(10));
      cancel();
    },
    { clock },
  );
  await clock.advance(10);
  expect(await outcomeOf(Promise.resolve(sleeping))).toEqual({ value: undefined });
});

test('a task is not in the scope in which it was spawned on an executor', async () => {
  const clock = new ManualClock();
  const executor = new Executor({ clock });
  let task: Task<void> | undefined;
  await cancelScope(
    ({ cancel }) => {
      task = executor.spawn(() => clock.sleep(10));
      setImmediate(cancel);
      return clock.sleep(60_000);
    },
    { clock },
  );
  expect(task?.state).toBe('running');
  await clock.advance(10);
  expect(task?.state).toBe('done');
});

describe('what others use as well goes on when the scope of one of them ends', () => {
  test('a shared writer finishes the frame of a sender that was cancelled', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock, writeHighWaterMark: 4, readHighWaterMark: 4 });
    const writer = sharedWriter(client);
    const outcome = await moveOnAfter(
      0,
      () => {
        void clock.advance(1);
        return writer.send('the first frame\n');
      },
      { clock },
    );
    expect(outcome).toBe(undefined);
    const second = writer.send('the second\n');
    expect([await server.readLine(), await server.readLine()]).toEqual([
      'the first frame',
      'the second',
    ]);
    await second;
    await client.close();
    await server.close();
  });

  test('a stream of Node, and one of the Web, read on', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock });
    const [other, web] = memoryPair({ clock });
    const node = server.toNode();
    const { readable } = web.toWeb();
    const reader = readable.getReader();
    const chunks: string[] = [];
    let pulled: Promise<{ value?: Uint8Array | undefined }> | undefined;
    await cancelScope(
      ({ cancel }) => {
        node.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
        pulled = reader.read();
        setImmediate(cancel);
        return clock.sleep(60_000);
      },
      { clock },
    );
    await client.writeAll('to node');
    await other.writeAll('to the web');
    expect(Buffer.from((await pulled)?.value ?? []).toString()).toBe('to the web');
    await clock.advance(0);
    expect(chunks).toEqual(['to node']);
    node.destroy();
    web.reset();
    await client.close();
    await other.close();
  });

  test('a framed stream that is closed in it finishes its frame', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock, writeHighWaterMark: 4, readHighWaterMark: 4 });
    const framed = lines(client);
    let closing: Promise<void> | undefined;
    await cancelScope(
      async ({ cancel }) => {
        setImmediate(cancel);
        await framed.write('a line that does not fit').catch(() => {});
        closing = framed.close();
      },
      { clock },
    );
    expect([await server.readLine(), await server.readLine()]).toEqual([
      'a line that does not fit',
      null,
    ]);
    await closing;
    await server.close();
  });

  test('an accept loop ends without an error, and its connections go on', async () => {
    const clock = new ManualClock();
    const listener = new MemoryListener({ clock });
    const failures: unknown[] = [];
    const executor = new Executor({ clock });
    const client = await cancelScope(
      async ({ cancel }) => {
        const accepting = acceptLoop(
          listener,
          async (stream) => {
            await stream.writeAll(`${await stream.readLine()}\n`);
          },
          { clock, executor, onError: (error) => failures.push(error) },
        );
        const connected = await listener.connect();
        await clock.advance(0);
        cancel();
        await accepting;
        return connected;
      },
      { clock },
    );
    await client?.writeAll('hello\n');
    expect(await client?.readLine()).toBe('hello');
    expect(failures).toEqual([]);
    await client?.close();
    await listener.close();
    await executor.shutdown();
  });
});
