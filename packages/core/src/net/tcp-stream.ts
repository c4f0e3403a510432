/** TCP connections: a `ByteStream` with two addresses and the two socket options that matter. */

import { connect as connectSocket, type LookupFunction, type Socket } from 'node:net';
import { InetAddress, parseAddress, type AddressLike } from '../address.ts';
import { ByteStream, type StreamOptions } from '../byte-stream.ts';
import { systemClock } from '../clock.ts';
import { ClosedError, invalidInput } from '../errors.ts';
import { checkWaitOptions, Wait, type WaitOptions } from '../waiters.ts';
import { usesSharedReads } from './adopt.ts';
import { translate } from './foreign-errors.ts';
import { SocketTransport } from './socket-transport.ts';

/** Options of a TCP connection's socket, whichever side made it. */
export interface TcpSocketOptions {
  /** Sends small writes at once instead of gathering them (Nagle's algorithm off). @default true, as in Go and trio */
  readonly noDelay?: boolean | undefined;
  /** Asks the kernel to probe an idle peer; a number is the milliseconds before the first probe. @default false */
  readonly keepAlive?: boolean | number | undefined;
}

/** Options of {@link TcpStream.connect}. */
export interface TcpConnectOptions extends WaitOptions, StreamOptions, TcpSocketOptions {
  /** Resolves a host name; `dns.lookup`'s signature. @default the system's resolver */
  readonly lookup?: LookupFunction | undefined;
  /** The local address to connect from, as a host or `{ host, port }`. */
  readonly localAddress?: { readonly host?: string; readonly port?: number } | undefined;
}

/**
 * A TCP connection.
 *
 * @example
 * ```ts
 * import { TcpListener, TcpStream } from '@awaitio/core';
 *
 * const listener = await TcpListener.bind('127.0.0.1:0');
 * const client = await TcpStream.connect(listener.localAddress, { timeout: 1_000 });
 * const server = await listener.accept();
 * await client.writeAll('hello');
 * await client.close();
 * console.log(Buffer.from(await server.readExactly(5)).toString()); // hello
 * await server.close();
 * await listener.close();
 * ```
 */
export class TcpStream extends ByteStream {
  readonly #socket: Socket;
  /** This end's address. */
  readonly localAddress: InetAddress;
  /** The peer's address. */
  readonly remoteAddress: InetAddress;

  /** @internal Streams come from {@link TcpStream.connect} and from listeners. */
  constructor(transport: SocketTransport, socket: Socket, options: StreamOptions | undefined) {
    // Both addresses are asked now: after a close the kernel no longer knows them.
    const localAddress = new InetAddress(socket.localAddress ?? '', socket.localPort ?? 0);
    const remoteAddress = new InetAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0);
    super(transport, options);
    this.#socket = socket;
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  /**
   * Connects to a TCP address, trying a name's addresses in turn as RFC 8305 (Happy Eyeballs) says.
   *
   * @param address - `'host:port'`, `'[v6]:port'` or `{ host, port }`; without a host, `localhost`.
   * @returns The connected stream.
   * @throws `AddressError` when the name has no address or nobody listens (`ENOTFOUND`, `ECONNREFUSED`, …);
   * `BrokenError` when the network fails; `TimeoutError`; `signal.reason`; `InvalidInputError`. A connection given up is
   * closed: nothing is left open.
   */
  static async connect(
    address: AddressLike | InetAddress,
    options: TcpConnectOptions = {},
  ): Promise<TcpStream> {
    checkWaitOptions('connect', options);
    const target = parseAddress(address, 'connect', 'localhost');
    if ('path' in target) {
      throw invalidInput(
        'connect',
        'address',
        'a host and port (UnixStream takes a path)',
        address,
      );
    }
    const transport = new SocketTransport('tcp');
    const isShared = usesSharedReads();
    const wait = new Wait<TcpStream>('connect', options.clock ?? systemClock, options);
    const socket = connectSocket({
      host: target.host,
      port: target.port,
      allowHalfOpen: true,
      noDelay: options.noDelay ?? true,
      ...keepAliveOptions(options.keepAlive),
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
      ...(options.localAddress?.host === undefined
        ? {}
        : { localAddress: options.localAddress.host }),
      ...(options.localAddress?.port === undefined ? {} : { localPort: options.localAddress.port }),
      ...(isShared ? { onread: transport.sharedRead() } : {}),
    });
    let isPending = true;
    const settle = (): void => {
      isPending = false;
      socket.off('connect', onConnect);
      socket.off('close', onClose);
    };
    const onConnect = (): void => {
      settle();
      transport.attach(socket, isShared);
      socket.off('error', onError);
      wait.resolve(new TcpStream(transport, socket, options));
    };
    const onError = (error: Error): void => {
      if (isPending) settle();
      wait.reject(translate(error, 'connect'));
    };
    const onClose = (): void => {
      settle();
      wait.reject(
        new ClosedError('connect: the socket was closed before it was connected', {
          code: 'ERR_STREAM_CLOSED',
          operation: 'connect',
        }),
      );
    };
    // An error after the wait was given up has nobody to tell; this listener keeps it from the process.
    socket.on('error', onError);
    socket.on('connect', onConnect);
    socket.on('close', onClose);
    try {
      return await wait.promise;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Turns Nagle's algorithm off (`true`) or on. */
  setNoDelay(noDelay: boolean): void {
    this.#socket.setNoDelay(noDelay);
  }

  /** Turns keep-alive probes on or off; a number is the milliseconds of silence before the first probe. */
  setKeepAlive(keepAlive: boolean | number): void {
    if (typeof keepAlive === 'number') this.#socket.setKeepAlive(true, keepAlive);
    else this.#socket.setKeepAlive(keepAlive);
  }
}

/** The form in which `node:net` takes {@link TcpSocketOptions.keepAlive}. */
export function keepAliveOptions(keepAlive: boolean | number | undefined): {
  keepAlive: boolean;
  keepAliveInitialDelay?: number;
} {
  if (typeof keepAlive !== 'number') return { keepAlive: keepAlive ?? false };
  return { keepAlive: true, keepAliveInitialDelay: keepAlive };
}
