/** The two addresses of a TCP connection, asked of its socket while it is open: after a close the kernel forgets them. */

import type { Server, Socket } from 'node:net';
import { InetAddress } from '../../vocabulary/address.ts';

/** Both ends of a connection. */
export interface Endpoints {
  readonly local: InetAddress;
  readonly remote: InetAddress;
}

/** @param local - The address at this end, when it is known already. */
export function endpointsOf(socket: Socket, local?: InetAddress): Endpoints {
  return {
    local: local ?? new InetAddress(socket.localAddress ?? '', socket.localPort ?? 0),
    remote: new InetAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0),
  };
}

/** The one address that all connections of a server have at this end; `undefined` when it listens on any, or on none. */
export function boundAddress(server: Server): InetAddress | undefined {
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) return undefined;
  const isAny = bound.address === '0.0.0.0' || bound.address === '::';
  return isAny ? undefined : new InetAddress(bound.address, bound.port);
}
