import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  BrokenError,
  BusyError,
  ClosedError,
  copy,
  copyBidirectional,
  InvalidInputError,
  memoryPair,
  TcpListener,
  TcpStream,
  type ByteStream,
  type ByteConsumer,
  type StreamReader,
  type WouldBlock,
} from '../index.ts';
import { lockstepPair } from '../testing/index.ts';

const MIB = 1 << 20;
const reason = new Error('the caller gave up');

/** Bytes whose place shows: a lost, doubled or swapped one does not go unseen. */
function pattern(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) & 0xff);
}

async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** A reader that is no stream: the chunks of a generator, one at a time. */
class GeneratorReader implements StreamReader {
  readonly #chunks: Iterator<Uint8Array>;
  #front: Uint8Array | undefined;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  readonly isReadable = true;

  async readable(): Promise<void> {}

  tryRead(buffer: Uint8Array): number | null {
    return this.#take((view) => {
      const piece = view.subarray(0, buffer.length);
      buffer.set(piece);
      return piece.length;
    });
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    return this.tryRead(buffer);
  }

  async readWith(take: ByteConsumer | ByteConsumer['take']): Promise<number | null> {
    return this.#take(typeof take === 'function' ? take : (view) => take.take(view));
  }

  async readChunk(): Promise<Uint8Array | null> {
    let chunk: Uint8Array | null = null;
    this.#take((view) => {
      chunk = view;
      return view.length;
    });
    return chunk;
  }

  async readExactly(): Promise<never> {
    throw new Error('a copy needs no amount');
  }

  readUntil = this.readExactly;
  readLine = this.readExactly;
  readFrame = this.readExactly;

  peek(count: number): Uint8Array | null | WouldBlock {
    return this.#front?.slice(0, count) ?? null;
  }

  async *chunks(): AsyncIterableIterator<Uint8Array> {
    for (let chunk = await this.readChunk(); chunk !== null; chunk = await this.readChunk()) {
      yield chunk;
    }
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this.chunks();
  }

  #take(take: (view: Uint8Array) => number): number | null {
    if (this.#front === undefined) {
      const { done, value } = this.#chunks.next();
      if (done === true) return null;
      this.#front = value;
    }
    const view = this.#front;
    const count = take(view);
    this.#front = count === view.length ? undefined : view.subarray(count);
    return count;
  }
}

/** Settles when every task that can go on without the outside world has gone on. */
async function idle(): Promise<void> {
  for (let index = 0; index < 5; index += 1) await turn();
}

async function closeAll(...streams: readonly ByteStream[]): Promise<void> {
  await Promise.all(streams.map((stream) => stream.close()));
}

/** Writes everything and finishes. */
async function send(stream: ByteStream, bytes: Uint8Array | string): Promise<void> {
  await stream.writeAll(bytes);
  await stream.shutdown('write');
}

describe('copy', () => {
  test.each([
    ['memory streams', memoryPair],
    ['memory streams that deliver byte by byte', () => memoryPair({ chunkSize: 1 })],
    ['lockstep streams', lockstepPair],
  ])('moves every byte over %s and leaves the destination open', async (_, makePair) => {
    const [sender, source] = makePair();
    const [destination, receiver] = makePair();
    const sent = pattern(3_000);
    const sending = send(sender, sent);
    const copying = copy(source, destination);
    expect(await receiver.readExactly(sent.length)).toEqual(sent);
    expect(await copying).toBe(sent.length);
    await sending;
    const more = destination.writeAll('more');
    expect(text(await receiver.readExactly(4))).toBe('more');
    await more;
    await closeAll(sender, source, destination, receiver);
  });

  test('from a stream to itself echoes', async () => {
    const [client, server] = memoryPair();
    const echo = copy(server, server).then(() => server.shutdown('write'));
    await send(client, pattern(5_000));
    expect(await readAll(client)).toEqual(pattern(5_000));
    await echo;
    await closeAll(client, server);
  });

  test('works on the halves of two streams', async () => {
    const [client, server] = memoryPair();
    const [reader, writer] = server.split();
    await send(client, 'halves');
    expect(await copy(reader, writer)).toBe(6);
    expect(text(await client.readExactly(6))).toBe('halves');
    await closeAll(client, server);
  });

  test('reads from a reader of the caller’s own, such as one over a generator', async () => {
    const [destination, receiver] = memoryPair({ writeHighWaterMark: 1_000 });
    const [, writer] = destination.split();
    const sent = pattern(3_000);
    const chunks = function* (): Generator<Uint8Array> {
      for (let at = 0; at < sent.length; at += 700) yield sent.subarray(at, at + 700);
    };
    const received = receiver.readExactly(sent.length);
    expect(await copy(new GeneratorReader(chunks()), writer)).toBe(sent.length);
    expect(await received).toEqual(sent);
    await closeAll(destination, receiver);
  });

  test('a destination that no one reads holds its high-water mark and no more, and the source is slowed down', async () => {
    const marks = { readHighWaterMark: 1_000, writeHighWaterMark: 1_000 };
    const [sender, source] = memoryPair(marks);
    const [destination, receiver] = memoryPair(marks);
    const stop = new AbortController();
    const progress = { accepted: 0 };
    const sending = sender.writeAll(pattern(MIB), { progress, signal: stop.signal });
    const copying = copy(source, destination, { signal: stop.signal });
    await idle();
    expect(destination.statistics().unsent).toBeLessThanOrEqual(1_000);
    expect(receiver.statistics().buffered).toBeLessThanOrEqual(2_000);
    // Four marks, and the pieces under way between them.
    expect(progress.accepted).toBeLessThanOrEqual(8_000);
    stop.abort(reason);
    await expect(copying).rejects.toBe(reason);
    await expect(sending).rejects.toBe(reason);
    for (const stream of [sender, source, destination, receiver]) stream.reset();
  });

  test('stops at its limit; the rest stays in the source', async () => {
    const [sender, source] = memoryPair();
    const [destination, receiver] = memoryPair();
    await send(sender, 'headBODY');
    expect(await copy(source, destination, { limit: 0 })).toBe(0);
    expect(await copy(source, destination, { limit: 4 })).toBe(4);
    expect(text(await receiver.readExactly(4))).toBe('head');
    expect(await source.readLine()).toBe('BODY');
    expect(await copy(source, destination, { limit: 4 })).toBe(0);
    await closeAll(sender, source, destination, receiver);
  });

  test('moves at most bufferSize bytes at a time', async () => {
    const [sender, source] = memoryPair();
    const [destination, receiver] = memoryPair();
    await send(sender, pattern(10));
    const sizes: number[] = [];
    const copying = copy(source, destination, { bufferSize: 4 });
    await receiver.readWith((view) => {
      sizes.push(view.length);
      return view.length;
    });
    expect(sizes).toEqual([4]);
    expect(await copying).toBe(10);
    await closeAll(sender, source, destination, receiver);
  });

  test('given up while the source is silent, it takes nothing, and says what it moved', async () => {
    const [sender, source] = memoryPair();
    const [destination, receiver] = memoryPair();
    const stop = new AbortController();
    const progress = { copied: -1 };
    const copying = copy(source, destination, { signal: stop.signal, progress });
    await sender.writeAll('one');
    await idle();
    stop.abort(reason);
    await expect(copying).rejects.toBe(reason);
    expect(progress.copied).toBe(3);
    await sender.writeAll('two');
    expect(text(await source.readExactly(3))).toBe('two');
    expect(text(await receiver.readExactly(3))).toBe('one');
    expect(source.statistics().waits).toEqual([]);
    await closeAll(sender, source, destination, receiver);
  });

  test('does not begin when its signal has aborted', async () => {
    const [sender, source] = memoryPair();
    await send(sender, 'x');
    await expect(copy(source, source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await source.readLine()).toBe('x');
    await closeAll(sender, source);
  });

  test('a broken destination fails it; what it did not accept is still in the source', async () => {
    const [sender, source] = memoryPair();
    const [destination, receiver] = memoryPair();
    receiver.reset();
    await destination.closed;
    await send(sender, 'unsent');
    const progress = { copied: -1 };
    await expect(copy(source, destination, { progress })).rejects.toThrow(BrokenError);
    expect(progress.copied).toBe(0);
    expect(await source.readLine()).toBe('unsent');
    await closeAll(sender, source, destination);
  });

  test('a broken source fails it after its last byte', async () => {
    const [sender, source] = memoryPair();
    const [destination, receiver] = memoryPair();
    await sender.writeAll('last words');
    await source.readable();
    sender.reset();
    await source.closed;
    await expect(copy(source, destination)).rejects.toThrow(BrokenError);
    expect(text(await receiver.readExactly(10))).toBe('last words');
    await closeAll(source, destination, receiver);
  });

  test('another reader or writer is refused while it runs, and harms nothing', async () => {
    const [sender, source] = memoryPair();
    const [destination, receiver] = memoryPair();
    const copying = copy(source, destination);
    await expect(source.readChunk()).rejects.toThrow(BusyError);
    await send(sender, 'unharmed');
    expect(await copying).toBe(8);
    await closeAll(sender, source, destination, receiver);
  });

  test.each([
    ['limit', -1],
    ['limit', 1.5],
    ['limit', NaN],
    ['bufferSize', 0],
    ['bufferSize', Infinity],
  ])('refuses %s = %d', async (name, value) => {
    const [client, server] = memoryPair();
    await expect(copy(server, server, { [name]: value })).rejects.toThrow(InvalidInputError);
    await closeAll(client, server);
  });
});

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
