/** A listener without a port: a server that is called from its own process, over streams in memory. */

import { ADMISSION_OPTIONS, type AdmissionOptions } from '../listening/admission.ts';
import { checkOptions, rules, type OptionTable } from '../vocabulary/check.ts';
import { PathAddress, type Address } from '../vocabulary/address.ts';
import type { ByteStream } from '../streams/byte-stream.ts';
import { clockOf } from '../waiting/system-clock.ts';
import { AddressError } from '../vocabulary/errors.ts';
import { MEMORY_PAIR_OPTIONS, streamsOver, type MemoryPairOptions } from './memory-pair.ts';
import { QueueListener } from '../listening/queue-listener.ts';
import { charged } from '../waiting/charged.ts';
import { checkWaitOptions, type WaitOptions } from '../waiting/waiter.ts';

/** Options of a {@link MemoryListener}; `connect` fails where `maxPending` would reset a socket. */
export interface MemoryListenOptions extends MemoryPairOptions, AdmissionOptions<ByteStream> {
  /** What `localAddress` shows. @default 'memory' */
  readonly name?: string | undefined;
}

const MEMORY_LISTEN_OPTIONS: OptionTable<MemoryListenOptions> = {
  ...MEMORY_PAIR_OPTIONS,
  ...ADMISSION_OPTIONS,
  name: rules.string,
};

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
export class MemoryListener extends QueueListener<ByteStream, ByteStream> {
  readonly localAddress: Address;
  readonly #options: MemoryListenOptions;

  /** @throws `InvalidInputError` for a wrong option, such as a limit that is not a whole number from 1. */
  constructor(options: MemoryListenOptions = {}) {
    checkOptions('MemoryListener', options, MEMORY_LISTEN_OPTIONS);
    super({
      clock: clockOf(options.clock),
      admission: options,
      claim: (stream, closed) => {
        void stream.closed.then(closed);
        return stream;
      },
      refuse: (stream) => {
        stream.reset();
      },
    });
    this.#options = options;
    this.localAddress = new PathAddress(options.name ?? 'memory');
  }

  /**
   * Connects: the listener accepts the other end.
   *
   * @param options - `signal`: one that has aborted already rejects; nothing here waits.
   * @returns This end, which is the caller's to close.
   * @throws `AddressError` (`ECONNREFUSED`) when the listener is closed or `maxPending` connections wait;
   * `signal.reason`.
   */
  connect(options?: WaitOptions): Promise<ByteStream> {
    return charged(this.#options, () => this.#connect(options));
  }

  #connect(options: WaitOptions | undefined): ByteStream {
    checkWaitOptions('connect', options);
    const { isShut, room } = this.queue;
    if (isShut || room === 0) {
      if (!isShut) this.queue.countRefusal();
      throw new AddressError(
        `connect: ${String(this.localAddress)} ${isShut ? 'is closed' : 'has no room'}`,
        { code: 'ECONNREFUSED', operation: 'connect' },
      );
    }
    const [client, server] = streamsOver(this.#options);
    this.queue.admit(server);
    return client;
  }

  close(): Promise<void> {
    this.queue.close();
    return this.queue.settled();
  }

  protected stop(): Promise<void> {
    return this.queue.drain();
  }
}
