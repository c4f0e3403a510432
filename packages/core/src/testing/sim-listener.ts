/** Listeners of a simulated network: the accept queue that TCP listeners have, without a server behind it. */

import { AcceptQueue } from '../accept-queue.ts';
import type { InetAddress } from '../address.ts';
import type { StreamOptions } from '../byte-stream.ts';
import type { Clock } from '../clock.ts';
import { ClosedError, invalidInput } from '../errors.ts';
import type { Listener, ListenerStatistics } from '../listener.ts';
import type { WouldBlock } from '../outcome.ts';
import type { SourceObserver } from '../source.ts';
import type { WaitOptions } from '../waiters.ts';
import type { SimConnection } from './sim-connection.ts';
import type { SimStream } from './sim-stream.ts';

/** Options of {@link SimHost.listen}; as those of `TcpListener.bind`, where the network has them. */
export interface SimListenOptions extends StreamOptions {
  /** The most streams open at a time; further connections wait unread. @default no limit */
  readonly maxConnections?: number | undefined;
  /** The most connections that may wait to be accepted; a further one is reset. @default 1024 */
  readonly maxPending?: number | undefined;
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_MAX_PENDING = 1_024;

/** A listener of a simulated host. */
export class SimListener implements Listener<SimStream> {
  readonly localAddress: InetAddress;
  readonly #queue: AcceptQueue<SimConnection, SimStream>;
  readonly #options: SimListenOptions;
  readonly #onClose: () => void;
  #isClosed = false;

  /** @internal Listeners come from {@link SimHost.listen}. */
  constructor(
    localAddress: InetAddress,
    clock: Clock,
    options: SimListenOptions,
    onClose: () => void,
  ) {
    this.localAddress = localAddress;
    this.#options = options;
    this.#onClose = onClose;
    this.#queue = new AcceptQueue<SimConnection, SimStream>({
      clock: options.clock ?? clock,
      maxConnections: options.maxConnections ?? Infinity,
      maxPending: options.maxPending ?? DEFAULT_MAX_PENDING,
      claim: (connection) => this.#claim(connection),
      refuse: ({ server }) => {
        server.transport.reset();
      },
    });
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** @internal A connection arrived at the port. */
  admit(connection: SimConnection): void {
    if (this.#queue.isFull) {
      this.#queue.countRefusal();
      connection.server.transport.reset();
    } else {
      this.#queue.push(connection);
    }
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

  accept(options?: WaitOptions): Promise<SimStream> {
    return this.#queue.accept(options);
  }

  tryAccept(): SimStream | WouldBlock {
    return this.#queue.tryAccept();
  }

  readable(options?: WaitOptions): Promise<void> {
    return this.#queue.readable(options);
  }

  /** Stops listening and resets the connections that nobody accepted. */
  async close(): Promise<void> {
    this.closeNow();
  }

  /** @internal As {@link SimListener.close}, at once. */
  closeNow(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#onClose();
    this.#queue.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Accepts one connection after another; ends when the listener closes. Leaving the loop leaves it open. */
  async *[Symbol.asyncIterator](): AsyncIterator<SimStream> {
    for (;;) {
      let stream: SimStream;
      try {
        stream = await this.accept();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield stream;
    }
  }

  /** As `TcpListener.unref`; does nothing here. */
  unref(): void {}

  /** As `TcpListener.ref`; does nothing here. */
  ref(): void {}

  statistics(): ListenerStatistics {
    return this.#queue.statistics();
  }

  observe(observer: SourceObserver): void {
    this.#queue.observe(observer);
  }

  unobserve(observer: SourceObserver): void {
    this.#queue.unobserve(observer);
  }

  readonly #onAbort = (): void => {
    this.closeNow();
  };

  #claim(connection: SimConnection): SimStream {
    const { server } = connection;
    // A connection that broke while it waited is handed out all the same: its first read tells, as with TCP.
    if (server.transport.isGone)
      queueMicrotask(() => {
        this.#queue.release();
      });
    else
      server.onGone = () => {
        this.#queue.release();
      };
    const { clock, readHighWaterMark, writeHighWaterMark } = this.#options;
    return connection.open(server, { clock, readHighWaterMark, writeHighWaterMark });
  }
}

/** Checks the counts of {@link SimListenOptions}. */
export function checkListenOptions({ maxConnections, maxPending }: SimListenOptions): void {
  for (const [name, value] of Object.entries({ maxConnections, maxPending })) {
    if (value === undefined || value === Infinity || (Number.isInteger(value) && value >= 1))
      continue;
    throw invalidInput('listen', name, 'a whole number from 1', value);
  }
}
