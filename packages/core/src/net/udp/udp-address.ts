/** Addresses and payloads of datagrams, as the calls of a UDP socket take them. */

import { callLookup } from '../call-lookup.ts';
import type { SocketOptions } from 'node:dgram';
import { isIP, type LookupFunction } from 'node:net';
import { InetAddress, parseAddress } from '../../vocabulary/address.ts';
import { invalidInput } from '../../vocabulary/errors.ts';
import { isBytes } from '../../vocabulary/realms.ts';
import type { WriteData } from '../../streams/stream-writer.ts';
import type { Outgoing } from './datagram-sends.ts';
import type { UdpAddress } from './udp-options.ts';

/** @throws `InvalidInputError` for what is not a host and port. */
export function parseUdpAddress(
  address: UdpAddress,
  operation: string,
): { host: string; port: number } {
  const target = parseAddress(address, operation, '127.0.0.1');
  if ('path' in target) throw invalidInput(operation, 'address', 'a host and port', address);
  return target;
}

/** Adapts a resolver to `node:dgram`, which asks for one address of the socket's family. */
export function lookupForDgram(
  lookup: LookupFunction,
  family: 4 | 6,
): NonNullable<SocketOptions['lookup']> {
  return (host, _options, callback) => {
    if (isIP(host) !== 0) {
      callback(null, host, family);
      return;
    }
    void lookUp(lookup, host, family, callback);
  };
}

async function lookUp(
  lookup: LookupFunction,
  host: string,
  family: 4 | 6,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): Promise<void> {
  let address: string | undefined;
  try {
    [address] = await callLookup(lookup, host, { all: false, family });
  } catch (error) {
    done(error as Error, '', family);
    return;
  }
  done(null, address ?? '', family);
}

/** Copies the payload of a datagram, which the caller may change at once; text becomes UTF-8. */
function copyPayload(operation: string, data: WriteData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  if (isBytes(data)) return Uint8Array.prototype.slice.call(data);
  throw invalidInput(operation, 'data', 'a Uint8Array or a string', data);
}

/**
 * A datagram to be sent.
 *
 * @param operation - `send` sends to the peer of a connected socket, every other one to `address`.
 * @throws `InvalidInputError` for a wrong payload or address, and for `send` without a peer.
 */
export function datagramTo(
  operation: 'send' | 'sendTo' | 'trySendTo',
  data: WriteData,
  address: UdpAddress | undefined,
): Outgoing {
  const bytes = copyPayload(operation, data);
  if (operation !== 'send') {
    const { host, port } = parseUdpAddress(address as UdpAddress, operation);
    return { bytes, to: new InetAddress(host, port) };
  }
  if (address !== undefined) return { bytes, to: undefined };
  throw invalidInput('send', 'this socket', 'connected', 'an unconnected one');
}

/** Checks the addresses of a multicast membership. @throws `InvalidInputError` */
export function checkGroup(operation: string, group: string, onInterface?: string): void {
  if (typeof group !== 'string' || isIP(group) === 0)
    throw invalidInput(operation, 'group', 'an IP address', group);
  if (onInterface !== undefined && typeof onInterface !== 'string') {
    throw invalidInput(operation, 'onInterface', 'the address of an interface', onInterface);
  }
}
