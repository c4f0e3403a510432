/** Listeners of simulated hosts: the accept queue of sockets' listeners, without a server. */

import { microtask } from '../../../vocabulary/platform.ts';
import type { Address } from '../../../vocabulary/address.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import type { AdmissionOptions } from '../../../listening/admission.ts';
import { QueueListener } from '../../../listening/queue-listener.ts';
import type { ByteStream, StreamOptions } from '../../../streams/byte-stream.ts';
import { enterLife, type HostLife } from '../hosts/context.ts';
import type { MakeStream, SimConnection } from './connection.ts';

/** Options of a listener of a simulated host. */
export interface ListenerOptions<S extends ByteStream> extends StreamOptions, AdmissionOptions<S> {
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** What a listener belongs to. */
export interface ListenerPlace<S extends ByteStream, A extends Address> {
  readonly localAddress: A;
  /** The clock of the run. */
  readonly clock: Clock;
  /** The life of the program that listens, if one of the host does. */
  readonly life: HostLife | undefined;
  readonly make: MakeStream<S>;
  /** It listens no more: closed, or gone with its host. */
  readonly onClose: () => void;
}

export class HostListener<S extends ByteStream, A extends Address> extends QueueListener<
  SimConnection,
  S
> {
  readonly localAddress: A;
  readonly #options: ListenerOptions<S>;
  readonly #life: HostLife | undefined;
  readonly #onClose: () => void;
  #isListening = true;

  constructor(
    { localAddress, clock, life, make, onClose }: ListenerPlace<S, A>,
    options: ListenerOptions<S>,
  ) {
    super({
      clock: options.clock ?? life?.clock ?? clock,
      admission: options,
      hostOf: ({ client }) => (localAddress.kind === 'path' ? undefined : client.address.host),
      claim: (connection, closed) => open(connection, make, closed, options, life),
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

  /** A connection arrived. */
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

function open<S extends ByteStream>(
  connection: SimConnection,
  make: MakeStream<S>,
  closed: () => void,
  options: StreamOptions,
  life: HostLife | undefined,
): S {
  const { server } = connection;
  // A connection that broke while it waited is still accepted: its first read gives the error, as over TCP.
  if (server.transport.isClosed) microtask(closed);
  else server.whenClosed = closed;
  const { clock, readHighWaterMark, writeHighWaterMark } = options;
  return connection.open(server, make, { clock, readHighWaterMark, writeHighWaterMark }, life);
}

/** At the end of a run. No line of the program has closed them, so the errors of their accepts take no time for a stack. */
export function closeAtEnd(hosts: Iterable<{ closeListeners(): void }>): void {
  const limit = Error.stackTraceLimit;
  // Not an assignment: it would throw where the intrinsics are frozen.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    for (const host of hosts) host.closeListeners();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', limit);
  }
}
