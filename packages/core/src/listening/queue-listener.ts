/** What all listeners share: an accept queue behind the `Listener` contract. A carrier adds how connections arrive. */

import { AcceptQueue, type AcceptQueueOptions } from './accept-queue.ts';
import type { Taker } from './standing-accept.ts';
import type { Address } from '../vocabulary/address.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import {
  DEFAULT_DRAIN_WINDOW,
  DRAIN_OPTIONS,
  type DrainOptions,
  type Listener,
  type ListenerStatistics,
} from './listener.ts';
import { checkOptions } from '../vocabulary/check.ts';
import { charged } from '../waiting/charged.ts';
import type { WouldBlock } from '../vocabulary/would-block.ts';
import type { SourceObserver } from '../vocabulary/source.ts';
import { WaitIterator } from '../waiting/wait-iterator.ts';
import type { WaitOptions } from '../waiting/waiter.ts';

/** The base class of listeners; its calls are documented on {@link Listener}. */
export abstract class QueueListener<P, S extends ByteStream> implements Listener<S> {
  abstract readonly localAddress: Address;
  protected readonly queue: AcceptQueue<P, S>;
  readonly #options: Pick<AcceptQueueOptions<P, S>, 'clock'>;
  #draining: Promise<void> | undefined;

  protected constructor(options: AcceptQueueOptions<P, S>) {
    this.#options = options;
    this.queue = new AcceptQueue(options);
  }

  abstract close(): Promise<void>;

  /** Where the accept loop may be called for each connection, instead of calling `accept`. */
  acceptEach?(taker: Taker<S>, options: WaitOptions): Promise<void>;

  /** Stops listening at once, and resolves when the queue is drained and the listener closed. */
  protected abstract stop(idleWindow: number): Promise<void>;

  drain(options: DrainOptions = {}): Promise<void> {
    return charged(this.#options, () => {
      checkOptions('drain', options, DRAIN_OPTIONS);
      this.#draining ??= this.stop(options.idleWindow ?? DEFAULT_DRAIN_WINDOW);
      return this.#draining;
    });
  }

  get readiness(): number {
    return this.queue.readiness;
  }

  get failure(): unknown {
    return this.queue.failure;
  }

  get isDisposed(): boolean {
    return this.queue.isClosed;
  }

  accept(options?: WaitOptions): Promise<S> {
    return this.queue.accept(options);
  }

  tryAccept(): S | WouldBlock {
    return this.queue.tryAccept();
  }

  readable(options?: WaitOptions): Promise<void> {
    return this.queue.readable(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  incoming(options?: WaitOptions): AsyncIterableIterator<S> {
    const take = (wait: WaitOptions): Promise<S> => this.accept(wait);
    return new WaitIterator({ operation: 'incoming', take, endsAtClose: true }, options);
  }

  [Symbol.asyncIterator](): AsyncIterator<S, undefined> {
    return this.incoming();
  }

  statistics(): ListenerStatistics {
    return this.queue.statistics();
  }

  observe(observer: SourceObserver): void {
    this.queue.observe(observer);
  }

  unobserve(observer: SourceObserver): void {
    this.queue.unobserve(observer);
  }
}
