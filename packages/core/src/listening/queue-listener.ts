/** What all listeners share: an accept queue behind the `Listener` contract. A carrier adds how connections arrive. */

import { AcceptQueue, type AcceptQueueOptions } from './accept-queue.ts';
import type { Address } from '../vocabulary/address.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import { ClosedError } from '../vocabulary/errors.ts';
import type { Listener, ListenerStatistics } from './listener.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import type { SourceObserver } from '../vocabulary/source.ts';
import type { WaitOptions } from '../waiting/waiter.ts';

export abstract class QueueListener<P, S extends ByteStream> implements Listener<S> {
  abstract readonly localAddress: Address;
  protected readonly queue: AcceptQueue<P, S>;

  protected constructor(options: AcceptQueueOptions<P, S>) {
    this.queue = new AcceptQueue(options);
  }

  /** Stops listening and resets the connections that nobody accepted. Streams handed out live on. Idempotent. */
  abstract close(): Promise<void>;

  /** What the listener is ready for now, as the bits of `ReadyBits`: readable when a connection waits. */
  get readiness(): number {
    return this.queue.readiness;
  }

  /** The accept error that the next `accept` will give, if there is one. */
  get failure(): unknown {
    return this.queue.failure;
  }

  /** Whether this side closed the listener. */
  get isDisposed(): boolean {
    return this.queue.isClosed;
  }

  /**
   * Waits for a connection. Several calls may wait; they are served in order.
   *
   * @returns The stream, which is the caller's to close.
   * @throws `ClosedError` when this side closes the listener; `TimeoutError`; `signal.reason`; `IoError` when the
   * operating system fails to accept, such as `EMFILE`: the listener goes on after it. A call given up takes no
   * connection.
   */
  accept(options?: WaitOptions): Promise<S> {
    return this.queue.accept(options);
  }

  /** Takes a connection that waits, or gives `WOULD_BLOCK`. @throws `ClosedError`; `IoError` as `accept` */
  tryAccept(): S | WouldBlock {
    return this.queue.tryAccept();
  }

  /** Waits until a connection waits. @throws `ClosedError`; `TimeoutError`; `signal.reason` */
  readable(options?: WaitOptions): Promise<void> {
    return this.queue.readable(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Accepts one connection after another; ends when the listener closes, and throws what `accept` throws. Leaving the
   * loop leaves the listener open.
   */
  async *[Symbol.asyncIterator](): AsyncIterator<S> {
    for (;;) {
      let stream: S;
      try {
        stream = await this.accept();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield stream;
    }
  }

  /** A frozen snapshot. */
  statistics(): ListenerStatistics {
    return this.queue.statistics();
  }

  /** Tells `observer` whenever {@link QueueListener.readiness} may have risen; for poll sets. */
  observe(observer: SourceObserver): void {
    this.queue.observe(observer);
  }

  /** Ends {@link QueueListener.observe}. */
  unobserve(observer: SourceObserver): void {
    this.queue.unobserve(observer);
  }
}
