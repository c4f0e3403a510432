/** Addresses of simulated hosts: programs that want an IP address get one of 10.0.0.0/8 for each name, in the order of asking. */

import { isIP } from 'node:net';

/** What a host calls itself. */
const OWN = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', '::', '']);

/** The addresses of one network. */
export class Names {
  readonly #addresses = new Map<string, string>();
  readonly #names = new Map<string, string>();

  /** The address of a host. */
  addressOf(name: string): string {
    if (isIP(name) !== 0) return name;
    let address = this.#addresses.get(name);
    if (address === undefined) {
      const number = this.#addresses.size + 1;
      address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
      this.#addresses.set(name, address);
      this.#names.set(address, name);
    }
    return address;
  }

  /** The name of a host that is called by its name or its address, by the host `own`. */
  nameOf(host: string, own: string): string {
    if (OWN.has(host)) return own;
    return this.#names.get(host) ?? host;
  }
}
