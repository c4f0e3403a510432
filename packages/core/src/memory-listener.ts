/** A listener without a port: programs that serve can be called from the same process, over streams in memory. */

import { AcceptQueue } from './accept-queue.ts';
import { PathAddress, type Address } from './address.ts';
import type { ByteStream } from './byte-stream.ts';
import { systemClock } from './clock.ts';
import { AddressError, ClosedError } from './errors.ts';
import type { Listener, ListenerStatistics } from './listener.ts';
import { memoryPair, type MemoryPairOptions } from './memory-pair.ts';
import type { WouldBlock } from './outcome.ts';
import type { SourceObserver } from './source.ts';
import { checkWaitOptions, type WaitOptions } from './waiters.ts';

/** Options of a {@link MemoryListener}. */
export interface MemoryListenOptions extends MemoryPairOptions {
  /** The most streams open at a time; further connections wait unread. @default no limit */
  readonly maxConnections?: number | undefined;
  /** The most connections that may wait to be accepted; `connect` fails beyond. @default 1024 */
  readonly maxPending?: number | undefined;
  /** What `localAddress` shows. @default 'memory' */
  readonly name?: string | undefined;
}

const DEFAULT_MAX_PENDING = 1_024;

/**
 * A listener whose connections are streams in memory.
 *
 * @example
 * ```ts
 * import { MemoryListener } from '@awaitio/core';
 *
 * const listener = new MemoryListener();
 * const client = await listener.connect();
 * const server = await listener.accept();
 * await server.writeAll('hello\n');
 * console.log(await client.readLine()); // hello
 * await client.close();
 * await server.close();
 * await listener.close();
 * ```
 */
export class MemoryListener implements Listener {
  readonly localAddress: Address;
  readonly #options: MemoryListenOptions;
  readonly #queue: AcceptQueue<ByteStream, ByteStream>;

  constructor(options: MemoryListenOptions = {}) {
    this.#options = options;
    this.localAddress = new PathAddress(options.name ?? 'memory');
    this.#queue = new AcceptQueue<ByteStream, ByteStream>({
      clock: options.clock ?? systemClock,
      maxConnections: options.maxConnections ?? Infinity,
      maxPending: options.maxPending ?? DEFAULT_MAX_PENDING,
      claim: (stream) => {
        void stream.closed.then(() => {
          this.#queue.release();
        });
        return stream;
      },
      refuse: (stream) => {
        stream.reset();
      },
    });
  }

  /**
   * Connects: the listener gets the other end.
   *
   * @throws `AddressError` (`ECONNREFUSED`) when the listener is closed or `maxPending` connections wait;
   * `signal.reason`.
   */
  async connect(options?: WaitOptions): Promise<ByteStream> {
    checkWaitOptions('connect', options);
    if (this.#queue.isClosed || this.#queue.isFull) {
      if (!this.#queue.isClosed) this.#queue.countRefusal();
      throw new AddressError(
        `connect: ${String(this.localAddress)} ${this.#queue.isClosed ? 'is closed' : 'has no room'}`,
        { code: 'ECONNREFUSED', operation: 'connect' },
      );
    }
    const [client, server] = memoryPair(this.#options);
    this.#queue.push(server);
    return client;
  }

  get readiness(): number {
    return this.#queue.readiness;
  }

  get failure(): unknown {
    return this.#queue.failure;
  }

  get isDisposed(): boolean {
    return this.#queue.isClosed;
  }

  accept(options?: WaitOptions): Promise<ByteStream> {
    return this.#queue.accept(options);
  }

  tryAccept(): ByteStream | WouldBlock {
    return this.#queue.tryAccept();
  }

  readable(options?: WaitOptions): Promise<void> {
    return this.#queue.readable(options);
  }

  async close(): Promise<void> {
    this.#queue.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Accepts one connection after another; ends when the listener closes. Leaving the loop leaves it open. */
  async *[Symbol.asyncIterator](): AsyncIterator<ByteStream> {
    for (;;) {
      let stream: ByteStream;
      try {
        stream = await this.accept();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield stream;
    }
  }

  statistics(): ListenerStatistics {
    return this.#queue.statistics();
  }

  observe(observer: SourceObserver): void {
    this.#queue.observe(observer);
  }

  unobserve(observer: SourceObserver): void {
    this.#queue.unobserve(observer);
  }
}
