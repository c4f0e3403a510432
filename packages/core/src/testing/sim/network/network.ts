/** A simulated network, as a program sees it. */

import type { SimClock } from '../wire/clock.ts';
import { Fabric } from './fabric.ts';
import { checkAnyHosts, checkHosts } from './host-of.ts';
import type { PartitionOptions, SimHost, SimNetworkOptions } from './types.ts';
import type { SimWait } from '../wire/world.ts';

let unwrap: typeof fabricOf;

/**
 * A network in memory: hosts with names, and the faults of the paths between them.
 *
 * `simulate` makes one and drives its clock. Alone it is useful where a test steps the clock itself.
 */
export class SimNetwork {
  readonly #fabric: Fabric;

  static {
    unwrap = (network) => network.#fabric;
  }

  constructor(options: SimNetworkOptions = {}) {
    this.#fabric = new Fabric(options);
  }

  /** The virtual time of the whole network. */
  get clock(): SimClock {
    return this.#fabric.clock;
  }

  /** The host of that name; it is made when it is first asked for. */
  host(name: string): SimHost {
    return this.#fabric.host(name);
  }

  /** Cuts two hosts off from each other: what they send is lost, until {@link SimNetwork.heal}. @throws `InvalidInputError` */
  partition(a: SimHost, b: SimHost, options?: PartitionOptions): void {
    checkHosts(this.#fabric, 'partition', a, b);
    this.#fabric.partition(a, b, options);
  }

  /** Ends the partitions between two hosts, or all partitions. @throws `InvalidInputError` */
  heal(a?: SimHost, b?: SimHost): void {
    checkAnyHosts(this.#fabric, 'heal', a, b);
    this.#fabric.heal(a, b);
  }

  /** Delays what two hosts send each other, without loss or timeout, until {@link SimNetwork.release}. @throws `InvalidInputError` */
  hold(a: SimHost, b: SimHost): void {
    checkHosts(this.#fabric, 'hold', a, b);
    this.#fabric.hold(a, b);
  }

  /** Delivers what was held back between two hosts, or everywhere. @throws `InvalidInputError` */
  release(a?: SimHost, b?: SimHost): void {
    checkAnyHosts(this.#fabric, 'release', a, b);
    this.#fabric.release(a, b);
  }

  /** The pending waits on its clock: on streams, listeners, attempts to connect, and what tasks meet at, as channels. */
  get waits(): readonly SimWait[] {
    return this.#fabric.waits;
  }

  /** The open ends of connections, as `local → remote`: the network's `netstat`. */
  get openStreams(): readonly string[] {
    return this.#fabric.openStreams;
  }
}

/** The inside of a network, for the simulation that drives it. */
export function fabricOf(network: SimNetwork): Fabric {
  return unwrap(network);
}
