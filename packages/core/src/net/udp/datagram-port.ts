/** What a UDP socket needs of what carries its datagrams: `node:dgram`'s socket, or a simulated one. */

import type { Socket } from 'node:dgram';

/** As of `node:dgram`. */
export type DatagramPort = Pick<
  Socket,
  | 'address'
  | 'addMembership'
  | 'close'
  | 'connect'
  | 'dropMembership'
  | 'off'
  | 'on'
  | 'ref'
  | 'remoteAddress'
  | 'send'
  | 'setBroadcast'
  | 'setTTL'
  | 'unref'
>;
