/** Rules about packets, as programs make and end them. */

import type { InetAddress } from '../../../vocabulary/address.ts';
import type { WaitOptions } from '../../../waiting/waiter.ts';

/** What is on its way from one host to another. */
export interface SimPacket {
  /** The SYN of an attempt to connect, the ACK that completes it, bytes, the end, a reset; or a datagram. */
  readonly kind: 'syn' | 'ack' | 'data' | 'fin' | 'reset' | 'datagram';
  readonly from: InetAddress;
  readonly to: InetAddress;
  /** Its bytes; not to be changed. */
  readonly bytes: Uint8Array;
  /** Its bytes as text, one character for each. */
  readonly text: string;
}

/** Which packets a rule is about. */
export type PacketMatch = (packet: SimPacket) => boolean;

/** Something that holds until it is released: at the end of a `using` block, or by `release()`. */
export interface SimHold extends Disposable {
  /** Ends it; does nothing when it has ended. */
  release(): void;
}

/** A rule about packets, see {@link Simulation.drop} and {@link Simulation.delay}. */
export interface SimRule extends SimHold {
  /** How many packets it has met. */
  readonly count: number;
}

/** A rule that holds packets back, see {@link Simulation.barrier}. */
export interface SimBarrier extends SimRule {
  /**
   * Waits for the first packet that it holds.
   *
   * @throws `TimeoutError`; `signal.reason`; `ClosedError` (`ERR_BARRIER_RELEASED`) when it is released before.
   */
  reached(options?: WaitOptions): Promise<SimPacket>;
}
