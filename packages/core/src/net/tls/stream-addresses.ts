/** What a TLS connection takes from the stream below it: its addresses, and the name to check a certificate against. */

import { isIP } from 'node:net';
import type { ByteStream } from '../../streams/byte-stream.ts';
import type { Address } from '../../vocabulary/address.ts';
import type { TcpAddress } from '../tcp/tcp-options.ts';

/** The addresses of the stream below, if it has any. */
export interface StreamAddresses {
  readonly localAddress?: Address;
  readonly remoteAddress?: Address;
}

/** The addresses of a stream, if it has any. */
export function addressesOf(stream: ByteStream & StreamAddresses): StreamAddresses {
  return {
    ...(stream.localAddress === undefined ? {} : { localAddress: stream.localAddress }),
    ...(stream.remoteAddress === undefined ? {} : { remoteAddress: stream.remoteAddress }),
  };
}

/** The host of an address, if it is an IP address. */
export function ipOf(address: Address | undefined): string | undefined {
  return address?.kind === 'inet' && isIP(address.host) !== 0 ? address.host : undefined;
}

/** The host of a TCP address, as it was given. */
export function hostOf(address: TcpAddress): string {
  if (typeof address === 'object') return address.host ?? 'localhost';
  const host = address.slice(0, address.lastIndexOf(':'));
  return host === '' ? 'localhost' : host.replace(/^\[(.*)\]$/, '$1');
}
