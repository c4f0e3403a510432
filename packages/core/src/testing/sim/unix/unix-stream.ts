/** Connections of simulated Unix sockets. */

import { PathAddress } from '../../../vocabulary/address.ts';
import { makeRoom } from '../../../vocabulary/attached.ts';
import { ByteStream, type StreamOptions } from '../../../streams/byte-stream.ts';
import type { Transport } from '../../../streams/transport.ts';

let construct: typeof openSimUnixStream;

/**
 * A connection between two programs of one simulated host, from `SimHost.connectUnix` or a listener, with the contract of
 * `UnixStream`. A `reset` always arrives as `ECONNRESET`, which a real socket gives where bytes were left unread.
 */
export class SimUnixStream extends ByteStream {
  /** The local address: the listener's path; unnamed on the client side. */
  readonly localAddress: PathAddress;
  /** The peer's address: the path that was connected to; unnamed on the listener's side. */
  readonly remoteAddress: PathAddress;

  static {
    construct = (transport, local, remote, options) =>
      new SimUnixStream(transport, local, remote, options);
  }

  private constructor(
    transport: Transport,
    localAddress: PathAddress,
    remoteAddress: PathAddress,
    options: StreamOptions,
  ) {
    super(transport, options);
    makeRoom(this);
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }
}

/** Makes the stream of one end. Only the simulation can: the constructor is private. */
export function openSimUnixStream(
  transport: Transport,
  local: PathAddress,
  remote: PathAddress,
  options: StreamOptions,
): SimUnixStream {
  return construct(transport, local, remote, options);
}

/** The address of the end that connected. */
export const UNNAMED: PathAddress = new PathAddress('');
