/** TCP listeners. */

import type { Server } from 'node:net';
import { InetAddress, parseAddress } from '../../vocabulary/address.ts';
import { rules, type OptionTable } from '../../vocabulary/check.ts';
import type { StreamOptions } from '../../streams/byte-stream.ts';
import { invalidInput, type InvalidInputError } from '../../vocabulary/errors.ts';
import { charged } from '../../waiting/charged.ts';
import type { AddressList } from '../address-list.ts';
import { isOtherThanSocket } from '../socket/descriptor.ts';
import { checkSocketOptions } from '../socket/keep-alive.ts';
import { reusePortOptions } from '../socket/reuse-port.ts';
import {
  checkListenOptions,
  listen,
  SOCKET_LISTEN_OPTIONS,
  SocketListener,
  type SocketListenOptions,
} from '../socket/socket-listener.ts';
import type { Endpoints } from '../socket/endpoints.ts';
import type { SocketCarrier } from '../socket/socket-carrier.ts';
import { TCP_SOCKET_OPTIONS, type TcpAddress, type TcpSocketOptions } from './tcp-options.ts';
import { openTcpStream, setSocketOptions, type TcpStream } from './tcp-stream.ts';

/** Options of {@link TcpListener.bind}. */
export interface TcpListenOptions extends SocketListenOptions<TcpStream>, TcpSocketOptions {
  /**
   * Lets several processes listen on the same port, where the platform supports it (Node 22.12 and later, on Linux, FreeBSD
   * and others); the kernel distributes the connections. Elsewhere `bind` fails. @default false
   */
  readonly reusePort?: boolean | undefined;
  /** Refuses IPv4 on an IPv6 address. @default false */
  readonly ipv6Only?: boolean | undefined;
  /** Peers that are reset at once, without counting towards any limit. @default none */
  readonly blockList?: AddressList | undefined;
}

/** Options of {@link TcpListener.inherit}: what is not decided by the socket already. */
type TcpInheritOptions = Omit<TcpListenOptions, 'reusePort' | 'ipv6Only' | 'backlog' | 'exclusive'>;

const { backlog, exclusive, ...INHERITED } = SOCKET_LISTEN_OPTIONS;

const TCP_INHERIT_OPTIONS: OptionTable<TcpInheritOptions> = {
  ...INHERITED,
  ...TCP_SOCKET_OPTIONS,
  blockList: rules.method('hasHost'),
};

/** What {@link TcpListenOptions} may be. */
export const TCP_LISTEN_OPTIONS: OptionTable<TcpListenOptions> = {
  ...TCP_INHERIT_OPTIONS,
  backlog,
  exclusive,
  reusePort: rules.flag,
  ipv6Only: rules.flag,
};

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
export class TcpListener extends SocketListener<TcpStream> {
  override readonly localAddress: InetAddress;

  private constructor(server: Server, options: TcpListenOptions) {
    super({ kind: 'tcp', server, options, open, blockList: options.blockList });
    const bound = server.address();
    this.localAddress =
      bound === null || typeof bound === 'string'
        ? new InetAddress('', 0)
        : new InetAddress(bound.address, bound.port);
  }

  /**
   * Binds and listens.
   *
   * @param address - `'host:port'` or `{ host, port }`; port 0 chooses a free one; without a host, `127.0.0.1`. For a
   * path use `UnixListener.bind`, whose streams have other addresses.
   * @throws `AddressError` when the address cannot be used (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`), or the platform
   * does not support `reusePort` (`ENOTSUP`); `InvalidInputError`; `signal.reason`. Nothing is left open then.
   *
   * @example
   * ```ts
   * import { TcpListener } from '@awaitio/core';
   *
   * const listener = await TcpListener.bind('127.0.0.1:0', {
   *   maxConnections: 1_000,
   *   maxConnectionsPerAddress: 50,
   *   onOverflow: (stream) => stream.writeAll('busy, come back later\n'),
   * });
   * console.log(listener.localAddress.port > 0); // true
   * await listener.close();
   * ```
   */
  // `override`, since every subclass inherits a `bind` that is `Function.prototype.bind`.
  static override bind(address: TcpAddress, options: TcpListenOptions = {}): Promise<TcpListener> {
    return charged(options, () => TcpListener.#bind(address, options));
  }

  static async #bind(address: TcpAddress, options: TcpListenOptions): Promise<TcpListener> {
    checkListenOptions('bind', options, TCP_LISTEN_OPTIONS);
    checkSocketOptions('bind', options);
    const target = parseAddress(address, 'bind', '127.0.0.1');
    if ('path' in target) {
      throw invalidInput('bind', 'address', 'a host and port (UnixListener takes a path)', address);
    }
    const { host, port } = target;
    const { ipv6Only = false } = options;
    const where = { host, port, ipv6Only, ...reusePortOptions(options.reusePort) };
    const server = await listen(where, options);
    return new TcpListener(server, options);
  }

  /**
   * Takes over a socket that is already listening: opened for this process by a service manager (descriptor 3 with systemd's
   * socket activation), or inherited from the parent process. Not on Windows.
   *
   * @param fd - The descriptor, a whole number from 0; the listener owns it from now on. A socket is closed when this fails.
   * @throws `AddressError` or `IoError` when it is not open, or is a socket that cannot listen; `InvalidInputError` for a Unix
   * socket, and for what is no socket, which stays open; `signal.reason`.
   *
   * @example
   * ```ts no-run
   * import { TcpListener } from '@awaitio/core';
   *
   * const isActivated = process.env.LISTEN_PID === String(process.pid);
   * await using listener = isActivated
   *   ? await TcpListener.inherit(3)
   *   : await TcpListener.bind('127.0.0.1:1234');
   * ```
   */
  static inherit(
    fd: number,
    options: Omit<TcpListenOptions, 'reusePort' | 'ipv6Only' | 'backlog' | 'exclusive'> = {},
  ): Promise<TcpListener> {
    return charged(options, () => TcpListener.#inherit(fd, options));
  }

  static async #inherit(fd: number, options: TcpInheritOptions): Promise<TcpListener> {
    checkListenOptions('inherit', options, TCP_INHERIT_OPTIONS);
    checkSocketOptions('inherit', options);
    if (!Number.isInteger(fd) || fd < 0) {
      throw invalidInput('inherit', 'fd', 'a whole number from 0', fd);
    }
    if (isOtherThanSocket(fd)) throw notTcp(fd);
    const server = await listen({ fd }, options);
    const bound = server.address();
    if (typeof bound === 'object' && bound !== null) return new TcpListener(server, options);
    await new Promise((resolve) => {
      server.close(resolve);
    });
    throw notTcp(fd);
  }
}

function notTcp(fd: number): InvalidInputError {
  return invalidInput('inherit', 'fd', 'a socket that listens on TCP', fd);
}

function open(
  carrier: SocketCarrier,
  options: StreamOptions & TcpSocketOptions,
  endpoints: Endpoints,
): TcpStream {
  if (options.noDelay !== false) carrier.setNoDelay(true);
  setSocketOptions(carrier, options);
  return openTcpStream(carrier, endpoints, options);
}
