/** Addresses and socket options of TCP, for clients and listeners. */

import type { HostPort } from '../../vocabulary/address.ts';
import { rules, type OptionTable } from '../../vocabulary/check.ts';
import type { KeepAliveProbes } from '../socket/keep-alive.ts';

/** The address of a TCP listener or peer: `'host:port'`, `'[v6]:port'`, `{ host, port }`. */
export type TcpAddress = string | Readonly<Partial<HostPort>>;

/** Socket options of a TCP connection, outgoing or accepted. */
export interface TcpSocketOptions {
  /** Sends small writes at once instead of coalescing them (Nagle's algorithm off). @default true, as in Go and trio */
  readonly noDelay?: boolean | undefined;
  /**
   * Makes the kernel probe an idle peer; a number is the milliseconds before the first probe, rounded up to whole seconds. An
   * `interval` and a `count` need Node 24.19, 26.4 or later; elsewhere the call fails with `IoError` (`ENOTSUP`). @default false
   */
  readonly keepAlive?: boolean | number | KeepAliveProbes | undefined;
  /**
   * The type of service of IPv4, the traffic class of IPv6: 0 to 255, of which six bits are the DSCP (RFC 2474). Needs Node
   * 24.15, 25.6 or later; elsewhere the call fails with `IoError` (`ENOTSUP`). @default the system's, 0
   */
  readonly typeOfService?: number | undefined;
}

const PROBES: OptionTable<KeepAliveProbes> = {
  delay: rules.milliseconds,
  interval: rules.milliseconds,
  count: rules.whole(1, 127),
};

/** What {@link TcpSocketOptions} may be. */
export const TCP_SOCKET_OPTIONS: OptionTable<TcpSocketOptions> = {
  noDelay: rules.flag,
  keepAlive: {
    expected:
      'true, false, a number of milliseconds from 0, or at least one of { delay, interval, count }',
    accepts: (value) =>
      typeof value === 'boolean' ||
      rules.milliseconds.accepts(value) ||
      (rules.object.accepts(value) && Object.keys(value as object).length > 0),
    options: PROBES,
  },
  typeOfService: rules.whole(0, 255),
};
