/** Two streams that pass on to each other, as a proxy does. */

import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  BrokenError,
  BusyError,
  ClosedError,
  copyBidirectional,
  memoryPair,
  TcpListener,
  TcpStream,
  type ByteStream,
} from '../index.ts';
import { lockstepPair } from '../testing/index.ts';
import { closeAll } from '../../test/support/close-all.ts';
import { MIB, reason, send } from '../../test/support/copying.ts';
import { idle, pattern, readAll, text } from '../../test/support/interop.ts';

/** A client and a server with a proxy's two streams between them. */
function proxied(makePair: () => [ByteStream, ByteStream] = memoryPair) {
  const [client, front] = makePair();
  const [back, server] = makePair();
  return { client, front, back, server, all: [client, front, back, server] as const };
}

describe('copyBidirectional', () => {
  test.each([
    ['memory streams', memoryPair],
    ['memory streams that deliver byte by byte', () => memoryPair({ chunkSize: 1 })],
    ['lockstep streams', lockstepPair],
  ])('carries both directions at once over %s', async (_, makePair) => {
    const { client, front, back, server, all } = proxied(makePair);
    const proxy = copyBidirectional(front, back);
    const up = pattern(2_000);
    const down = pattern(3_001).toReversed();
    const [got, answer] = await Promise.all([
      readAll(server),
      readAll(client),
      send(client, up),
      send(server, down),
    ]);
    expect(got).toEqual(Buffer.from(up));
    expect(answer).toEqual(Buffer.from(down));
    expect(await proxy).toEqual({ aToB: 2_000, bToA: 3_001 });
    await closeAll(...all);
  });

  test('a finished side is passed on, and the other direction goes on until it finishes too', async () => {
    const { client, front, back, server, all } = proxied();
    const proxy = copyBidirectional(front, back);
    await send(client, 'question');
    expect(text(await readAll(server))).toBe('question');
    for (const part of ['a slow ', 'answer']) {
      await idle();
      await server.writeAll(part);
    }
    await server.shutdown('write');
    expect(text(await readAll(client))).toBe('a slow answer');
    expect(await proxy).toEqual({ aToB: 8, bToA: 13 });
    expect([(await front.closed).how, (await back.closed).how]).toEqual(['eof', 'shutdown']);
    await closeAll(...all);
  });

  test('nothing sent either way is an end like any other', async () => {
    const { client, front, back, server, all } = proxied();
    const proxy = copyBidirectional(front, back);
    await client.shutdown('write');
    await server.shutdown('write');
    expect(await proxy).toEqual({ aToB: 0, bToA: 0 });
    await closeAll(...all);
  });

  test('a peer that breaks off fails both directions, with what was moved', async () => {
    const { client, front, back, server, all } = proxied();
    const progress = { aToB: -1, bToA: -1 };
    const proxy = copyBidirectional(front, back, { progress });
    await client.writeAll('half a requ');
    await server.writeAll('early');
    await idle();
    client.reset();
    await expect(proxy).rejects.toMatchObject({ name: 'BrokenError', code: 'ECONNRESET' });
    expect(progress).toEqual({ aToB: 11, bToA: 5 });
    // The other stream stays open: closing or resetting it is up to the caller.
    expect(back.isClosed).toBe(false);
    await server.writeAll('still there');
    expect(text(await back.readExactly(11))).toBe('still there');
    await closeAll(...all);
  });

  test('bytes that came before a reset are passed on before it fails', async () => {
    const { client, front, back, server, all } = proxied();
    await server.writeAll('the end of the answer');
    await back.readable();
    server.reset();
    await back.closed;
    await expect(copyBidirectional(front, back)).rejects.toThrow(BrokenError);
    expect(text(await client.readExactly(21))).toBe('the end of the answer');
    await closeAll(...all);
  });

  test('a peer that finished and then broke off is noticed though no one reads it any more', async () => {
    const { client, front, back, server, all } = proxied();
    const proxy = copyBidirectional(front, back);
    await client.shutdown('write');
    expect(await readAll(server)).toHaveLength(0);
    client.reset();
    await expect(proxy).rejects.toMatchObject({ code: 'ECONNRESET' });
    await closeAll(...all);
    expect(front.statistics().waits).toEqual([]);
  });

  test('a stream that this side closes or shuts down under it ends it', async () => {
    for (const end of ['close', 'shutdown'] as const) {
      const { client, front, back, all } = proxied();
      const proxy = copyBidirectional(front, back);
      await client.shutdown('write');
      await idle();
      const ending = end === 'close' ? front.close() : front.shutdown('write');
      await expect(proxy).rejects.toThrow(ClosedError);
      await ending;
      await closeAll(...all);
    }
  });

  test('given up, it stops both ways at once and loses no byte', async () => {
    const { client, front, back, server, all } = proxied();
    const stop = new AbortController();
    const progress = { aToB: 0, bToA: 0 };
    const proxy = copyBidirectional(front, back, { signal: stop.signal, progress });
    await client.writeAll('before');
    await idle();
    const failure = proxy.catch((error: unknown) => error);
    stop.abort(reason);
    await client.writeAll('after');
    await server.writeAll('answer');
    expect(await failure).toBe(reason);
    expect(progress).toEqual({ aToB: 6, bToA: 0 });
    expect(text(await server.readExactly(6))).toBe('before');
    expect(text(await front.readExactly(5))).toBe('after');
    expect(text(await back.readExactly(6))).toBe('answer');
    expect([...front.statistics().waits, ...back.statistics().waits]).toEqual([]);
    await closeAll(...all);
  });

  test('leaves nothing on a signal that lives on', async () => {
    let listeners = 0;
    const { signal } = new AbortController();
    const add = signal.addEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    for (let round = 0; round < 20; round += 1) {
      const { client, front, back, server, all } = proxied();
      const proxy = copyBidirectional(front, back, { signal });
      await Promise.all([send(client, 'x'), send(server, 'y')]);
      await proxy;
      await closeAll(...all);
    }
    expect(listeners).toBe(1);
  });

  test('refuses one stream as both ends, and a stream that is being read', async () => {
    const [client, server] = memoryPair();
    await expect(copyBidirectional(server, server)).rejects.toThrow(BusyError);
    const { front, back, all } = proxied();
    const reading = front.readChunk();
    await expect(copyBidirectional(front, back)).rejects.toThrow(BusyError);
    await closeAll(...all, client, server);
    await expect(reading).rejects.toThrow(ClosedError);
  });

  test('carries 4 MiB each way over loopback, with a half-close, and leaves no socket open', async () => {
    const inner = await TcpListener.bind('127.0.0.1:0');
    const outer = await TcpListener.bind('127.0.0.1:0');
    const client = await TcpStream.connect(outer.localAddress);
    const front = await outer.accept();
    const back = await TcpStream.connect(inner.localAddress);
    const server = await inner.accept();
    const proxy = copyBidirectional(front, back);
    const up = pattern(4 * MIB);
    const [, got] = await Promise.all([send(client, up), readAll(server)]);
    expect(Buffer.compare(got, up)).toBe(0);
    const [, answer] = await Promise.all([send(server, got), readAll(client)]);
    expect(Buffer.compare(answer, up)).toBe(0);
    expect(await proxy).toEqual({ aToB: 4 * MIB, bToA: 4 * MIB });
    await closeAll(client, front, back, server);
    await Promise.all([inner.close(), outer.close()]);
  });

  test('whatever the sizes, the cuts and the moment it is given up, every byte is on one side or the other', async () => {
    const side = fc.record({
      size: fc.nat({ max: 3_000 }),
      chunkSize: fc.constantFrom(1, 7, 64, 1_000),
      mark: fc.constantFrom(1, 10, 500, 4_096),
    });
    const runs = fc.record({
      up: side,
      down: side,
      bufferSize: fc.constantFrom(1, 33, 65_536),
      turns: fc.option(fc.nat({ max: 40 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ up, down, bufferSize, turns }) => {
        const makePair = ({ chunkSize, mark }: { chunkSize: number; mark: number }) =>
          memoryPair({ chunkSize, readHighWaterMark: mark, writeHighWaterMark: mark });
        const [client, front] = makePair(up);
        const [back, server] = makePair(down);
        const stop = new AbortController();
        const progress = { aToB: 0, bToA: 0 };
        const proxy = copyBidirectional(front, back, {
          signal: stop.signal,
          bufferSize,
          progress,
        }).catch((error: unknown) => error);
        const sending = [send(client, pattern(up.size)), send(server, pattern(down.size))];
        const atServer = readAll(server);
        const atClient = readAll(client);
        if (turns !== undefined) {
          for (let index = 0; index < turns; index += 1) await Promise.resolve();
          stop.abort(reason);
        }
        const outcome = await proxy;
        expect([progress, reason]).toContainEqual(outcome);
        expect(progress.aToB).toBe(front.statistics().bytesRead - front.statistics().buffered);
        // What was not copied is still there to read; together it is what was sent.
        const restOfUp = front.readClosed().then(() => undefined);
        const [rest, restDown] = await Promise.all([
          readAll(front),
          readAll(back),
          front.shutdown('write'),
          back.shutdown('write'),
          restOfUp,
          ...sending,
        ]);
        const sentUp = Buffer.concat([await atServer, rest]);
        const sentDown = Buffer.concat([await atClient, restDown]);
        expect(Buffer.compare(sentUp, pattern(up.size))).toBe(0);
        expect(Buffer.compare(sentDown, pattern(down.size))).toBe(0);
        await closeAll(client, front, back, server);
      }),
      { numRuns: 100 },
    );
  });
});
