/**
 * Who is let in: the bounds of a listener, and what becomes of a connection above them.
 *
 * Node accepts whatever the kernel has, and cannot be told to stop. So the decision is made one step later, on a
 * connection that costs a descriptor and of which no byte was read: it may wait (unread, for its turn), be turned away
 * with a reset, or be handed to a callback that says why in the words of its protocol. Each of these is counted, and
 * each count has a bound, so that a flood of connections ends in resets and not in memory.
 *
 * Addresses are counted as an attacker owns them: an IPv6 network hands each customer at least a /64 (RFC 6177), so the
 * first 64 bits are one peer; an IPv4 address mapped into IPv6 is the IPv4 address.
 */

import type { ByteStream } from '../streams/byte-stream.ts';
import { checkCounts } from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';

/** The bound that a connection ran into. */
export interface Overflow {
  /** The option that set the bound. */
  readonly limitName: 'maxConnections' | 'maxPending' | 'maxConnectionsPerAddress';
  /** Its value. */
  readonly limit: number;
}

/**
 * Answers a connection that is one too many, such as with `503 Service Unavailable`.
 *
 * The stream is closed when the callback returns, or when the promise that it returned fulfils; an error resets it, and
 * is the reason that its `closed` tells.
 */
export type OverflowHandler<S extends ByteStream> = (
  stream: S,
  overflow: Overflow,
) => void | Promise<void>;

/** The bounds of a listener. */
export interface AdmissionOptions<S extends ByteStream> {
  /** The most streams open at a time, as a whole number from 1. @default no limit */
  readonly maxConnections?: number | undefined;
  /**
   * The most connections that may wait to be accepted, as a whole number from 1; and the most that `onOverflow` may be
   * answering at a time. A further one is reset. @default 1024
   */
  readonly maxPending?: number | undefined;
  /** The most connections, open and waiting, of one IPv4 address or IPv6 /64. @default no limit */
  readonly maxConnectionsPerAddress?: number | undefined;
  /**
   * What becomes of a connection that arrives when `maxConnections` streams are open:
   *
   * - `'wait'`: it waits, unread, until another is gone; when `maxPending` wait already it is reset.
   * - `'reset'`: it is reset at once.
   * - a callback: it gets the stream, and answers.
   *
   * Above the other two limits nothing waits: the callback answers if there is one, else the connection is reset.
   *
   * @default 'wait'
   */
  readonly onOverflow?: 'wait' | 'reset' | OverflowHandler<S> | undefined;
}

/** The default of `maxPending`: twice the backlog that Node asks of the kernel. */
const DEFAULT_MAX_PENDING = 1_024;

/**
 * Checks {@link AdmissionOptions}.
 *
 * @throws {@link InvalidInputError} when a count is no whole number from 1, or `onOverflow` none of its forms.
 */
export function checkAdmission(operation: string, options: AdmissionOptions<never>): void {
  const { maxConnections, maxPending, maxConnectionsPerAddress, onOverflow } = options;
  checkCounts(operation, { maxConnections, maxPending, maxConnectionsPerAddress });
  if (onOverflow === undefined || onOverflow === 'wait' || onOverflow === 'reset') return;
  if (typeof onOverflow === 'function') return;
  throw invalidInput(operation, 'onOverflow', "'wait', 'reset' or a function", onOverflow);
}

/** The bounds in force, and the counts per address. */
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

  /** The bound that one more connection runs into; `undefined` when it may come in. */
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

  enter(peer: string | undefined): void {
    if (peer !== undefined) this.#counts.set(peer, (this.#counts.get(peer) ?? 0) + 1);
  }

  leave(peer: string | undefined): void {
    if (peer === undefined) return;
    const count = (this.#counts.get(peer) ?? 0) - 1;
    if (count > 0) this.#counts.set(peer, count);
    else this.#counts.delete(peer);
  }
}

/**
 * The name under which the connections of an address are counted.
 *
 * @param host - An IPv4 or IPv6 address; anything else is counted as it is written.
 */
export function peerOf(host: string): string {
  const address = host.split('%', 1)[0] ?? host;
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1] as string;
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
    while (groups.length + rest < 8) groups.push('0');
  }
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, '').toLowerCase());
  return `${network.join(':')}::/64`;
}
