/** Streams of a simulated network: `ByteStream`s with the two addresses a TCP stream has. */

import type { InetAddress } from '../../vocabulary/address.ts';
import { ByteStream, type StreamOptions } from '../../streams/byte-stream.ts';
import type { Transport } from '../../streams/transport.ts';

/** A connection between two simulated hosts. Addresses name the hosts: `client:49152`. */
export class SimStream extends ByteStream {
  /** This end's address. */
  readonly localAddress: InetAddress;
  /** The peer's address. */
  readonly remoteAddress: InetAddress;

  /** @internal Streams come from {@link SimHost.connect} and from listeners. */
  constructor(
    transport: Transport,
    localAddress: InetAddress,
    remoteAddress: InetAddress,
    options: StreamOptions,
  ) {
    super(transport, options);
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  /** As `TcpStream.setNoDelay`; does nothing here, where small writes are never gathered for long. */
  setNoDelay(_noDelay: boolean): void {}

  /** As `TcpStream.setKeepAlive`; does nothing here: the network's `giveUpAfter` stands for all of it. */
  setKeepAlive(_keepAlive: boolean | number): void {}
}
