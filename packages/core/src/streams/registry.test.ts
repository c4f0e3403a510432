import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { memoryPair } from '../memory/memory-pair.ts';
import { openStreams, ownStream, trackStreams, watchStreams } from './registry.ts';
import { ManualClock } from '../testing/manual-clock.ts';

beforeEach(() => {
  trackStreams(true);
});
afterEach(() => {
  trackStreams(false);
});

const closeAll = () => Promise.all(openStreams().map(({ stream }) => stream.close()));

describe('the list of open streams', () => {
  test('holds what was opened since, oldest first, until it is gone', async () => {
    const [client, server] = memoryPair();
    expect(openStreams().map(({ stream }) => stream)).toEqual([client, server]);
    await client.close();
    expect(openStreams().map(({ stream }) => stream)).toEqual([server]);
    await server.close();
    expect(openStreams()).toEqual([]);
  });

  test('shows what a stream is, how it stands, what went through it, and who waits for it', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock });
    await client.writeAll('hello');
    await clock.advance(40);
    const reading = client.readLine();
    await clock.advance(60);
    const counts = { bytesRead: 0, bytesWritten: 5, buffered: 0, unsent: 0 };
    const waits = [{ operation: 'readLine', age: 60 }];
    const [first, second] = openStreams();
    expect(first).toMatchObject({ kind: 'ByteStream', state: 'open', age: 100, ...counts, waits });
    expect(first?.site).toContain('streams/registry.test.ts');
    expect(first?.addresses).toBeUndefined();
    expect(second).toMatchObject({ bytesRead: 5, buffered: 5, waits: [] });
    await closeAll();
    await expect(reading).rejects.toThrow('closed');
    await server.close();
  });

  test('tells which half of a stream is over', async () => {
    const [client, server] = memoryPair();
    await client.shutdown('write');
    expect(openStreams().map(({ state }) => state)).toEqual(['writing shut down', 'peer finished']);
    await closeAll();
    expect(server.isClosed).toBe(true);
  });

  test('shows a stream that is closing and has not got rid of its bytes', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 1 });
    await client.writeAll('too much');
    const closing = client.close();
    expect(openStreams()[0]).toMatchObject({ state: 'closing', stream: client });
    for await (const chunk of server) expect(chunk.length).toBeGreaterThan(0);
    await closing;
    await closeAll();
  });

  test('is kept when tracking is turned on twice, and forgotten when it is turned off', async () => {
    const streams = memoryPair();
    trackStreams(true);
    expect(openStreams()).toHaveLength(2);
    trackStreams(false);
    expect(openStreams()).toEqual([]);
    trackStreams(true);
    expect(openStreams()).toEqual([]);
    for (const stream of streams) await stream.close();
  });
});

test('a stream that is opened while no one tracks is on no list, and nothing waits for its end', async () => {
  trackStreams(false);
  const [client, server] = memoryPair();
  trackStreams(true);
  expect(openStreams()).toEqual([]);
  await client.close();
  await server.close();
});

describe('a watch of streams', () => {
  test('lists what is opened while it lasts, whatever the program does with its own list', async () => {
    const before = memoryPair();
    const [watch, other] = [watchStreams(), watchStreams()];
    const [client, server] = memoryPair();
    trackStreams(false);
    trackStreams(true);
    expect(openStreams()).toEqual([]);
    expect(watch.list().map(({ stream }) => stream)).toEqual([client, server]);
    expect(watch.list()[0]?.site).toContain('streams/registry.test.ts');
    other.stop();
    expect(other.list()).toEqual([]);
    await client.close();
    expect(watch.list().map(({ stream }) => stream)).toEqual([server]);
    watch.stop();
    for (const stream of [server, ...before]) await stream.close();
  });

  test('keeps no stream that has an owner, nor, in the long run, closed ones', async () => {
    const watch = watchStreams();
    const [owned, other] = memoryPair();
    ownStream(owned);
    expect(watch.list().map(({ stream }) => stream)).toEqual([other]);
    for (let each = 0; each < 1_000; each += 1) {
      const [near, far] = memoryPair();
      await near.close();
      await far.close();
    }
    expect(watch.list()).toHaveLength(1);
    watch.stop();
    await owned.close();
    await other.close();
  });
});
