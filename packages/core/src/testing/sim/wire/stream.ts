/** Streams of a simulated network: `ByteStream`s with the two addresses of a TCP stream. */

import type { InetAddress } from '../../../vocabulary/address.ts';
import { makeRoom } from '../../../vocabulary/attached.ts';
import { checkOptions, checkValue, rules, type OptionRule } from '../../../vocabulary/check.ts';
import { ByteStream, type StreamOptions } from '../../../streams/byte-stream.ts';
import type { Transport } from '../../../streams/transport.ts';

let construct: typeof openSimStream;

/** As those of sockets. */
const PROBES = { delay: rules.milliseconds, interval: rules.milliseconds, count: rules.whole(1) };
const keepAliveRule: OptionRule = {
  expected: 'true, false, a number of milliseconds from 0, or { delay, interval, count }',
  accepts: (value) =>
    typeof value === 'boolean' || rules.milliseconds.accepts(value) || rules.object.accepts(value),
};

/**
 * A connection between two simulated hosts, from `SimHost.connect` or a listener. Its addresses name the hosts:
 * `client:49152`.
 */
export class SimStream extends ByteStream {
  /** The local address. */
  readonly localAddress: InetAddress;
  /** The peer's address. */
  readonly remoteAddress: InetAddress;

  static {
    construct = (transport, localAddress, remoteAddress, options) =>
      new SimStream(transport, localAddress, remoteAddress, options);
  }

  private constructor(
    transport: Transport,
    localAddress: InetAddress,
    remoteAddress: InetAddress,
    options: StreamOptions,
  ) {
    super(transport, options);
    makeRoom(this);
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  /** As `TcpStream.setNoDelay`; does nothing here, where small writes are never held back. */
  setNoDelay(noDelay: boolean): void {
    checkValue('setNoDelay', 'noDelay', noDelay, rules.flag);
  }

  /** As `TcpStream.setKeepAlive`; does nothing here: the network's `giveUpAfter` covers it. */
  setKeepAlive(keepAlive: boolean | number | object): void {
    checkValue('setKeepAlive', 'keepAlive', keepAlive, keepAliveRule);
    if (typeof keepAlive === 'object') checkOptions('setKeepAlive', keepAlive, PROBES);
  }

  /** As `TcpStream.setTypeOfService`; does nothing here, where all segments are alike. */
  setTypeOfService(typeOfService: number): void {
    checkValue('setTypeOfService', 'typeOfService', typeOfService, rules.whole(0, 255));
  }
}

/** Makes the stream of one end of a connection. Only the simulation can: the constructor is private. */
export function openSimStream(
  transport: Transport,
  localAddress: InetAddress,
  remoteAddress: InetAddress,
  options: StreamOptions,
): SimStream {
  return construct(transport, localAddress, remoteAddress, options);
}
