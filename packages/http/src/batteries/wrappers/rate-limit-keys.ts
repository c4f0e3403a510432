/** Who a limit is for, and how many of them are remembered. */

import { lazy } from '@awaitio/core/lowlevel';
import type { HttpRequest } from '../../message/request.ts';

/**
 * The client's address: of IPv6 its first 64 bits, since a single host has as many addresses as the rest gives. Clients of a stream
 * without an address share one key.
 */
export function addressKey({ remoteAddress }: HttpRequest): string {
  if (remoteAddress === undefined) return '';
  if (remoteAddress.kind === 'path') return String(remoteAddress);
  const { host } = remoteAddress;
  if (!host.includes(':')) return host;
  // An IPv4 address, mapped.
  if (host.includes('.')) return host.slice(host.lastIndexOf(':') + 1);
  const [head = '', tail] = (host.split('%', 1)[0] as string).split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - rest.length;
  const all = [...groups, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

/** The longest key that is kept as it is, in characters; of a longer one its hash is kept. */
export const LONGEST_KEY = 128;

/** Loaded on first use: it takes some milliseconds. */
const crypto = lazy(() => import('node:crypto'));

/**
 * What stands for a key that is longer than {@link LONGEST_KEY}: clients send what they like, and keys are kept. It is one
 * character longer than that, so that no key that is kept as it is equals it.
 */
export async function hashOf(key: string): Promise<string> {
  const { createHash } = crypto.value ?? (await crypto.load());
  const hash = createHash('sha256').update(key, 'utf16le').digest('base64url');
  return hash.padEnd(LONGEST_KEY + 1);
}

interface Entry<T> {
  readonly key: string;
  readonly value: T;
}

/** A value for each of the keys that were used last. */
export class RecentKeys<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #limit: number;
  readonly #make: () => T;

  /**
   * @param limit - The most keys; the one whose use is longest ago makes way for a new one.
   * @param make - Makes the value of a new key.
   */
  constructor(limit: number, make: () => T) {
    this.#limit = limit;
    this.#make = make;
  }

  get size(): number {
    return this.#entries.size;
  }

  use(key: string): T {
    const known = this.#entries.get(key);
    const entry = known ?? { key: copyOf(key), value: this.#make() };
    // A map keeps the order of insertion.
    if (known !== undefined) this.#entries.delete(key);
    else if (this.#entries.size >= this.#limit) {
      const [oldest = ''] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
    this.#entries.set(entry.key, entry);
    return entry.value;
  }
}

/**
 * The same text in memory that nothing shares: V8 cuts a text out of a longer one by reference, and a key from a header field
 * would keep all of the request's head.
 */
function copyOf(key: string): string {
  return Buffer.from(key, 'utf16le').toString('utf16le');
}
