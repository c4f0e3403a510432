/** What both sides of TCP share: how an address is written, and the two socket options that matter. */

import type { HostPort } from '../../vocabulary/address.ts';

/** How to write the address of a TCP listener or peer: `'host:port'`, `'[v6]:port'`, `{ host, port }`. */
export type TcpAddress = string | Readonly<Partial<HostPort>>;

/** Options of a TCP connection's socket, whichever side made it. */
export interface TcpSocketOptions {
  /** Sends small writes at once instead of gathering them (Nagle's algorithm off). @default true, as in Go and trio */
  readonly noDelay?: boolean | undefined;
  /** Asks the kernel to probe an idle peer; a number is the milliseconds before the first probe. @default false */
  readonly keepAlive?: boolean | number | undefined;
}
