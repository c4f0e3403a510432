/** Keep-alive probes of a socket, as `node:net` takes the option. */

import type { Socket } from 'node:net';

/** The form in which `node:net` takes `TcpSocketOptions.keepAlive`. */
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
