import { describe, expect, test } from '@jest/globals';
import {
  BrokenError,
  BusyError,
  copy,
  InvalidInputError,
  memoryPair,
  type ByteConsumer,
  type StreamReader,
  type WouldBlock,
} from '../index.ts';
import { lockstepPair } from '../testing/index.ts';
import { closeAll } from '../../test/support/close-all.ts';
import { MIB, reason, send } from '../../test/support/copying.ts';
import { idle, pattern, readAll, text } from '../../test/support/interop.ts';

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
