import { afterEach, describe, expect, test } from '@jest/globals';
import { ByteStream } from '../../streams/byte-stream.ts';
import { memoryTransports } from '../../memory/memory-transport.ts';
import { memoryPair } from '../../memory/memory-pair.ts';
import type { Transport, TransportSink } from '../../streams/transport.ts';
import type { WaitOptions } from '../../waiting/waiter.ts';
import type { WriteOptions, WriteData } from '../../streams/stream-writer.ts';
import { checkStream, STREAM_CONTRACTS, streamContract } from './check-stream.ts';
import type { StreamPair } from './trial.ts';

/** Forwards every call; a planted bug overrides one method. */
class Through implements Transport, TransportSink {
  readonly inner: Transport;
  sink!: TransportSink;

  constructor(inner: Transport) {
    this.inner = inner;
  }

  get unsent(): number {
    return this.inner.unsent;
  }
  start(sink: TransportSink): void {
    this.sink = sink;
    this.inner.start(this);
  }
  pause(): void {
    this.inner.pause();
  }
  resume(): void {
    this.inner.resume();
  }
  write(data: Uint8Array | string): void {
    this.inner.write(data);
  }
  writev(pieces: readonly Uint8Array[]): void {
    this.inner.writev(pieces);
  }
  end(finished: () => void): void {
    this.inner.end(finished);
  }
  reset(): void {
    this.inner.reset();
  }
  close(): void {
    this.inner.close();
  }
  setRef(ref: boolean): void {
    this.inner.setRef(ref);
  }
  onData(view: Uint8Array): boolean {
    return this.sink.onData(view);
  }
  onEnd(): void {
    this.sink.onEnd();
  }
  onDrain(): void {
    this.sink.onDrain();
  }
  onClosed(error?: Parameters<TransportSink['onClosed']>[0]): void {
    this.sink.onClosed(error);
  }
}

/** Some of the bugs keep a stream from its end, which would keep a timer until its `close` gives up. */
const carriers: Transport[] = [];
/** Ends that a carrier did not pass on. */
const swallowed: (() => void)[] = [];
afterEach(() => {
  for (const carrier of carriers.splice(0)) carrier.reset();
  for (const pass of swallowed.splice(0)) pass();
});
function transports(): readonly [Transport, Transport] {
  const pair = memoryTransports();
  carriers.push(...pair);
  return pair;
}

/** Two streams over a given carrier. */
const over = (Carrier: new (inner: Transport) => Transport) => (): StreamPair => {
  const [a, b] = transports();
  return [new ByteStream(new Carrier(a)), new ByteStream(new Carrier(b))];
};

/** Two streams of a given class. */
const made = (Stream: new (transport: Transport) => ByteStream) => (): StreamPair => {
  const [a, b] = transports();
  return [new Stream(a), new Stream(b)];
};

const quick = { quiet: 1, patience: 40, volume: 10_000 };

const PLANTS: readonly (readonly [bug: string, makePair: () => StreamPair, found: string])[] = [
  [
    'a carrier that loses a byte of large writes',
    over(
      class extends Through {
        override write(data: Uint8Array | string): void {
          super.write(data.length > 5_000 ? data.slice(0, -1) : data);
        }
      },
    ),
    'bytes come as they were written',
  ],
  [
    'a carrier that keeps the FIN for itself',
    over(
      class extends Through {
        override onEnd(): void {}
      },
    ),
    'the peer’s FIN settles every reading wait',
  ],
  [
    'a carrier that never tells of room',
    over(
      class extends Through {
        override onDrain(): void {}
      },
    ),
    'writes wait while the carrier is full',
  ],
  [
    'a carrier that sends what its writer does with the buffer later',
    made(
      class extends ByteStream {
        override tryWrite(data: WriteData): ReturnType<ByteStream['tryWrite']> {
          return super.tryWrite(data, { transfer: true });
        }
      },
    ),
    'a writer may reuse its buffer',
  ],
  [
    'a carrier that closes as if it were broken',
    over(
      class extends Through {
        override close(): void {
          super.reset();
        }
      },
    ),
    'close() is final',
  ],
  [
    'a carrier whose reset looks like an end',
    over(
      class extends Through {
        override reset(): void {
          super.close();
        }
      },
    ),
    'a peer’s reset() is an error',
  ],
  [
    'a carrier that is never gone',
    over(
      class extends Through {
        override onClosed(error?: Parameters<TransportSink['onClosed']>[0]): void {
          swallowed.push(() => {
            super.onClosed(error);
          });
        }
      },
    ),
    'close() is final',
  ],
  [
    'a stream that takes a byte with an abort',
    made(
      class extends ByteStream {
        override async readLine(options?: WaitOptions): Promise<string | null> {
          try {
            return await super.readLine(options);
          } catch (error) {
            this.tryRead(new Uint8Array(1));
            throw error;
          }
        }
      },
    ),
    'a reading wait given up by its signal',
  ],
  [
    'a stream that hands the abort’s reason on as its own error',
    made(
      class extends ByteStream {
        override async readable(options?: WaitOptions): Promise<void> {
          await super.readable(options).catch((error: unknown) => {
            throw new Error('aborted', { cause: error });
          });
        }
      },
    ),
    'a reading wait given up by its signal',
  ],
  [
    'a stream that listens on a signal for each of its waits',
    made(
      class extends ByteStream {
        override async readClosed(options?: WaitOptions): Promise<void> {
          options?.signal?.addEventListener('abort', () => {});
          await super.readClosed(options);
        }
      },
    ),
    'however many waits a signal has, it has one listener',
  ],
  [
    'a stream that counts bytes as accepted before they are',
    made(
      class extends ByteStream {
        override async writeAll(data: WriteData, options?: WriteOptions): Promise<void> {
          await super.writeAll(data, options).finally(() => {
            if (options?.progress !== undefined) options.progress.accepted = data.length;
          });
        }
      },
    ),
    'a writing wait given up says what it accepted',
  ],
  [
    'a stream that lets a second reader in',
    made(
      class extends ByteStream {
        override async readChunk(options?: WaitOptions): Promise<Uint8Array | null> {
          await this.readable(options);
          const buffer = new Uint8Array(100);
          const count = this.tryRead(buffer);
          return typeof count === 'number' ? buffer.subarray(0, count) : null;
        }
      },
    ),
    'one task at a time reads',
  ],
];

describe('checkStream', () => {
  test('passes on a carrier that keeps every contract', async () => {
    await expect(
      checkStream(() => memoryPair(), { quiet: 1, volume: 10_000 }),
    ).resolves.toBeUndefined();
  });

  test.each(PLANTS)('finds %s', async (_bug, makePair, found) => {
    const check = streamContract(makePair, quick).find(({ name }) => name.startsWith(found));
    await expect(check?.run()).rejects.toThrow(Error);
  });

  test('tells which contracts are broken, how many of how many, and which way round', async () => {
    const isBroken = { next: false };
    const makePair = (): StreamPair => {
      const [a, b] = memoryTransports();
      return [
        new ByteStream(a),
        new (class extends ByteStream {
          override ref(): void {
            isBroken.next = true;
            throw new Error('no');
          }
        })(b),
      ];
    };
    const failure = await checkStream(makePair, quick).catch((error: unknown) => error);
    expect(isBroken.next).toBe(true);
    expect(failure).toBeInstanceOf(AggregateError);
    const { message, errors } = failure as AggregateError;
    expect(errors).toHaveLength(1);
    expect(message).toBe(
      `1 of ${STREAM_CONTRACTS.length} contracts are broken:\n` +
        '  - ref and unref change nothing else: with the ends exchanged: no',
    );
  });

  test('tells when no pair can be made', async () => {
    const makePair = (): Promise<StreamPair> => Promise.reject(new Error('connection refused'));
    await expect(checkStream(makePair, quick)).rejects.toThrow(/connection refused/);
  });

  test('gives checks by name, for a test runner', () => {
    const checks = streamContract(() => memoryPair());
    expect(checks.map(({ name }) => name)).toEqual(STREAM_CONTRACTS);
    expect(new Set(STREAM_CONTRACTS).size).toBe(STREAM_CONTRACTS.length);
  });
});
