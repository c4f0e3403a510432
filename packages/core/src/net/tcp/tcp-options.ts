/** What both sides of TCP share: how an address is written, and the two socket options that matter. */

import type { Socket } from 'node:net';
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

/** The form in which `node:net` takes {@link TcpSocketOptions.keepAlive}. */
export function keepAliveOptions(keepAlive: boolean | number | undefined): {
  keepAlive: boolean;
  keepAliveInitialDelay?: number;
} {
  if (typeof keepAlive !== 'number') return { keepAlive: keepAlive ?? false };
  return { keepAlive: true, keepAliveInitialDelay: keepAlive };
}

/** Sets keep-alive on an open socket. */
export function setKeepAlive(socket: Socket, keepAlive: boolean | number): void {
  if (typeof keepAlive === 'number') socket.setKeepAlive(true, keepAlive);
  else socket.setKeepAlive(keepAlive);
}
