/** Listeners of a simulated network: the accept queue of TCP listeners, without a server. */

import { microtask } from '../../../vocabulary/platform.ts';
import type { InetAddress } from '../../../vocabulary/address.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import { QueueListener } from '../../../listening/queue-listener.ts';
import { enterLife, type HostLife } from '../hosts/context.ts';
import type { SimConnection } from '../wire/connection.ts';
import type { SimStream } from '../wire/stream.ts';
import type { SimListener, SimListenOptions } from './types.ts';

export class HostListener extends QueueListener<SimConnection, SimStream> implements SimListener {
  readonly localAddress: InetAddress;
  readonly #options: SimListenOptions;
  readonly #life: HostLife | undefined;
  readonly #onClose: () => void;
  #isListening = true;

  constructor(
    localAddress: InetAddress,
    clock: Clock,
    options: SimListenOptions,
    life: HostLife | undefined,
    onClose: () => void,
  ) {
    super({
      clock: options.clock ?? life?.clock ?? clock,
      admission: options,
      hostOf: ({ client }) => client.address.host,
      claim: (connection, closed) => open(connection, closed, options, life),
      refuse: ({ server }) => {
        server.transport.reset();
      },
    });
    this.localAddress = localAddress;
    this.#options = options;
    this.#life = life;
    this.#onClose = onClose;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** A connection arrived at the port. */
  admit(connection: SimConnection): void {
    if (this.#life === undefined) this.queue.admit(connection);
    else
      enterLife(this.#life, () => {
        this.queue.admit(connection);
      });
  }

  /** The host crashed: a program that is gone with it notices nothing, any other that the listener is closed. */
  onCrash(): void {
    if (this.#life === undefined) {
      this.closeNow();
      return;
    }
    this.#stopListening();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }

  close(): Promise<void> {
    this.closeNow();
    return this.queue.settled();
  }

  /** As {@link HostListener.close}, synchronously. */
  closeNow(): void {
    this.#stopListening();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.queue.close();
  }

  protected async stop(): Promise<void> {
    this.#stopListening();
    await this.queue.drain();
    this.closeNow();
  }

  #stopListening(): void {
    if (!this.#isListening) return;
    this.#isListening = false;
    this.#onClose();
  }

  unref(): void {}

  ref(): void {}

  readonly #onAbort = (): void => {
    this.closeNow();
  };
}

function open(
  connection: SimConnection,
  closed: () => void,
  options: SimListenOptions,
  life: HostLife | undefined,
): SimStream {
  const { server } = connection;
  // A connection that broke while it waited is still accepted: its first read gives the error, as over TCP.
  if (server.transport.isClosed) microtask(closed);
  else server.whenClosed = closed;
  const { clock, readHighWaterMark, writeHighWaterMark } = options;
  return connection.open(server, { clock, readHighWaterMark, writeHighWaterMark }, life);
}

/** At the end of a run. No line of the program has closed them, so the errors of their accepts take no time for a stack. */
export function closeAtEnd(hosts: Iterable<{ closeListeners(): void }>): void {
  const limit = Error.stackTraceLimit;
  // Not an assignment: it would throw where the intrinsics are frozen.
  Reflect.set(Error, 'stackTraceLimit', 0);
  for (const host of hosts) host.closeListeners();
  Reflect.set(Error, 'stackTraceLimit', limit);
}
