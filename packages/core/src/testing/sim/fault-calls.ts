/** What the program of a run can do to its network and hosts: faults for a link or a time, single connections, rules. */

import {
  checkOptions,
  checkValue,
  rules,
  type OptionRule,
  type OptionTable,
} from '../../vocabulary/check.ts';
import type { SimConnection } from './wire/connection.ts';
import type { Fabric } from './network/fabric.ts';
import { checkAnyHosts, checkHosts, hostOf } from './network/host-of.ts';
import type { SimLinkFaults } from './wire/fault-book.ts';
import { rangeRule, SIM_FAULTS } from './wire/faults.ts';
import { SimStream } from './wire/stream.ts';
import { SimUnixStream } from './unix/unix-stream.ts';
import { PARTITION_OPTIONS, type PartitionOptions, type SimHost } from './network/types.ts';
import type { SimDns } from './names/names.ts';
import type { PacketMatch, SimBarrier, SimHold, SimRule } from './rules/types.ts';

/** The way between two hosts, from {@link Simulation.link}. */
export interface SimLink {
  /**
   * Sets faults for this link; those that are not given stay as they were.
   *
   * @returns Ends them.
   * @throws `InvalidInputError`.
   */
  faults(faults: SimLinkFaults): SimHold;
  /** As {@link SimLink.faults}, for a time in milliseconds. */
  during(milliseconds: number, faults: SimLinkFaults): SimHold;
}

/** What the program of a run can do to its world. */
export interface FaultCalls {
  /** The name service: several hosts for one name, which may change. */
  readonly dns: SimDns;
  /** See {@link SimNetwork.partition}. */
  partition(a: SimHost, b: SimHost, options?: PartitionOptions): void;
  /** See {@link SimNetwork.heal}. */
  heal(a?: SimHost, b?: SimHost): void;
  /** See {@link SimNetwork.hold}. */
  hold(a: SimHost, b: SimHost): void;
  /** See {@link SimNetwork.release}. */
  release(a?: SimHost, b?: SimHost): void;
  /**
   * The way between two hosts, in both directions or, with `oneWay`, from the first to the second: to set faults for it alone.
   *
   * @throws `InvalidInputError`.
   */
  link(a: SimHost, b: SimHost, options?: PartitionOptions): SimLink;
  /**
   * Sets faults everywhere, for a time in milliseconds or until they are released; those that are not given stay as they were.
   *
   * @throws `InvalidInputError`.
   */
  during(milliseconds: number, faults: SimLinkFaults): SimHold;
  /**
   * Makes a connection, by one of its streams, or all between two hosts silent for good: nothing arrives any more, and neither end is
   * notified before it gives up.
   *
   * @throws `InvalidInputError`.
   */
  silence(connection: SimStream | SimUnixStream): void;
  silence(a: SimHost, b: SimHost): void;
  /** Resets a connection, by one of its streams, or all between two hosts: both ends see `ECONNRESET`. @throws `InvalidInputError` */
  reset(connection: SimStream | SimUnixStream): void;
  reset(a: SimHost, b: SimHost): void;
  /**
   * Ends everything that is wrong, to check that a program recovers: no fault happens by chance any more, rules and faults that were
   * set are ended, partitions are healed, what was held is released, and hosts that are down start again. Clocks stay as they are.
   */
  quiet(): void;
  /** Loses packets that match. TCP sends them again, until the rule is released or the connection gives up. @throws `InvalidInputError` */
  drop(match: PacketMatch): SimRule;
  /** Makes packets that match, when they are sent, arrive later by some milliseconds. @throws `InvalidInputError` */
  delay(match: PacketMatch, milliseconds: number): SimRule;
  /**
   * Holds packets that match when they arrive, and what is behind them on their connection, until it is released: to make
   * something happen at a point that only the network knows.
   *
   * @throws `InvalidInputError`.
   */
  barrier(match: PacketMatch): SimBarrier;
}

const LINK_FAULTS: OptionTable<SimLinkFaults> = { ...SIM_FAULTS, latency: rangeRule };

const timeRule: OptionRule = {
  expected: 'a number of milliseconds above 0',
  accepts: (value) => rules.milliseconds.accepts(value) && value !== 0,
};

/** The calls of one run. */
export function faultCalls(fabric: Fabric): FaultCalls {
  const set = (
    operation: string,
    faults: SimLinkFaults,
    concerns: ((from: object, to: object) => boolean) | undefined,
    milliseconds: number,
  ): SimHold => {
    checkOptions(operation, faults, LINK_FAULTS);
    checkValue(operation, 'milliseconds', milliseconds, timeRule);
    const release = fabric.faults.add(faults, concerns);
    if (milliseconds !== Infinity) fabric.clock.schedule(release, milliseconds).unref();
    return { release, [Symbol.dispose]: release };
  };
  const each = (
    operation: string,
    a: SimStream | SimUnixStream | SimHost,
    b: SimHost | undefined,
    act: (connection: SimConnection) => void,
  ): void => {
    const found = fabric.connections.filter(
      a instanceof SimStream || a instanceof SimUnixStream
        ? ({ ends }) => ends.some(({ stream }) => stream === a)
        : between(hostOf(fabric, operation, 'a', a), hostOf(fabric, operation, 'b', b)),
    );
    for (const connection of found) act(connection);
  };
  return {
    dns: fabric.names,
    partition: (a, b, options) => {
      checkHosts(fabric, 'partition', a, b);
      fabric.partition(a, b, options);
    },
    heal: (a, b) => {
      checkAnyHosts(fabric, 'heal', a, b);
      fabric.heal(a, b);
    },
    hold: (a, b) => {
      checkHosts(fabric, 'hold', a, b);
      fabric.hold(a, b);
    },
    release: (a, b) => {
      checkAnyHosts(fabric, 'release', a, b);
      fabric.release(a, b);
    },
    link: (a, b, options = {}) => {
      checkOptions('link', options, PARTITION_OPTIONS);
      const [from, to] = [hostOf(fabric, 'link', 'a', a), hostOf(fabric, 'link', 'b', b)];
      const concerns = (start: object, end: object): boolean =>
        (start === from && end === to) || (options.oneWay !== true && start === to && end === from);
      return {
        faults: (faults) => set('faults', faults, concerns, Infinity),
        during: (milliseconds, faults) => set('during', faults, concerns, milliseconds),
      };
    },
    during: (milliseconds, faults) => set('during', faults, undefined, milliseconds),
    silence: (a: SimStream | SimUnixStream | SimHost, b?: SimHost) => {
      each('silence', a, b, (connection) => {
        fabric.silence(connection);
      });
    },
    reset: (a: SimStream | SimUnixStream | SimHost, b?: SimHost) => {
      each('reset', a, b, (connection) => {
        fabric.reset(connection);
      });
    },
    quiet: () => {
      fabric.quiet();
    },
    drop: (match) => fabric.rules.drop(match),
    delay: (match, milliseconds) => fabric.rules.delay(match, milliseconds),
    barrier: (match) => fabric.rules.barrier(match),
  };
}

function between(a: object, b: object): (connection: SimConnection) => boolean {
  return ({ client, server }) =>
    (client.host === a && server.host === b) || (client.host === b && server.host === a);
}
