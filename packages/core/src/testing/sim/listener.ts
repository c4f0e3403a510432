/** Listeners of a simulated network: the accept queue that TCP listeners have, without a server behind it. */

import { checkAdmission, type AdmissionOptions } from '../../listening/admission.ts';
import type { InetAddress } from '../../vocabulary/address.ts';
import type { StreamOptions } from '../../streams/byte-stream.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import { QueueListener } from '../../listening/queue-listener.ts';
import type { SimConnection } from './connection.ts';
import type { SimStream } from './stream.ts';

/** Options of {@link SimHost.listen}; as those of `TcpListener.bind`, where the network has them. */
export interface SimListenOptions extends StreamOptions, AdmissionOptions<SimStream> {
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** A listener of a simulated host. */
export class SimListener extends QueueListener<SimConnection, SimStream> {
  readonly localAddress: InetAddress;
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
    super({
      clock: options.clock ?? clock,
      admission: options,
      hostOf: ({ client }) => client.address.host,
      claim: (connection, gone) => open(connection, gone, options),
      refuse: ({ server }) => {
        server.transport.reset();
      },
    });
    this.localAddress = localAddress;
    this.#options = options;
    this.#onClose = onClose;
    options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** @internal A connection arrived at the port. */
  admit(connection: SimConnection): void {
    this.queue.admit(connection);
  }

  async close(): Promise<void> {
    this.closeNow();
  }

  /** @internal As {@link SimListener.close}, at once. */
  closeNow(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#onClose();
    this.queue.close();
  }

  /** As `TcpListener.unref`; does nothing here. */
  unref(): void {}

  /** As `TcpListener.ref`; does nothing here. */
  ref(): void {}

  readonly #onAbort = (): void => {
    this.closeNow();
  };
}

function open(connection: SimConnection, gone: () => void, options: SimListenOptions): SimStream {
  const { server } = connection;
  // A connection that broke while it waited is handed out all the same: its first read tells, as with TCP.
  if (server.transport.isGone) queueMicrotask(gone);
  else server.onGone = gone;
  const { clock, readHighWaterMark, writeHighWaterMark } = options;
  return connection.open(server, { clock, readHighWaterMark, writeHighWaterMark });
}

/** Checks the bounds of {@link SimListenOptions}. */
export function checkListenOptions(options: SimListenOptions): void {
  checkAdmission('listen', options);
}
