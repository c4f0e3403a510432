/** Intercepts the use of real sockets, for the simulation, which has others. */

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
 * Calls `take` in place of each call that would open a socket.
 *
 * @param take - Receives the name of the call, its object and its arguments, and returns or throws in its place.
 * @returns Restores the originals.
 */
export function interceptSockets(
  take: (what: string, self: object, args: readonly unknown[]) => unknown,
): () => void {
  const restores = OPENING_CALLS.map(([prototype, method, name]) => {
    const original: unknown = Reflect.get(prototype, method);
    Reflect.set(prototype, method, function (this: object, ...args: readonly unknown[]): unknown {
      return take(name, this, args);
    });
    return () => {
      Reflect.set(prototype, method, original);
    };
  });
  return () => {
    for (const restore of restores) restore();
  };
}
