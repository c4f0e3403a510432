/** Keep-alive probes of a socket, in the form of `node:net`. */

import type { Socket } from 'node:net';

/** Converts `TcpSocketOptions.keepAlive` to options of `node:net`. */
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
