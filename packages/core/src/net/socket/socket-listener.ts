/**
 * Listeners on sockets: a `net.Server` with an accept queue, for every address family.
 *
 * Node accepts connections as fast as the kernel offers them; there is no call to stop it. A connection is not read before
 * the application accepts it (a handle has not started reading, a socket is paused), so its bytes stay in the kernel. When
 * the process is out of descriptors, libuv sheds connections silently: it accepts and closes them with a reserve
 * descriptor. If even that fails, `accept` throws `EMFILE` once and the listener goes on.
 */

import { createServer, type ListenOptions, type Server } from 'node:net';
import { checkOptions, rules, type OptionRule, type OptionTable } from '../../vocabulary/check.ts';
import { ADMISSION_OPTIONS, type AdmissionOptions } from '../../listening/admission.ts';
import { immediate } from '../../vocabulary/platform.ts';
import type { Address } from '../../vocabulary/address.ts';
import { STREAM_OPTIONS, type ByteStream, type StreamOptions } from '../../streams/byte-stream.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import type { Taker } from '../../listening/standing-accept.ts';
import { QueueListener } from '../../listening/queue-listener.ts';
import { checkWaitOptions, type WaitOptions } from '../../waiting/waiter.ts';
import type { AddressList } from '../address-list.ts';
import { nodeCluster } from '../lazy-builtins.ts';
import { IncomingHandle, IncomingNodeSocket, type IncomingSocket } from './incoming.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import type { SocketCarrier, SocketKind } from './socket-carrier.ts';
import { boundAddress, type Endpoints } from './endpoints.ts';
import { accessDenied, mayUseNetwork } from './permission.ts';
import { handleBindings, takeHandles } from './stream-handle.ts';

/** Options of every socket listener. */
export interface SocketListenOptions<S extends ByteStream>
  extends StreamOptions, AdmissionOptions<S> {
  /** How many connections the kernel queues before this process has accepted them. @default 511, as node:net */
  readonly backlog?: number | undefined;
  /** In a cluster worker: whether this process opens its own socket instead of sharing the primary's. @default false */
  readonly exclusive?: boolean | undefined;
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link SocketListenOptions} may be. */
export const SOCKET_LISTEN_OPTIONS: OptionTable<SocketListenOptions<never>> = {
  ...STREAM_OPTIONS,
  ...ADMISSION_OPTIONS,
  backlog: rules.count,
  exclusive: rules.flag,
  signal: rules.signal,
};

const DEFAULT_BACKLOG = 511;

/** Makes the stream of an accepted connection. */
export type OpenStream<S> = (
  carrier: SocketCarrier,
  options: StreamOptions,
  endpoints: Endpoints,
) => S;

/** The parts of a listener that depend on its kind. */
interface SocketListenerPlan<S extends ByteStream> {
  readonly kind: SocketKind;
  readonly server: Server;
  readonly options: SocketListenOptions<S>;
  readonly open: OpenStream<S>;
  /** Peers that are reset at once, before admission. */
  readonly blockList?: AddressList | undefined;
}

export abstract class SocketListener<S extends ByteStream> extends QueueListener<
  IncomingSocket,
  S
> {
  abstract override readonly localAddress: Address;
  readonly #server: Server;
  readonly #signal: AbortSignal | undefined;
  readonly #blockList: AddressList | undefined;
  /** Resolves when the port is free, once this has stopped listening. */
  #stopping: Promise<void> | undefined;

  protected constructor({ kind, server, options, open, blockList }: SocketListenerPlan<S>) {
    const shared = boundAddress(server);
    super({
      clock: options.clock ?? systemClock,
      admission: options,
      hostOf: (incoming) => incoming.host,
      claim: (incoming, closed) => {
        if (incoming.isClosed) return undefined;
        const endpoints = incoming.endpoints(shared);
        return open(incoming.accept(closed), options, endpoints);
      },
      refuse: (incoming) => {
        incoming.reject();
      },
    });
    this.#server = server;
    this.#signal = options.signal;
    this.#blockList = blockList;
    const bindings = handleBindings();
    if (bindings !== undefined) {
      takeHandles(server, (handle) => {
        this.#onIncoming(new IncomingHandle(kind, handle, bindings));
      });
    }
    // Used where handles are taken, too: an unknown kind of handle still becomes a socket.
    server.on('connection', (socket) => {
      this.#onIncoming(new IncomingNodeSocket(kind, socket));
    });
    server.on('error', this.#onError);
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** As `AcceptQueue.acceptEach`, for the accept loop. */
  override acceptEach(taker: Taker<S>, options: WaitOptions): Promise<void> {
    return this.queue.acceptEach(taker, options);
  }

  close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.queue.close();
    if (this.#stopping !== undefined) return this.#stopping.then(() => this.queue.settled());
    return this.stopListening();
  }

  protected async stop(): Promise<void> {
    const drained = this.queue.drain();
    await this.stopListening();
    await drained;
    await this.close();
  }

  /** Frees the port. */
  protected stopListening(): Promise<void> {
    this.#stopping ??= new Promise((resolve) => {
      // The port is free when this returns. Its callback would also wait for the accepted streams to close.
      this.#server.close();
      immediate(resolve);
    });
    return this.#stopping;
  }

  /** Lets the process end while this listener is open. */
  unref(): void {
    this.#server.unref();
  }

  /** Keeps the process alive while this listener is open, which is the default. */
  ref(): void {
    this.#server.ref();
  }

  #onIncoming(incoming: IncomingSocket): void {
    if (this.#blockList?.hasHost(incoming.host ?? '') === true) {
      this.queue.countRefusal();
      incoming.reject();
    } else {
      this.queue.admit(incoming);
    }
  }

  readonly #onError = (error: Error): void => {
    this.queue.fail(translateError(error, 'accept'));
  };

  readonly #onAbort = (): void => {
    void this.close();
  };
}

/** Checks the options of a listener. @throws `InvalidInputError`; `signal.reason` of a signal that has aborted */
export function checkListenOptions(
  operation: string,
  options: SocketListenOptions<never>,
  table: Readonly<Record<string, OptionRule>>,
): void {
  checkOptions(operation, options, table);
  checkWaitOptions(operation, { signal: options.signal });
}

/** Whether the primary of a cluster binds the socket, for its workers. */
export function isShared({ exclusive = false }: SocketListenOptions<never>): boolean {
  return !exclusive && nodeCluster().isWorker;
}

/**
 * Makes a listening server.
 *
 * @throws the errors of `node:net`, translated; `signal.reason`. Nothing is left open then.
 */
export async function listen(
  target: ListenOptions & { readonly fd?: number },
  options: SocketListenOptions<never>,
): Promise<Server> {
  // Node would throw this where no caller can catch it.
  if (!mayUseNetwork()) throw translateError(accessDenied(), 'bind');
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(
        {
          ...target,
          backlog: options.backlog ?? DEFAULT_BACKLOG,
          exclusive: options.exclusive ?? false,
        },
        resolve,
      );
    });
  } catch (error) {
    throw translateError(error, 'bind');
  }
  server.removeAllListeners('error');
  if (options.signal?.aborted === true) {
    await new Promise((resolve) => {
      server.close(resolve);
    });
    throw options.signal.reason;
  }
  return server;
}
