import { expect, jest, test, describe } from '@jest/globals';
import { memoryPair } from '../../src/memory/memory-pair.ts';
import { traceWaits } from '../../src/waiting/wait-trace.ts';
import { moveOnAfter } from '../../src/waiting/cancel-scope.ts';
import { currentScope } from '../../src/waiting/ambient.ts';
import { BusyError, ClosedError, InvalidInputError } from '../../src/vocabulary/errors.ts';
import type { ByteStream } from '../../src/streams/byte-stream.ts';
import { StandingRead } from '../../src/streams/queue/standing-read.ts';
import { readStanding } from '../../src/streams/stream-parts.ts';

class Reader extends StandingRead {
  readonly log: unknown[] = [];
  /** How many bytes it takes. */
  readonly #want: (view: Uint8Array) => number;

  constructor(want: (view: Uint8Array) => number = (view) => view.length) {
    super();
    this.#want = want;
  }

  take(view: Uint8Array): number {
    return this.#want(view);
  }

  protected onRead(result: number | null): void {
    this.log.push(result, currentScope());
  }

  protected onReadFailed(error: unknown): void {
    this.log.push(error);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a standing read', () => {
  test('takes the bytes as they arrive, and is called in a later microtask', async () => {
    const [client, server] = memoryPair();
    const takenAt: number[] = [];
    const reader: Reader = new Reader((view) => {
      takenAt.push(reader.log.length);
      return view.length;
    });
    expect(readStanding(server, reader)).toBe(true);
    await client.writeAll('ping');
    await turn();
    expect(takenAt).toEqual([0]);
    expect(reader.log).toEqual([4, undefined]);
    await client.close();
    await server.close();
  });

  test('leaves what it does not take to the next read', async () => {
    const [client, server] = memoryPair();
    const reader = new Reader(() => 1);
    readStanding(server, reader);
    await client.writeAll('abc');
    await turn();
    expect(reader.log[0]).toBe(1);
    expect(readStanding(server, reader)).toBe(false);
    expect(await server.readChunk()).toEqual(new Uint8Array(Buffer.from('bc')));
    await client.close();
    await server.close();
  });

  test('stands again and again, and ends with the stream', async () => {
    const [client, server] = memoryPair();
    const reader = new Reader();
    for (const text of ['a', 'bb', 'ccc']) {
      expect(readStanding(server, reader)).toBe(true);
      await client.writeAll(text);
      await turn();
    }
    expect(readStanding(server, reader)).toBe(true);
    await client.shutdown('write');
    await turn();
    expect(reader.log.filter((_, at) => at % 2 === 0)).toEqual([1, 2, 3, null]);
    expect(readStanding(server, reader)).toBe(false);
    await client.close();
    await server.close();
  });

  test('fails with what readWith would throw', async () => {
    const [client, server] = memoryPair();
    const closed = new Reader();
    readStanding(server, closed);
    await server.close();
    expect(closed.log).toEqual([expect.any(ClosedError)]);
    expect(readStanding(server, closed)).toBe(false);
    await client.close();

    const [far, near] = memoryPair();
    const wrong = new Reader(() => 99);
    readStanding(near, wrong);
    await far.writeAll('x');
    await turn();
    expect(wrong.log).toEqual([expect.any(InvalidInputError)]);
    // Nothing was taken.
    expect(await near.readChunk()).toEqual(new Uint8Array(Buffer.from('x')));
    await far.close();
    await near.close();
  });

  test('is the one reader while it waits, and shows in snapshots', async () => {
    const [client, server] = memoryPair();
    const reader = new Reader();
    readStanding(server, reader);
    expect(readStanding(server, new Reader())).toBe(false);
    await expect(server.readChunk()).rejects.toThrow(BusyError);
    expect(server.statistics().waits).toEqual([{ operation: 'readWith', age: expect.any(Number) }]);
    await client.close();
    await server.close();
    expect(server.statistics().waits).toEqual([]);
  });

  test('is traced where waits are', async () => {
    const [client, server] = memoryPair();
    traceWaits(true);
    try {
      readStanding(server, new Reader());
      expect(server.statistics().waits).toEqual([
        expect.objectContaining({ operation: 'readWith', site: expect.any(String) }),
      ]);
    } finally {
      traceWaits(false);
    }
    await client.close();
    await server.close();
  });

  test('is called outside of the scope in which its bytes were written, and does not end with it', async () => {
    const [client, server] = memoryPair();
    const reader = new Reader();
    await moveOnAfter(10_000, async () => {
      readStanding(server, reader);
      await client.writeAll('ping');
      await turn();
    });
    expect(reader.log).toEqual([4, undefined]);
    await client.close();
    await server.close();
  });

  test.each([
    ['closes', (stream: ByteStream) => void stream.close()],
    ['resets', (stream: ByteStream) => stream.reset()],
    ['ends the reading of', (stream: ByteStream) => void stream.shutdown('read')],
    [
      'resets, and throws after it,',
      (stream: ByteStream) => {
        stream.reset();
        throw new Error('the consumer failed');
      },
    ],
  ])('is called once, as readWith settles, when its consumer %s its stream', async (_, end) => {
    const settled: unknown[] = [];
    const [client, server] = memoryPair();
    const reader = new Reader((view) => {
      end(server);
      return view.length;
    });
    readStanding(server, reader);
    await client.writeAll('ping');
    await turn();

    const [far, near] = memoryPair();
    const reading = near.readWith((view) => {
      end(near);
      return view.length;
    });
    await far.writeAll('ping');
    await reading.then(
      (count) => settled.push(count, undefined),
      (error: unknown) => settled.push(error),
    );
    expect(reader.log).toEqual(settled);
    for (const stream of [client, server, far, near]) stream.reset();
  });

  test('is one read at a time, until its reader was called', async () => {
    const [client, server] = memoryPair();
    const [far, near] = memoryPair();
    const reader = new Reader();
    expect(readStanding(server, reader)).toBe(true);
    expect(readStanding(near, reader)).toBe(false);
    client.tryWrite('one');
    expect(readStanding(server, reader)).toBe(false);
    expect(readStanding(near, reader)).toBe(false);
    await turn();
    expect(reader.log).toEqual([3, undefined]);
    expect(readStanding(near, reader)).toBe(true);
    far.tryWrite('four');
    await turn();
    expect(reader.log).toEqual([3, undefined, 4, undefined]);
    for (const stream of [client, server, far, near]) stream.reset();
  });

  test('that throws where it must not is reported, and others that are ready with it are called', async () => {
    const pairs = [memoryPair(), memoryPair(), memoryPair()] as const;
    const failed = new (class extends Reader {
      protected override onRead(): void {
        throw new Error('the reader failed');
      }
    })();
    const rejected = new Reader();
    const onRead = (): unknown => Promise.reject(new Error('the reader rejected'));
    Object.defineProperty(rejected, 'onRead', { value: onRead });
    const last = new Reader();
    const printed = jest.spyOn(console, 'error').mockReturnValue();
    try {
      readStanding(pairs[0][1], failed);
      readStanding(pairs[1][1], rejected);
      readStanding(pairs[2][1], last);
      for (const [client] of pairs) client.tryWrite('ping');
      await turn();
      expect(last.log).toEqual([4, undefined]);
      expect(printed.mock.calls.map(([line]) => String(line).split('\n', 1)[0])).toEqual([
        'awaitio: onRead failed: Error: the reader failed',
        'awaitio: onRead failed: Error: the reader rejected',
      ]);
    } finally {
      printed.mockRestore();
    }
    for (const stream of pairs.flat()) stream.reset();
  });

  test('is refused by what is no stream of this package', () => {
    expect(readStanding({}, new Reader())).toBe(false);
  });
});
