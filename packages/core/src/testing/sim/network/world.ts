/**
 * The shared state of a simulated network: time, decisions, the trace, and the reachability of hosts.
 *
 * A path is one direction between two hosts. It is *cut* during a partition (segments are lost until TCP sends them again),
 * *held* while the program says so (segments wait, and no connection times out), otherwise open.
 */

import type { WaitInfo } from '../../../waiting/waiter.ts';
import type { Decisions } from '../decisions/decisions.ts';
import type { Order } from '../decisions/order.ts';
import type { SimClock } from './clock.ts';
import type { Faults, Range } from './faults.ts';
import type { Trace } from './trace.ts';

/** One direction between two hosts. */
export interface Path {
  /** Whether the program has partitioned it. */
  isCut: boolean;
  isHeld: boolean;
  /** Counts what makes an earlier cut void for those who wait to give up: a later cut, or a hold. */
  epoch: number;
  /** The number of current random partitions, and how often a heal has ended them all. */
  outages: number;
  heals: number;
}

/** A host, as its flows see it. */
export interface HostState {
  readonly name: string;
  readonly isUp: boolean;
}

/** A pending wait, and what it belongs to. */
export interface SimWait extends WaitInfo {
  /** The connection, the listener, the attempt, or what tasks meet at, such as `channel "jobs"`. */
  readonly subject: string;
}

/** The network, as its connections see it. */
export interface World {
  readonly clock: SimClock;
  readonly decisions: Decisions;
  /** Who goes first of those that are due at one moment; `undefined` for who was first. */
  readonly order: Order | undefined;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly latency: Range;
  /** Milliseconds after which a connection to an unreachable peer fails. */
  readonly giveUpAfter: number;
  /** Whether a segment that is sent or arrives now gets through. */
  isOpen(from: HostState, to: HostState): boolean;
}
