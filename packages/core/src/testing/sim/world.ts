/**
 * What the parts of a simulated network share: time, chance, the trace, and whether bytes get from one host to another.
 *
 * A path is one direction between two hosts. It is *cut* while a partition stands (what is sent is lost until TCP sends
 * it again), *held* while the program says so (what is sent waits, and nobody gives up), else open.
 */

import type { Random } from '../../vocabulary/random.ts';
import type { WaitInfo } from '../../waiting/waiter.ts';
import type { SimClock } from './clock.ts';
import type { Faults, Range } from './faults.ts';
import type { Trace } from './trace.ts';

/** One direction between two hosts. */
export interface Path {
  /** A partition that the program made stands. */
  isCut: boolean;
  isHeld: boolean;
  /** Partitions that the dice made and that still stand. */
  outages: number;
}

/** What a flow knows of a host. */
export interface Place {
  readonly name: string;
  readonly isUp: boolean;
}

/** A wait of the network, and whose it is. */
export interface SimWait extends WaitInfo {
  /** The connection, the listener or the attempt. */
  readonly subject: string;
}

/** What the network does for its connections. */
export interface World {
  readonly clock: SimClock;
  readonly random: Random;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly latency: Range;
  /** Milliseconds after which a connection whose peer cannot be reached is given up. */
  readonly giveUpAfter: number;
  /** Whether what is sent now, or arrives now, gets through. */
  isOpen(from: Place, to: Place): boolean;
}

/** How long something takes from one host to another, in milliseconds. */
export function drawLatency({ random, latency: [min, max] }: World): number {
  return random.integer(Math.round(min * 1_000), Math.round(max * 1_000)) / 1_000;
}
