/** Lists of addresses and networks, to trust or refuse peers by address. */

import { BlockList, isIP } from 'node:net';
import type { Address } from '../vocabulary/address.ts';
import { invalidInput } from '../vocabulary/errors.ts';

/**
 * A set of IP addresses and networks: `'10.0.0.1'`, `'10.0.0.0/8'`, `'fd00::/8'`, and `'unix'` for every peer on a Unix
 * socket. Matching is `node:net`'s `BlockList`; IPv4 peers on an IPv6 socket (`::ffff:10.0.0.1`) match their IPv4 entry.
 *
 * @example
 * ```ts
 * import { AddressList } from '@awaitio/core';
 *
 * const trusted = new AddressList(['127.0.0.1', '10.0.0.0/8']);
 * console.log(trusted.hasHost('10.1.2.3'), trusted.hasHost('192.0.2.1')); // true false
 * ```
 */
export class AddressList {
  readonly #list = new BlockList();
  #hasUnix = false;

  /** @throws `InvalidInputError` for an entry that is not an address, a network or `'unix'`. */
  constructor(entries: Iterable<string>) {
    if (typeof (entries as Partial<Iterable<string>> | null)?.[Symbol.iterator] !== 'function') {
      throw invalidInput('AddressList', 'entries', 'a list of strings', entries);
    }
    for (const entry of entries) this.#add(entry);
  }

  /** Reports whether an address is in the list; a peer without one (`undefined`) counts as a Unix peer. */
  has(address: Address | undefined): boolean {
    if (address === undefined) return this.#hasUnix;
    if (typeof address !== 'object' || address === null) {
      throw invalidInput('has', 'address', 'an InetAddress or a PathAddress', address);
    }
    if ('path' in address) return this.#hasUnix;
    return this.hasHost(address.host);
  }

  /** Reports whether an IP address is in the list; `false` for a string that is not an IP address. */
  hasHost(host: string): boolean {
    if (typeof host !== 'string') throw invalidInput('hasHost', 'host', 'a string', host);
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host);
    const plain = mapped?.[1] ?? host;
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  #add(entry: string): void {
    if (entry === 'unix') {
      this.#hasUnix = true;
      return;
    }
    const [host = '', bits, ...more] = typeof entry === 'string' ? entry.split('/') : [];
    const family = isIP(host);
    const width = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (family === 0 || more.length > 0 || prefix < 0 || prefix > width) {
      throw invalidInput(
        'AddressList',
        'entries',
        "IP addresses ('10.0.0.1'), networks ('10.0.0.0/8') and 'unix'",
        entry,
      );
    }
    this.#list.addSubnet(host, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
}
