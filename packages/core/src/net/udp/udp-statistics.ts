/** What a UDP socket tells of itself. */

import type { WaitInfo } from '../../waiting/waiter.ts';
import type { DatagramQueue } from './datagram-queue.ts';
import type { DatagramSends } from './datagram-sends.ts';

/** A snapshot of a UDP socket. */
export interface UdpStatistics {
  /** Datagrams received: queued, or returned to a caller. */
  readonly received: number;
  /** Datagrams dropped here because the queue was full. */
  readonly dropped: number;
  /** Queued datagrams, and their bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Datagrams passed to the kernel. */
  readonly sent: number;
  /** Datagrams that the kernel refused. */
  readonly failed: number;
  /** Bytes not yet passed to the kernel. */
  readonly unsent: number;
  readonly waits: readonly WaitInfo[];
}

/** A frozen snapshot of both directions, at a time of the socket's clock. */
export function snapshotOf(
  incoming: DatagramQueue,
  outgoing: DatagramSends,
  now: number,
): UdpStatistics {
  const waits: WaitInfo[] = [];
  incoming.describe(now, waits);
  outgoing.describe(now, waits);
  return Object.freeze({
    received: incoming.received,
    dropped: incoming.dropped,
    queued: incoming.length,
    queuedBytes: incoming.bytes,
    sent: outgoing.sent,
    failed: outgoing.failed,
    unsent: outgoing.unsent,
    waits: Object.freeze(waits),
  });
}
