/**
 * Listeners on sockets: a `net.Server` behind an accept queue, whatever the family of its addresses.
 *
 * Node accepts as fast as the kernel gives; there is no call to stop it. What arrives is not read (a handle has not begun to,
 * a socket is paused), so that its bytes stay with the kernel until somebody claims the connection. When the process is
 * out of descriptors, libuv sheds what arrives by accepting and closing it, with a descriptor kept in reserve, and tells
 * nobody; if even that fails, `accept` gives `EMFILE` once and the listener goes on.
 */

import { createServer, type ListenOptions, type Server } from 'node:net';
import { checkCounts } from '../../vocabulary/check.ts';
import { checkAdmission, type AdmissionOptions } from '../../listening/admission.ts';
import type { Address } from '../../vocabulary/address.ts';
import type { ByteStream, StreamOptions } from '../../streams/byte-stream.ts';
import { systemClock } from '../../waiting/system-clock.ts';
import { QueueListener } from '../../listening/queue-listener.ts';
import { checkWaitOptions } from '../../waiting/waiter.ts';
import type { AddressList } from '../address-list.ts';
import { IncomingHandle, IncomingNodeSocket, type IncomingSocket } from './incoming.ts';
import { translateError } from '../../vocabulary/translate-error.ts';
import type { SocketCarrier, SocketKind } from './socket-carrier.ts';
import { boundAddress, type Endpoints } from './endpoints.ts';
import { handleBindings, takeHandles } from './stream-handle.ts';

/** Options of every listener on sockets. */
export interface SocketListenOptions<S extends ByteStream>
  extends StreamOptions, AdmissionOptions<S> {
  /** How many connections the kernel may hold before this process has seen them. @default 511, as node:net */
  readonly backlog?: number | undefined;
  /** In a cluster worker: whether this process listens by itself instead of sharing its primary's socket. @default false */
  readonly exclusive?: boolean | undefined;
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_BACKLOG = 511;

/** Makes the stream of an accepted connection. */
export type OpenStream<S> = (carrier: SocketCarrier, options: StreamOptions, ends: Endpoints) => S;

/** What a kind of listener adds to the shared part. */
interface SocketListenerPlan<S extends ByteStream> {
  readonly kind: SocketKind;
  readonly server: Server;
  readonly options: SocketListenOptions<S>;
  readonly open: OpenStream<S>;
  /** Peers that are reset before anything else is done for them. */
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
  #closing: Promise<void> | undefined;

  protected constructor({ kind, server, options, open, blockList }: SocketListenerPlan<S>) {
    const shared = boundAddress(server);
    super({
      clock: options.clock ?? systemClock,
      admission: options,
      hostOf: (arrival) => arrival.host,
      claim: (arrival, gone) => {
        if (arrival.isGone) return undefined;
        const ends = arrival.ends(shared);
        return open(arrival.claim(gone), options, ends);
      },
      refuse: (arrival) => {
        arrival.refuse();
      },
    });
    this.#server = server;
    this.#signal = options.signal;
    this.#blockList = blockList;
    const kit = handleBindings();
    if (kit !== undefined) {
      takeHandles(server, (handle) => {
        this.#onArrival(new IncomingHandle(kind, handle, kit));
      });
    }
    // Also where handles are taken: what is none as we know it comes this way.
    server.on('connection', (socket) => {
      this.#onArrival(new IncomingNodeSocket(kind, socket));
    });
    server.on('error', this.#onError);
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      this.queue.close();
      // The port is free when this returns. Its callback would wait for the streams that were handed out, too.
      this.#server.close();
      setImmediate(resolve);
    });
    return this.#closing;
  }

  /** Lets the process end while this listener is open. */
  unref(): void {
    this.#server.unref();
  }

  /** Keeps the process alive while this listener is open, which is the default. */
  ref(): void {
    this.#server.ref();
  }

  #onArrival(arrival: IncomingSocket): void {
    if (this.#blockList?.hasHost(arrival.host ?? '') === true) {
      this.queue.countRefusal();
      arrival.refuse();
    } else {
      this.queue.admit(arrival);
    }
  }

  readonly #onError = (error: Error): void => {
    this.queue.fail(translateError(error, 'accept'));
  };

  readonly #onAbort = (): void => {
    void this.close();
  };
}

/** Checks the options that all listeners on sockets share. */
export function checkListenOptions(options: SocketListenOptions<never>): void {
  checkWaitOptions('bind', { signal: options.signal });
  checkAdmission('bind', options);
  checkCounts('bind', { backlog: options.backlog });
}

/**
 * Makes a server that listens.
 *
 * @throws `AddressError` and its kin, translated; `signal.reason`. Nothing is left open then.
 */
export async function listen(
  target: ListenOptions & { readonly fd?: number },
  options: SocketListenOptions<never>,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(translateError(error, 'bind'));
    });
    server.listen(
      {
        ...target,
        backlog: options.backlog ?? DEFAULT_BACKLOG,
        exclusive: options.exclusive ?? false,
      },
      resolve,
    );
  });
  server.removeAllListeners('error');
  if (options.signal?.aborted === true) {
    await new Promise((resolve) => {
      server.close(resolve);
    });
    throw options.signal.reason;
  }
  return server;
}
