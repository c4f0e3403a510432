/**
 * Admission: the limits of a listener, and what happens to a connection above them.
 *
 * Node accepts every connection that the kernel has, and cannot be made to stop. So the decision is made one step
 * later, on a connection that costs a descriptor and of which no byte was read: it may wait unread, be refused with a
 * reset, or be passed to a callback that answers in its protocol. Each of these is counted, and each count has a limit,
 * so that a flood of connections costs resets and not memory.
 *
 * Addresses are counted in the units that an attacker owns: an IPv6 network assigns each customer at least a /64
 * (RFC 6177), so the first 64 bits are one peer; an IPv4 address mapped into IPv6 counts as the IPv4 address.
 */

import type { ByteStream } from '../streams/byte-stream.ts';
import { rules, type OptionTable } from '../vocabulary/check.ts';

/** The limit that a connection exceeded. */
export interface Overflow {
  /** The option that set the limit. */
  readonly limitName: 'maxConnections' | 'maxPending' | 'maxConnectionsPerAddress';
  /** Its value. */
  readonly limit: number;
}

/**
 * Called for a connection above the limit, to answer it: with `503 Service Unavailable`, for instance.
 *
 * The stream is closed when the callback returns, or when the promise that it returned fulfils; an error resets it, and
 * is the reason that its `closed` reports.
 */
export type OverflowHandler<S extends ByteStream> = (
  stream: S,
  overflow: Overflow,
) => void | Promise<void>;

/** The limits of a listener. */
export interface AdmissionOptions<S extends ByteStream> {
  /** The most streams open at a time, as a whole number from 1. @default no limit */
  readonly maxConnections?: number | undefined;
  /**
   * The most connections that may wait to be accepted, as a whole number from 1; also the most that `onOverflow` may
   * handle at a time. A further one is reset. @default 1024
   */
  readonly maxPending?: number | undefined;
  /** The most connections, open and waiting, of one IPv4 address or IPv6 /64. @default no limit */
  readonly maxConnectionsPerAddress?: number | undefined;
  /**
   * What happens to a connection that arrives while `maxConnections` streams are open:
   *
   * - `'wait'`: it waits, unread, until another closes; when `maxPending` wait already it is reset.
   * - `'reset'`: it is reset at once.
   * - a callback: it receives the stream, and answers.
   *
   * Above the other two limits nothing waits: the callback answers if there is one, otherwise the connection is reset.
   *
   * @default 'wait'
   */
  readonly onOverflow?: 'wait' | 'reset' | OverflowHandler<S> | undefined;
}

/** The default of `maxPending`: twice the backlog that Node requests from the kernel. */
const DEFAULT_MAX_PENDING = 1_024;

/** What {@link AdmissionOptions} may be. */
export const ADMISSION_OPTIONS: OptionTable<AdmissionOptions<never>> = {
  maxConnections: rules.count,
  maxPending: rules.count,
  maxConnectionsPerAddress: rules.count,
  onOverflow: {
    expected: "'wait', 'reset' or a function",
    accepts: (value) => value === 'wait' || value === 'reset' || typeof value === 'function',
  },
};

/** The limits in force, and the counts per address. */
export class Admission {
  readonly maxConnections: number;
  readonly maxPending: number;
  readonly maxPerAddress: number;
  /** Whether a connection above `maxConnections` waits. */
  readonly canWait: boolean;
  readonly #counts = new Map<string, number>();

  constructor(options: AdmissionOptions<never>) {
    this.maxConnections = options.maxConnections ?? Infinity;
    this.maxPending = options.maxPending ?? DEFAULT_MAX_PENDING;
    this.maxPerAddress = options.maxConnectionsPerAddress ?? Infinity;
    this.canWait = options.onOverflow === undefined || options.onOverflow === 'wait';
  }

  /** Whether connections are counted by address. */
  get countsAddresses(): boolean {
    return this.maxPerAddress !== Infinity;
  }

  /** The limit that one more connection exceeds; `undefined` when it is admitted. */
  overflow(open: number, pending: number, peer: string | undefined): Overflow | undefined {
    if (peer !== undefined && (this.#counts.get(peer) ?? 0) >= this.maxPerAddress) {
      return { limitName: 'maxConnectionsPerAddress', limit: this.maxPerAddress };
    }
    if (!this.canWait && open + pending >= this.maxConnections) {
      return { limitName: 'maxConnections', limit: this.maxConnections };
    }
    if (pending >= this.maxPending) return { limitName: 'maxPending', limit: this.maxPending };
    return undefined;
  }

  /** Counts one more connection of an address. */
  acquire(peer: string | undefined): void {
    if (peer !== undefined) this.#counts.set(peer, (this.#counts.get(peer) ?? 0) + 1);
  }

  /** Counts one connection less. */
  release(peer: string | undefined): void {
    if (peer === undefined) return;
    const count = (this.#counts.get(peer) ?? 0) - 1;
    if (count > 0) this.#counts.set(peer, count);
    else this.#counts.delete(peer);
  }
}

/**
 * The key under which the connections of an address are counted.
 *
 * @param host - An IPv4 or IPv6 address; anything else is its own key.
 */
export function peerOf(host: string): string {
  const address = host.split('%', 1)[0] ?? host;
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1] as string;
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const filled = tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
    while (groups.length + filled < 8) groups.push('0');
  }
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, '').toLowerCase());
  return `${network.join(':')}::/64`;
}
