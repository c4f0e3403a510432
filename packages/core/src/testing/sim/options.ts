/** Options of a simulation, and what its program receives. */

import { checkFunction, checkOptions, rules, type OptionTable } from '../../vocabulary/check.ts';
import type { Executor } from '../../tasks/executor.ts';
import type { Random } from '../../vocabulary/random.ts';
import type { Decision } from './decisions/log.ts';
import type { RealWork } from './guard/allowed.ts';
import type { SimClock } from './wire/clock.ts';
import { SIM_FAULTS, type Range, type SimFaults } from './wire/faults.ts';
import type { FaultCalls } from './fault-calls.ts';
import type { SimNetwork } from './network/network.ts';
import { SIM_NETWORK_OPTIONS, type SimHost } from './network/types.ts';

/** Faults of a run. */
export interface SimulationFaults extends SimFaults {
  /** Each seed draws which faults there are, and how strong; a number that is given is the most of its fault. @default false */
  readonly swarm?: boolean | undefined;
}

/** Options of {@link simulate}. */
export interface SimulationOptions {
  /** The seed of everything that is drawn: a whole number from 0. @default 0 */
  readonly seed?: number | undefined;
  /**
   * Virtual milliseconds that the run may take. A program that has not finished by then has failed. One that has finished, and has left an
   * interval running, ends then without a failure, and `virtualTime` is the deadline: clear the interval, or `unref` it. @default 60000
   */
  readonly deadline?: number | undefined;
  /**
   * Repeats a run: nothing happens on the network but these decisions, as {@link SimulationRun.decisions} has them. Everything
   * else takes the value of a calm network, whatever the seed, which is then only that of `random`. @default drawn from the seed
   */
  readonly decisions?: readonly Decision[] | undefined;
  /** How long a segment travels, in milliseconds: drawn from `[min, max]`. @default [1, 50] */
  readonly latency?: Range | undefined;
  /**
   * Which faults happen, and how often. `'swarm'` or `{ swarm: true }`: each seed draws which, and how often, and what is given
   * is the most of each. @default only what TCP, UDP and disks do to correct programs, see {@link SimFaults}
   */
  readonly faults?: SimulationFaults | 'swarm' | undefined;
  /** See {@link SimNetworkOptions.giveUpAfter}. @default 30000 */
  readonly giveUpAfter?: number | undefined;
  /**
   * Who goes first of what is due at one moment of virtual time, tasks that begin, timers and deliveries: who was first, or who
   * the seed chooses. What one task, or one direction of a connection, does keeps its order. @default 'first'
   */
  readonly order?: 'first' | 'seed' | undefined;
  /**
   * The folder for a page of a run that fails: see {@link SimulationError.writePage}. The run is repeated for it with `traceWaits` on, so
   * that the page says which task waits in which line. `false` is for no page. @default the
   * environment's `AWAITIO_PAGES`; no page without it
   */
  readonly pages?: string | false | undefined;
  /** The most events of a run, to stop programs that never become idle. @default 1000000 */
  readonly maxEvents?: number | undefined;
  /**
   * Real work that is allowed, and refused otherwise, since its result depends on more than the seed: `files` for `node:fs` (as long as
   * the files are the same), `zlib` for compression, `crypto` for `scrypt`, `pbkdf2`, `hkdf` and `crypto.subtle`. Virtual time
   * stands still until it has ended, and it ends in the order in which it was begun. @default none
   */
  readonly allow?: readonly RealWork[] | undefined;
}

/** The world of a simulated program. */
export interface Simulation extends FaultCalls {
  readonly seed: number;
  readonly clock: SimClock;
  /** Random numbers for the program, from the run's seed; the network draws from another generator. */
  readonly random: Random;
  readonly executor: Executor;
  readonly network: SimNetwork;
  /** The host of that name; it is made when it is first asked for. */
  host(name: string): SimHost;
  /** A condition that must hold each time that the run comes here; when it is false, the run fails, of kind `always`. */
  always(condition: boolean, name: string): void;
  /** A condition that must hold in some run of many seeds: see {@link SeedsOptions}. */
  sometimes(condition: boolean, name: string): void;
  /** A place that some run of many seeds must reach, if {@link SeedsOptions.mustReach} names it. */
  reachable(name: string): void;
  /** Writes a line into the trace, which also makes it part of the hash. */
  log(line: string): void;
}

/** A simulated program. */
export type SimulatedMain = (sim: Simulation) => Promise<void> | void;

export const DEFAULT_DEADLINE = 60_000;
export const DEFAULT_MAX_EVENTS = 1_000_000;

const WORK: readonly RealWork[] = ['crypto', 'files', 'zlib'];

const { decisions, latency, giveUpAfter } = SIM_NETWORK_OPTIONS;

/** What {@link SimulationOptions} may be. */
export const SIMULATION_OPTIONS: OptionTable<SimulationOptions> = {
  seed: rules.whole(0),
  deadline: {
    expected: 'a number of milliseconds above 0',
    accepts: (value) => typeof value === 'number' && value > 0,
  },
  decisions,
  latency,
  faults: {
    expected: "an object, or 'swarm'",
    accepts: (value) => value === 'swarm' || rules.object.accepts(value),
    options: { ...SIM_FAULTS, swarm: rules.flag },
  },
  giveUpAfter,
  order: rules.oneOf('first', 'seed'),
  pages: {
    expected: 'the path of a folder, or false',
    accepts: (value) => value === false || (typeof value === 'string' && value !== ''),
  },
  maxEvents: rules.whole(1),
  allow: {
    expected: `a list of ${WORK.join(', ')}`,
    accepts: (value) =>
      Array.isArray(value) && value.every((kind) => WORK.includes(kind as RealWork)),
  },
};

/** @throws `InvalidInputError` */
export function checkSimulation(options: SimulationOptions): SimulationOptions {
  checkOptions('simulate', options, SIMULATION_OPTIONS);
  return options;
}

/** Checks what `simulate` is given. @throws `InvalidInputError` */
export function checkRun(options: SimulationOptions, main: SimulatedMain): SimulationOptions {
  checkFunction('simulate', 'main', main);
  return checkSimulation(options);
}
