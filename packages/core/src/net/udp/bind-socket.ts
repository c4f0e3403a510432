/** Opens and binds a socket of `node:dgram`. */

import type { Socket, SocketOptions } from 'node:dgram';
import { isIP } from 'node:net';
import { translateError } from '../../vocabulary/translate-error.ts';
import { nodeDgram } from '../lazy-builtins.ts';
import { reusePortOptions } from '../socket/reuse-port.ts';
import { lookupForDgram } from './udp-address.ts';
import type { DatagramPort } from './datagram-port.ts';
import type { UdpOptions } from './udp-options.ts';

/** @throws `AddressError`; `signal.reason`. Nothing is left open then. */
export async function bindSocket(host: string, port: number, options: UdpOptions): Promise<Socket> {
  const family = isIP(host) === 6 ? 6 : 4;
  const { receiveBufferSize, sendBufferSize, lookup } = options;
  const socketOptions: SocketOptions = {
    type: `udp${family}`,
    reuseAddr: options.reuseAddress ?? false,
    ipv6Only: options.ipv6Only ?? false,
    ...reusePortOptions(options.reusePort),
    ...(receiveBufferSize === undefined ? {} : { recvBufferSize: receiveBufferSize }),
    ...(sendBufferSize === undefined ? {} : { sendBufferSize }),
    ...(lookup === undefined ? {} : { lookup: lookupForDgram(lookup, family) }),
  };
  const socket = nodeDgram().createSocket(socketOptions);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: host, port }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    if (options.broadcast === true) socket.setBroadcast(true);
    options.signal?.throwIfAborted();
  } catch (error) {
    socket.close();
    throw options.signal?.aborted === true ? error : translateError(error, 'bind');
  }
  return socket;
}

/** Sets the peer of a socket. @throws the errors of `node:dgram`, translated. */
export function connectSocket(socket: DatagramPort, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    try {
      // The callback also receives the error of the lookup, which is missing from the types.
      socket.connect(port, host, (error?: Error) => {
        if (error === undefined || error === null) resolve();
        else reject(translateError(error, 'connect'));
      });
    } catch (error) {
      reject(translateError(error, 'connect'));
    }
  });
}
