/** Tells when somebody in this process uses a real socket: for the simulation, in which nobody may. */

import { Socket as DatagramSocket } from 'node:dgram';
import { Server, Socket } from 'node:net';

/** The methods that every use of a socket begins with. */
const BEGINNINGS: readonly (readonly [prototype: object, method: string, name: string])[] = [
  [Socket.prototype, 'connect', 'net.Socket.connect'],
  [Server.prototype, 'listen', 'net.Server.listen'],
  [DatagramSocket.prototype, 'bind', 'dgram.Socket.bind'],
  [DatagramSocket.prototype, 'send', 'dgram.Socket.send'],
];

/**
 * Calls `refuse` in place of each call that would open a socket.
 *
 * @param refuse - Gets what was called, and throws.
 * @returns Ends it.
 */
export function interceptSockets(refuse: (what: string) => never): () => void {
  const restores = BEGINNINGS.map(([prototype, method, name]) => {
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
