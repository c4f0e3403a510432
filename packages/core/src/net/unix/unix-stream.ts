/** Connections of Unix domain sockets (and of Windows' named pipes). */

import { PathAddress } from '../../vocabulary/address.ts';
import { checkOptions, type OptionTable } from '../../vocabulary/check.ts';
import { ByteStream, STREAM_OPTIONS, type StreamOptions } from '../../streams/byte-stream.ts';
import { charged } from '../../waiting/charged.ts';
import { checkWaitOptions, WAIT_OPTIONS, type WaitOptions } from '../../waiting/waiter.ts';
import { connectFirst } from '../socket/connect.ts';
import type { SocketCarrier } from '../socket/socket-carrier.ts';
import { parsePath, type UnixAddress } from './unix-path.ts';

/** Options of {@link UnixStream.connect}. */
export interface UnixConnectOptions extends WaitOptions, StreamOptions {}

/** What {@link UnixConnectOptions} may be. */
export const UNIX_CONNECT_OPTIONS: OptionTable<UnixConnectOptions> = {
  ...WAIT_OPTIONS,
  ...STREAM_OPTIONS,
};

/** Both addresses of a connection. */
interface UnixEndpoints {
  readonly local: PathAddress;
  readonly remote: PathAddress;
}

let construct: typeof openUnixStream;

/**
 * A connection of a Unix domain socket, from {@link UnixStream.connect} or from a listener.
 *
 * A Unix socket has no RST: after `reset` the peer reads the end of the stream, or `ECONNRESET` when bytes that it sent were
 * left unread.
 *
 * @example
 * ```ts
 * import { UnixListener, UnixStream } from '@awaitio/core';
 *
 * const listener = await UnixListener.bind('/tmp/awaitio-stream.sock', { removeStale: true });
 * const client = await UnixStream.connect(listener.localAddress);
 * const server = await listener.accept();
 * await client.writeAll('hello\n');
 * console.log(await server.readLine()); // hello
 * await client.close();
 * await server.close();
 * await listener.close();
 * ```
 */
export class UnixStream extends ByteStream {
  /** The local address: the listener's path; unnamed on the client side. */
  readonly localAddress: PathAddress;
  /** The peer's address: the path that was connected to; unnamed on the listener's side. */
  readonly remoteAddress: PathAddress;

  static {
    construct = (carrier, endpoints, options) => new UnixStream(carrier, endpoints, options);
  }

  private constructor(
    carrier: SocketCarrier,
    endpoints: UnixEndpoints,
    options: StreamOptions | undefined,
  ) {
    super(carrier, options);
    this.localAddress = endpoints.local;
    this.remoteAddress = endpoints.remote;
  }

  /**
   * Connects to a Unix socket.
   *
   * @param address - A path, `{ path }`, or a listener's `localAddress`; a name that begins with `\0` is abstract
   * (Linux). On Windows, the name of a pipe (`\\.\pipe\…`).
   * @returns The connected stream.
   * @throws `AddressError` when there is no such socket (`ENOENT`), no process listens on it (`ECONNREFUSED`), or it may not
   * be used (`EACCES`); `TimeoutError`; `signal.reason`; `InvalidInputError`. Nothing is left open then.
   */
  static connect(address: UnixAddress, options: UnixConnectOptions = {}): Promise<UnixStream> {
    return charged(options, () => UnixStream.#connect(address, options));
  }

  static #connect(address: UnixAddress, options: UnixConnectOptions): Promise<UnixStream> {
    checkOptions('connect', options, UNIX_CONNECT_OPTIONS);
    checkWaitOptions('connect', options);
    const path = parsePath(address, 'connect');
    const endpoints = { local: UNNAMED, remote: new PathAddress(path) };
    return connectFirst({
      kind: 'unix',
      destination: String(endpoints.remote),
      resolve: () => Promise.resolve([{ path }]),
      options,
      delay: Infinity,
      open: (transport) => openUnixStream(transport, endpoints, options),
    });
  }
}

/** Makes the stream of a connected socket. Only this package can: the constructor is private. */
export function openUnixStream(
  carrier: SocketCarrier,
  endpoints: UnixEndpoints,
  options: StreamOptions | undefined,
): UnixStream {
  return construct(carrier, endpoints, options);
}

/** The address of a socket that was never bound to a path. */
export const UNNAMED: PathAddress = new PathAddress('');
