/** Addresses and socket options of TCP, for clients and listeners. */

import type { HostPort } from '../../vocabulary/address.ts';
import { rules, type OptionTable } from '../../vocabulary/check.ts';

/** The address of a TCP listener or peer: `'host:port'`, `'[v6]:port'`, `{ host, port }`. */
export type TcpAddress = string | Readonly<Partial<HostPort>>;

/** Socket options of a TCP connection, outgoing or accepted. */
export interface TcpSocketOptions {
  /** Sends small writes at once instead of coalescing them (Nagle's algorithm off). @default true, as in Go and trio */
  readonly noDelay?: boolean | undefined;
  /** Makes the kernel probe an idle peer; a number is the milliseconds before the first probe. @default false */
  readonly keepAlive?: boolean | number | undefined;
}

/** What {@link TcpSocketOptions} may be. */
export const TCP_SOCKET_OPTIONS: OptionTable<TcpSocketOptions> = {
  noDelay: rules.flag,
  keepAlive: {
    expected: 'true, false or a number of milliseconds from 0',
    accepts: (value) => typeof value === 'boolean' || rules.milliseconds.accepts(value),
  },
};
