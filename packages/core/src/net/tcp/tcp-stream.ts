/** TCP connections: a `ByteStream` with two addresses and two socket options. */

import type { LookupFunction } from 'node:net';
import { InetAddress, parseAddress } from '../../vocabulary/address.ts';
import { checkOptions, checkValue, rules, type OptionTable } from '../../vocabulary/check.ts';
import { ByteStream, STREAM_OPTIONS, type StreamOptions } from '../../streams/byte-stream.ts';
import { invalidInput } from '../../vocabulary/errors.ts';
import { charged } from '../../waiting/charged.ts';
import { checkWaitOptions, WAIT_OPTIONS, type WaitOptions } from '../../waiting/waiter.ts';
import type { AddressList } from '../address-list.ts';
import { connectFirst, findCandidates } from '../socket/connect.ts';
import { endpointsOf, type Endpoints } from '../socket/endpoints.ts';
import type { SocketCarrier } from '../socket/socket-carrier.ts';
import { checkSocketOptions, type KeepAliveProbes } from '../socket/keep-alive.ts';
import { TCP_SOCKET_OPTIONS, type TcpAddress, type TcpSocketOptions } from './tcp-options.ts';

/** Options of {@link TcpStream.connect}. */
export interface TcpConnectOptions extends WaitOptions, StreamOptions, TcpSocketOptions {
  /** Resolves a host name; `dns.lookup`'s signature. @default the system's resolver */
  readonly lookup?: LookupFunction | undefined;
  /** The local address to connect from. A host determines the family too; with a port, addresses are tried one at a time. */
  readonly localAddress?: { readonly host?: string; readonly port?: number } | undefined;
  /** Uses only the addresses of one family. @default both */
  readonly family?: 4 | 6 | undefined;
  /** Whether all addresses of a name are tried, as in RFC 8305, or only the first. @default true */
  readonly autoSelectFamily?: boolean | undefined;
  /** Milliseconds until the next address is tried beside one that does not answer. @default 250 (RFC 8305 section 8) */
  readonly attemptDelay?: number | undefined;
  /** Addresses that are never connected to, whatever name resolves to them. @default none */
  readonly blockList?: AddressList | undefined;
}

/** What {@link TcpConnectOptions} may be. */
export const TCP_CONNECT_OPTIONS: OptionTable<TcpConnectOptions> = {
  ...WAIT_OPTIONS,
  ...STREAM_OPTIONS,
  ...TCP_SOCKET_OPTIONS,
  lookup: rules.function,
  localAddress: rules.object,
  family: rules.oneOf(4, 6),
  autoSelectFamily: rules.flag,
  attemptDelay: { expected: 'milliseconds from 0', accepts: rules.milliseconds.accepts },
  blockList: rules.method('hasHost'),
};

const DEFAULT_ATTEMPT_DELAY = 250;

let construct: typeof openTcpStream;
let carrierIn: typeof carrierOf;

/**
 * A TCP connection, from {@link TcpStream.connect} or from a listener.
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
  /** The local address. */
  readonly localAddress: InetAddress;
  /** The peer's address. */
  readonly remoteAddress: InetAddress;
  readonly #carrier: SocketCarrier;

  static {
    construct = (carrier, endpoints, options) => new TcpStream(carrier, endpoints, options);
    carrierIn = (stream) => (#carrier in stream ? stream.#carrier : undefined);
  }

  private constructor(
    carrier: SocketCarrier,
    endpoints: Endpoints,
    options: StreamOptions | undefined,
  ) {
    super(carrier, options);
    this.#carrier = carrier;
    this.localAddress = endpoints.local;
    this.remoteAddress = endpoints.remote;
  }

  /**
   * Connects to a TCP address, trying the addresses of a name as in RFC 8305 (Happy Eyeballs).
   *
   * @param address - `'host:port'`, `'[v6]:port'` or `{ host, port }`; without a host, `localhost`.
   * @returns The connected stream.
   * @throws `AddressError` when the name has no address, no address may be used, or the connection is refused (`ENOTFOUND`,
   * `ERR_IP_BLOCKED`, `ECONNREFUSED`, …); `BrokenError` when the network fails; `TimeoutError`; `signal.reason`;
   * `InvalidInputError`. Nothing is left open then. When several addresses failed, the message names each, the `code` is
   * that of the first failure, and the `cause` holds all of them.
   */
  static connect(address: TcpAddress, options: TcpConnectOptions = {}): Promise<TcpStream> {
    return charged(options, () => TcpStream.#connect(address, options));
  }

  static #connect(address: TcpAddress, options: TcpConnectOptions): Promise<TcpStream> {
    checkOptions('connect', options, TCP_CONNECT_OPTIONS);
    checkWaitOptions('connect', options);
    checkSocketOptions('connect', options);
    const { host, port } = parseTcpAddress(address);
    const { localAddress, attemptDelay = DEFAULT_ATTEMPT_DELAY } = options;
    const socketOptions = {
      noDelay: options.noDelay ?? true,
      ...(localAddress?.host === undefined ? {} : { localAddress: localAddress.host }),
      ...(localAddress?.port === undefined ? {} : { localPort: localAddress.port }),
    };
    return connectFirst({
      kind: 'tcp',
      destination: String(new InetAddress(host, port)),
      resolve: async () => {
        const candidates = await findCandidates(host, options);
        return candidates.map((candidate) => ({
          ...socketOptions,
          host: candidate.address,
          port,
        }));
      },
      options,
      // Two sockets cannot be bound to the same local port at once.
      delay: localAddress?.port === undefined ? attemptDelay : Infinity,
      open: (transport, socket) => {
        setSocketOptions(transport, options);
        return openTcpStream(transport, endpointsOf(socket), options);
      },
    });
  }

  /** Turns Nagle's algorithm off (`true`) or on. */
  setNoDelay(noDelay: boolean): void {
    checkValue('setNoDelay', 'noDelay', noDelay, TCP_SOCKET_OPTIONS.noDelay);
    this.#carrier.setNoDelay(noDelay);
  }

  /**
   * Turns keep-alive probes on or off; a number is the milliseconds of silence before the first probe, rounded up to whole seconds.
   *
   * @param keepAlive - `{ delay, interval, count }` says also how often the kernel probes then, and when it gives up.
   * @throws `IoError` (`ENOTSUP`) for an `interval` or a `count` before Node 24.19 and 26.4; `InvalidInputError`. Nothing has changed
   * then.
   */
  setKeepAlive(keepAlive: boolean | number | KeepAliveProbes): void {
    checkValue('setKeepAlive', 'keepAlive', keepAlive, TCP_SOCKET_OPTIONS.keepAlive);
    checkOptions('setKeepAlive', { keepAlive }, KEEP_ALIVE);
    checkSocketOptions('setKeepAlive', { keepAlive });
    this.#carrier.setKeepAlive(keepAlive);
  }

  /**
   * Marks what is sent from now on: the type of service of IPv4, the traffic class of IPv6.
   *
   * @param typeOfService - From 0 to 255; the upper six bits are the DSCP (RFC 2474).
   * @throws `IoError` (`ENOTSUP`) before Node 24.15 and 25.6; `InvalidInputError`. Nothing has changed then.
   */
  setTypeOfService(typeOfService: number): void {
    checkValue(
      'setTypeOfService',
      'typeOfService',
      typeOfService,
      TCP_SOCKET_OPTIONS.typeOfService,
    );
    checkSocketOptions('setTypeOfService', { typeOfService });
    this.#carrier.setTypeOfService(typeOfService);
  }
}

const KEEP_ALIVE = { keepAlive: TCP_SOCKET_OPTIONS.keepAlive };

/** Sets what has to be set on a socket that is open. */
export function setSocketOptions(carrier: SocketCarrier, options: TcpSocketOptions): void {
  const { keepAlive = false, typeOfService } = options;
  if (keepAlive !== false) carrier.setKeepAlive(keepAlive);
  if (typeOfService !== undefined) carrier.setTypeOfService(typeOfService);
}

/** What carries a stream; `undefined` for one of another copy of this package. */
export function carrierOf(stream: TcpStream): SocketCarrier | undefined {
  return carrierIn(stream);
}

/** Makes the stream of a connected socket. Only this package can: the constructor is private. */
export function openTcpStream(
  carrier: SocketCarrier,
  endpoints: Endpoints,
  options: StreamOptions | undefined,
): TcpStream {
  return construct(carrier, endpoints, options);
}

function parseTcpAddress(address: TcpAddress): { host: string; port: number } {
  const target = parseAddress(address, 'connect', 'localhost');
  if ('path' in target) {
    throw invalidInput('connect', 'address', 'a host and port (UnixStream takes a path)', address);
  }
  return target;
}
