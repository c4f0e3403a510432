/** Connections of Unix domain sockets (and of Windows' named pipes): a `ByteStream` between two paths. */

import { PathAddress } from '../../vocabulary/address.ts';
import { ByteStream, type StreamOptions } from '../../streams/byte-stream.ts';
import { checkWaitOptions, type WaitOptions } from '../../waiting/waiter.ts';
import { connectFirst } from '../socket/connect.ts';
import type { SocketCarrier } from '../socket/socket-carrier.ts';
import { parsePath, type UnixAddress } from './unix-path.ts';

/** Options of {@link UnixStream.connect}. */
export interface UnixConnectOptions extends WaitOptions, StreamOptions {}

/**
 * A connection of a Unix domain socket.
 *
 * There is no RST on a Unix socket: after `reset` the peer reads the end of the stream, or `ECONNRESET` when bytes that
 * it sent were left unread.
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
  /** This end's address: the listener's path, or unnamed at the client's end. */
  readonly localAddress: PathAddress;
  /** The peer's address: the path that was connected to, or unnamed at the listener's end. */
  readonly remoteAddress: PathAddress;

  /** @internal Streams come from {@link UnixStream.connect} and from listeners. */
  constructor(
    carrier: SocketCarrier,
    addresses: { readonly local: PathAddress; readonly remote: PathAddress },
    options: StreamOptions | undefined,
  ) {
    super(carrier, options);
    this.localAddress = addresses.local;
    this.remoteAddress = addresses.remote;
  }

  /**
   * Connects to a Unix socket.
   *
   * @param address - A path, `{ path }`, or a listener's `localAddress`; a name that begins with `\0` is abstract
   * (Linux). On Windows, the name of a pipe (`\\.\pipe\…`).
   * @returns The connected stream.
   * @throws `AddressError` when there is no such socket (`ENOENT`), nobody listens on it (`ECONNREFUSED`) or it may not
   * be used (`EACCES`); `TimeoutError`; `signal.reason`; `InvalidInputError`. Nothing is left open then.
   */
  static async connect(
    address: UnixAddress,
    options: UnixConnectOptions = {},
  ): Promise<UnixStream> {
    checkWaitOptions('connect', options);
    const path = parsePath(address, 'connect');
    const addresses = { local: UNNAMED, remote: new PathAddress(path) };
    return connectFirst({
      kind: 'unix',
      destination: String(addresses.remote),
      resolve: () => Promise.resolve([{ path }]),
      options,
      delay: Infinity,
      open: (transport) => new UnixStream(transport, addresses, options),
    });
  }
}

/** The address of an end that was never bound to a path. */
export const UNNAMED: PathAddress = new PathAddress('');
