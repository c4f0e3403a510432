import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BrokenError } from '../vocabulary/errors.ts';
import { Executor } from '../tasks/executor.ts';
import { memoryPair } from '../memory/memory-pair.ts';
import { trackStreams } from '../streams/registry.ts';
import { traceWaits } from '../waiting/wait-trace.ts';
import { expectNoOpenStreams, OpenStreamsError } from './expect-no-open-streams.ts';
import { ManualClock } from './manual-clock.ts';

beforeEach(() => {
  trackStreams(true);
});
afterEach(() => {
  trackStreams(false);
  traceWaits(false);
});

/** Advances time until the check has timed out, and returns its error. */
async function failureOf(clock: ManualClock): Promise<unknown> {
  const failure = expectNoOpenStreams({ clock }).then(
    () => undefined,
    (error: unknown) => error,
  );
  await clock.advance(1_000);
  return failure;
}

describe('expectNoOpenStreams', () => {
  test('is content when every stream was closed', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock });
    await client.close();
    await server.close();
    expect(await failureOf(clock)).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test('waits for streams that are closing', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock });
    const check = expectNoOpenStreams({ clock });
    await clock.advance(500);
    void client.close();
    void server.close();
    await expect(check).resolves.toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test('fails with the guilty stream, its state and its wait', async () => {
    const clock = new ManualClock();
    const [client, server] = memoryPair({ clock });
    await client.writeAll('half a li');
    await client.shutdown('write');
    const reading = client.read(new Uint8Array(4)).catch((error: unknown) => error);
    const error = await failureOf(clock);
    expect(error).toBeInstanceOf(OpenStreamsError);
    const lines = (error as Error).message.split('\n').filter((line) => !line.startsWith('    at'));
    expect(lines).toEqual([
      '2 streams are open that should be closed:',
      '1. ByteStream: writing shut down, for 1000 ms; bytes read 0 (not taken 0), written 9 (unsent 0)',
      '   a caller waits in read for 1000 ms',
      '   it was opened',
      '2. ByteStream: peer finished, for 1000 ms; bytes read 9 (not taken 9), written 0 (unsent 0)',
      '   no pending wait',
      '   it was opened',
    ]);
    expect((error as OpenStreamsError).streams.map(({ stream }) => stream)).toEqual([
      client,
      server,
    ]);
    server.reset();
    expect(await reading).toBeInstanceOf(BrokenError);
  });

  test('names the task that waits and the line where it asked, while waits are traced', async () => {
    traceWaits(true);
    const clock = new ManualClock();
    const executor = new Executor({ clock });
    const [client, server] = memoryPair({ clock });
    const reader = executor.spawn(() => server.readLine(), { name: 'reader' });
    const { message } = (await failureOf(clock)) as Error;
    expect(message).toContain('task "reader" waits in readLine for 1000 ms\n');
    const [, after = ''] = message.split('task "reader" waits in readLine for 1000 ms\n');
    expect(after.split('\n')[0]).toMatch(/^ {4}at .*expect-no-open-streams\.test\.ts:\d+:\d+/);
    await client.close();
    expect(await reader).toBeNull();
    await server.close();
  });

  test('tells of each stream once, so that one test is blamed and not all that follow', async () => {
    const clock = new ManualClock();
    const streams = memoryPair({ clock });
    expect(await failureOf(clock)).toBeInstanceOf(OpenStreamsError);
    expect(await failureOf(clock)).toBeUndefined();
    expect(streams.some(({ isClosed }) => isClosed)).toBe(false);
    for (const stream of streams) await stream.close();
  });

  test('has to be preceded by trackStreams, and takes a time from 0', async () => {
    await expect(expectNoOpenStreams({ within: -1 })).rejects.toThrow('`within` to be a number');
    trackStreams(false);
    await expect(expectNoOpenStreams()).rejects.toThrow(
      'expectNoOpenStreams: expected `trackStreams` to be turned on beforehand',
    );
  });
});
