/** Intercepts the use of real sockets, for the simulation, in which it is forbidden. */

import { Socket as DatagramSocket } from 'node:dgram';
import { Server, Socket } from 'node:net';

/** The methods that open sockets. */
const OPENING_CALLS: readonly (readonly [prototype: object, method: string, name: string])[] = [
  [Socket.prototype, 'connect', 'net.Socket.connect'],
  [Server.prototype, 'listen', 'net.Server.listen'],
  [DatagramSocket.prototype, 'bind', 'dgram.Socket.bind'],
  [DatagramSocket.prototype, 'send', 'dgram.Socket.send'],
];

/**
 * Calls `refuse` in place of each call that would open a socket.
 *
 * @param refuse - Receives the name of the call, and throws.
 * @returns Restores the originals.
 */
export function interceptSockets(refuse: (what: string) => never): () => void {
  const restores = OPENING_CALLS.map(([prototype, method, name]) => {
    const original: unknown = Reflect.get(prototype, method);
    Reflect.set(prototype, method, () => refuse(name));
    return () => {
      Reflect.set(prototype, method, original);
    };
  });
  return () => {
    for (const restore of restores) restore();
  };
}
