/** UDP socket options and statistics. */

import type { LookupFunction } from 'node:net';
import type { HostPort } from '../../vocabulary/address.ts';
import { rules, type OptionTable } from '../../vocabulary/check.ts';
import type { Clock } from '../../vocabulary/clock.ts';

/** The address of a UDP socket: `'host:port'`, `'[v6]:port'` or `{ host, port }`. */
export type UdpAddress = string | Readonly<Partial<HostPort>>;

/** Options of {@link UdpSocket.bind}. */
export interface UdpOptions {
  /** The source of time. @default the system's clock */
  readonly clock?: Clock | undefined;
  /** The most datagrams queued for receiving; further ones are dropped. @default 1024 */
  readonly maxDatagrams?: number | undefined;
  /** The most bytes queued for receiving; a datagram that does not fit is dropped. @default 1048576 */
  readonly maxBytes?: number | undefined;
  /** The number of unsent bytes from which the socket is not writable. @default 65536 */
  readonly writeHighWaterMark?: number | undefined;
  /** Binds even when another socket has the address; the last one receives the datagrams. @default false */
  readonly reuseAddress?: boolean | undefined;
  /** Shares a port with other sockets, where the platform supports it (Node 22.12 and later). @default false */
  readonly reusePort?: boolean | undefined;
  /** Refuses IPv4 on an IPv6 address. @default false */
  readonly ipv6Only?: boolean | undefined;
  /** Allows sending to broadcast addresses. @default false */
  readonly broadcast?: boolean | undefined;
  /** The size of the kernel's receive buffer in bytes. @default the kernel's */
  readonly receiveBufferSize?: number | undefined;
  /** The size of the kernel's send buffer in bytes. @default the kernel's */
  readonly sendBufferSize?: number | undefined;
  /** Resolves host names to send to; `dns.lookup`'s signature. @default the system's resolver */
  readonly lookup?: LookupFunction | undefined;
  /** Closes the socket when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link UdpOptions} may be. */
export const UDP_OPTIONS: OptionTable<UdpOptions> = {
  clock: rules.clock,
  maxDatagrams: rules.count,
  maxBytes: rules.count,
  writeHighWaterMark: rules.count,
  reuseAddress: rules.flag,
  reusePort: rules.flag,
  ipv6Only: rules.flag,
  broadcast: rules.flag,
  receiveBufferSize: rules.count,
  sendBufferSize: rules.count,
  lookup: rules.function,
  signal: rules.signal,
};
