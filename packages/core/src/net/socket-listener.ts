/**
 * Listeners on sockets: a `net.Server` behind an accept queue, whatever the family of its addresses.
 *
 * Node accepts as fast as the kernel gives; there is no call to stop it. Each accepted socket arrives paused
 * (`pauseOnConnect`), so that its bytes stay with the kernel until somebody claims the connection. When the process is
 * out of descriptors, libuv sheds what arrives by accepting and closing it, with a descriptor kept in reserve, and tells
 * nobody; if even that fails, `accept` gives `EMFILE` once and the listener goes on.
 */

import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { checkAdmission, checkCounts, type AdmissionOptions } from '../admission.ts';
import type { Address } from '../address.ts';
import type { ByteStream, StreamOptions } from '../byte-stream.ts';
import { systemClock } from '../clock.ts';
import { QueueListener } from '../queue-listener.ts';
import { checkWaitOptions } from '../waiters.ts';
import type { AddressList } from './address-list.ts';
import { adopt } from './adopt.ts';
import { translate } from '../foreign-errors.ts';
import { boundAddress, endsOf, type Ends } from './socket-ends.ts';
import { SocketTransport, type SocketKind } from './socket-transport.ts';

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
export type OpenStream<S> = (
  transport: SocketTransport,
  socket: Socket,
  options: StreamOptions,
  ends: Ends,
) => S;

/** What a kind of listener adds to the shared part. */
interface SocketListenerPlan<S extends ByteStream> {
  readonly kind: SocketKind;
  readonly server: Server;
  readonly options: SocketListenOptions<S>;
  readonly open: OpenStream<S>;
  /** Peers that are reset before anything else is done for them. */
  readonly blockList?: AddressList | undefined;
}

export abstract class SocketListener<S extends ByteStream> extends QueueListener<Socket, S> {
  abstract override readonly localAddress: Address;
  readonly #server: Server;
  readonly #signal: AbortSignal | undefined;
  readonly #blockList: AddressList | undefined;
  readonly #kind: SocketKind;
  #closing: Promise<void> | undefined;

  protected constructor({ kind, server, options, open, blockList }: SocketListenerPlan<S>) {
    const shared = boundAddress(server);
    super({
      clock: options.clock ?? systemClock,
      admission: options,
      hostOf: (socket) => socket.remoteAddress,
      claim: (accepted, gone) => {
        if (accepted.destroyed) return undefined;
        // Asked now: whoever takes the handle over would ask the kernel again, and keep what it says.
        const ends = endsOf(accepted, shared);
        const transport = new SocketTransport(kind, gone);
        const adopted = adopt(accepted, transport.sharedRead());
        const socket = adopted ?? accepted;
        transport.attach(socket, adopted !== undefined);
        return open(transport, socket, options, ends);
      },
      refuse: (socket) => {
        turnAway(kind, socket);
      },
    });
    this.#kind = kind;
    this.#server = server;
    this.#signal = options.signal;
    this.#blockList = blockList;
    server.on('connection', this.#onConnection);
    server.on('error', this.#onError);
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      this.queue.close();
      this.#server.off('connection', this.#onConnection);
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

  readonly #onConnection = (socket: Socket): void => {
    if (this.#blockList?.hasHost(socket.remoteAddress ?? '') === true) {
      this.queue.countRefusal();
      turnAway(this.#kind, socket);
    } else {
      this.queue.admit(socket);
    }
  };

  readonly #onError = (error: Error): void => {
    this.queue.fail(translate(error, 'accept'));
  };

  readonly #onAbort = (): void => {
    void this.close();
  };
}

/** Only a TCP handle has an RST to send. */
function turnAway(kind: SocketKind, socket: Socket): void {
  if (kind === 'tcp') socket.resetAndDestroy();
  else socket.destroy();
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
      reject(translate(error, 'bind'));
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
