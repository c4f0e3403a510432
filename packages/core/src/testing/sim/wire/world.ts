/**
 * The shared state of a simulated network: time, decisions, the trace, and the reachability of hosts.
 *
 * A path is one direction between two hosts. It is *cut* during a partition (segments are lost until TCP sends them again),
 * *held* while the program says so (segments wait, and no connection times out), otherwise open.
 */

import type { InetAddress } from '../../../vocabulary/address.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import type { WaitBoard } from '../../../waiting/wait-board.ts';
import type { WaitInfo } from '../../../waiting/waiter.ts';
import type { Decisions } from '../decisions/decisions.ts';
import type { Order } from '../decisions/order.ts';
import type { SimClock } from './clock.ts';
import type { RuleBook } from '../rules/rule-book.ts';
import type { HostState } from '../paths/paths.ts';
import type { FaultBook } from './fault-book.ts';
import type { Trace } from './trace.ts';

/** A host, as the ends of its connections see it. */
export interface SimMachine extends HostState {
  /** Whether what a program would notice has to wait: the machine is paused. */
  readonly isKeeping: boolean;
  /** Keeps it until the machine goes on, in order. */
  keep(event: () => void): void;
}

/** One segment: bytes, FIN, RST, or the last ACK of the handshake. */
export interface Segment {
  readonly kind: 'ack' | 'data' | 'fin' | 'reset';
  /** Empty except for `data`. */
  bytes: Uint8Array;
  /** When it was sent and when it arrives, in milliseconds. */
  readonly sent: number;
  readonly due: number;
}

/** The two ends, as a flow sees them. */
export interface FlowEnds {
  /** The window opened, and fewer bytes are unsent. */
  onDrain(): void;
  /** A segment arrived. */
  onSegment(segment: Segment): void;
  /** A segment was lost for so long that TCP gives the connection up. */
  onLost(): void;
}

/** Where a direction begins or ends. */
export interface FlowEnd {
  readonly host: SimMachine;
  readonly address: InetAddress;
  /** As traces have it. @default its address: `client:49152` */
  readonly name?: string | undefined;
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
  readonly faults: Pick<FaultBook, 'all' | 'of'>;
  readonly rules: Pick<RuleBook, 'isEmpty' | 'judge' | 'lateness'>;
  /** Milliseconds after which a connection to an unreachable peer fails. */
  readonly giveUpAfter: number;
  /** Whether a segment that is sent or arrives now gets through. */
  isOpen(from: HostState, to: HostState): boolean;
}

/** Adds what waits on a clock besides connections. */
export function describeBoard(board: WaitBoard, clock: Clock, into: SimWait[]): void {
  for (const source of board) {
    const found: WaitInfo[] = [];
    source.describe(clock.now(), found);
    for (const wait of found) into.push({ ...wait, subject: source.subject });
  }
}
