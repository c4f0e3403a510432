/** TCP listeners: a `net.Server` behind an accept queue. */

import { createServer, type Server, type Socket } from 'node:net';
import { AcceptQueue } from '../accept-queue.ts';
import { InetAddress, parseAddress, type Address, type AddressLike } from '../address.ts';
import type { StreamOptions } from '../byte-stream.ts';
import { systemClock } from '../clock.ts';
import { ClosedError, invalidInput } from '../errors.ts';
import type { Listener, ListenerStatistics } from '../listener.ts';
import type { WouldBlock } from '../outcome.ts';
import type { SourceObserver } from '../source.ts';
import { checkWaitOptions, type WaitOptions } from '../waiters.ts';
import { adopt } from './adopt.ts';
import { translate } from './foreign-errors.ts';
import { SocketTransport } from './socket-transport.ts';
import { keepAliveOptions, TcpStream, type TcpSocketOptions } from './tcp-stream.ts';

/** Options of {@link TcpListener.bind}. */
export interface TcpListenOptions extends StreamOptions, TcpSocketOptions {
  /** How many connections the kernel may hold before this process has seen them. @default 511, as node:net */
  readonly backlog?: number | undefined;
  /** The most streams open at a time; further connections wait unread. @default no limit */
  readonly maxConnections?: number | undefined;
  /** The most connections that may wait to be accepted; a further one is reset. @default 1024 */
  readonly maxPending?: number | undefined;
  /** Lets several processes listen on the same port, where the platform can. @default false */
  readonly reusePort?: boolean | undefined;
  /** Refuses IPv4 on an IPv6 address. @default false */
  readonly ipv6Only?: boolean | undefined;
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_BACKLOG = 511;
const DEFAULT_MAX_PENDING = 1_024;

/**
 * A TCP listener: an async source of {@link TcpStream}s.
 *
 * @example
 * ```ts
 * import { TcpListener, TcpStream } from '@awaitio/core';
 *
 * const listener = await TcpListener.bind({ port: 0 });
 * const client = await TcpStream.connect(listener.localAddress);
 * for await (const stream of listener) {
 *   console.log(String(stream.remoteAddress) === String(client.localAddress)); // true
 *   await stream.close();
 *   break; // the listener stays open
 * }
 * await client.close();
 * await listener.close();
 * ```
 */
export class TcpListener implements Listener<TcpStream> {
  readonly #server: Server;
  readonly #queue: AcceptQueue<Socket, TcpStream>;
  readonly #options: TcpListenOptions;
  readonly localAddress: Address;
  #closing: Promise<void> | undefined;

  private constructor(server: Server, options: TcpListenOptions) {
    this.#server = server;
    this.#options = options;
    const bound = server.address();
    this.localAddress =
      bound === null || typeof bound === 'string'
        ? new InetAddress('', 0)
        : new InetAddress(bound.address, bound.port);
    this.#queue = new AcceptQueue<Socket, TcpStream>({
      clock: options.clock ?? systemClock,
      maxConnections: options.maxConnections ?? Infinity,
      maxPending: options.maxPending ?? DEFAULT_MAX_PENDING,
      claim: (socket) => this.#claim(socket),
      refuse: (socket) => {
        socket.resetAndDestroy();
      },
    });
    server.on('connection', this.#onConnection);
    server.on('error', this.#onError);
  }

  /**
   * Binds and listens.
   *
   * @param address - `'host:port'`, `{ host, port }`; port 0 chooses a free one; without a host, `127.0.0.1`.
   * @throws `AddressError` when the address cannot be used (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`);
   * `InvalidInputError`; `signal.reason`. Nothing is left open then.
   */
  static async bind(address: AddressLike, options: TcpListenOptions = {}): Promise<TcpListener> {
    checkWaitOptions('bind', { signal: options.signal });
    checkCount('maxConnections', options.maxConnections);
    checkCount('maxPending', options.maxPending);
    checkCount('backlog', options.backlog);
    const target = parseAddress(address, 'bind', '127.0.0.1');
    if ('path' in target) {
      throw invalidInput('bind', 'address', 'a host and port (UnixListener takes a path)', address);
    }
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: options.noDelay ?? true,
      ...keepAliveOptions(options.keepAlive),
    });
    const listenOptions = {
      host: target.host,
      port: target.port,
      backlog: options.backlog ?? DEFAULT_BACKLOG,
      ipv6Only: options.ipv6Only ?? false,
      ...(options.reusePort === true ? { reusePort: true } : {}),
    };
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        reject(translate(error, 'bind'));
      });
      server.listen(listenOptions, resolve);
    });
    server.removeAllListeners('error');
    const listener = new TcpListener(server, options);
    const { signal } = options;
    if (signal?.aborted === true) {
      await listener.close();
      throw signal.reason;
    }
    signal?.addEventListener('abort', listener.#onAbort, { once: true });
    return listener;
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

  accept(options?: WaitOptions): Promise<TcpStream> {
    return this.#queue.accept(options);
  }

  tryAccept(): TcpStream | WouldBlock {
    return this.#queue.tryAccept();
  }

  readable(options?: WaitOptions): Promise<void> {
    return this.#queue.readable(options);
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#options.signal?.removeEventListener('abort', this.#onAbort);
      this.#queue.close();
      // `close` waits for connections too, but every one of them was taken out of the server's hands.
      this.#server.close(() => {
        this.#server.off('connection', this.#onConnection);
        resolve();
      });
    });
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Accepts one connection after another; ends when the listener closes. Leaving the loop leaves it open. */
  async *[Symbol.asyncIterator](): AsyncIterator<TcpStream> {
    for (;;) {
      let stream: TcpStream;
      try {
        stream = await this.accept();
      } catch (error) {
        if (error instanceof ClosedError) return;
        throw error;
      }
      yield stream;
    }
  }

  /** Lets the process end while this listener is open. */
  unref(): void {
    this.#server.unref();
  }

  /** Keeps the process alive while this listener is open, which is the default. */
  ref(): void {
    this.#server.ref();
  }

  statistics(): ListenerStatistics {
    return this.#queue.statistics();
  }

  observe(observer: SourceObserver): void {
    this.#queue.observe(observer);
  }

  unobserve(observer: SourceObserver): void {
    this.#queue.unobserve(observer);
  }

  readonly #onConnection = (socket: Socket): void => {
    if (this.#queue.isFull) {
      this.#queue.countRefusal();
      socket.resetAndDestroy();
      return;
    }
    this.#queue.push(socket);
  };

  readonly #onError = (error: Error): void => {
    this.#queue.fail(translate(error, 'accept'));
  };

  readonly #onAbort = (): void => {
    void this.close();
  };

  #claim(accepted: Socket): TcpStream | undefined {
    if (accepted.destroyed) return undefined;
    const transport = new SocketTransport('tcp', () => {
      this.#queue.release();
    });
    const adopted = adopt(accepted, transport.sharedRead());
    const socket = adopted ?? accepted;
    transport.attach(socket, adopted !== undefined);
    return new TcpStream(transport, socket, this.#options);
  }
}

function checkCount(name: string, value: number | undefined): void {
  if (value === undefined || value === Infinity || (Number.isInteger(value) && value >= 1)) return;
  throw invalidInput('bind', name, 'a whole number from 1', value);
}
