/** The two addresses of a TCP connection. They are read while the socket is open: after the close the kernel has none. */

import type { Server, Socket } from 'node:net';
import { InetAddress } from '../../vocabulary/address.ts';

/** Both addresses of a connection. */
export interface Endpoints {
  readonly local: InetAddress;
  readonly remote: InetAddress;
}

/** @param local - The local address, when it is already known. */
export function endpointsOf(socket: Socket, local?: InetAddress): Endpoints {
  return {
    local: local ?? new InetAddress(socket.localAddress ?? '', socket.localPort ?? 0),
    remote: new InetAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0),
  };
}

/** The local address of all connections of a server; `undefined` when it listens on every address, or on none. */
export function boundAddress(server: Server): InetAddress | undefined {
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) return undefined;
  const isAny = bound.address === '0.0.0.0' || bound.address === '::';
  return isAny ? undefined : new InetAddress(bound.address, bound.port);
}
