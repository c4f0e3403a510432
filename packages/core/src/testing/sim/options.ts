/** Options of a simulation, and what its program receives. */

import { invalidInput } from '../../vocabulary/errors.ts';
import type { Executor } from '../../tasks/executor.ts';
import type { Random } from '../../vocabulary/random.ts';
import type { SimClock } from './network/clock.ts';
import type { Range, SimFaults } from './network/faults.ts';
import type { SimNetwork } from './network/network.ts';
import type { PartitionOptions, SimHost } from './network/types.ts';

/** Options of {@link simulate}. */
export interface SimulationOptions {
  /** The seed of everything that is drawn: a whole number from 0. @default 0 */
  readonly seed?: number | undefined;
  /** Virtual milliseconds that the run may take. @default 60000 */
  readonly deadline?: number | undefined;
  /** How long a segment travels, in milliseconds: drawn from `[min, max]`. @default [1, 50] */
  readonly latency?: Range | undefined;
  /** Which faults happen, and how often. @default only what TCP does to correct connections, see {@link SimFaults} */
  readonly faults?: SimFaults | undefined;
  /** See {@link SimNetworkOptions.giveUpAfter}. @default 30000 */
  readonly giveUpAfter?: number | undefined;
  /** The most events of a run, to stop programs that never become idle. @default 1000000 */
  readonly maxEvents?: number | undefined;
}

/** The world of a simulated program. */
export interface Simulation {
  readonly seed: number;
  readonly clock: SimClock;
  /** Random numbers for the program, from the run's seed; the network draws from another generator. */
  readonly random: Random;
  readonly executor: Executor;
  readonly network: SimNetwork;
  /** The host of that name; it is made when it is first asked for. */
  host(name: string): SimHost;
  /** See {@link SimNetwork.partition}. */
  partition(a: SimHost, b: SimHost, options?: PartitionOptions): void;
  /** See {@link SimNetwork.heal}. */
  heal(a?: SimHost, b?: SimHost): void;
  /** See {@link SimNetwork.hold}. */
  hold(a: SimHost, b: SimHost): void;
  /** See {@link SimNetwork.release}. */
  release(a?: SimHost, b?: SimHost): void;
  /** Writes a line into the trace, which also makes it part of the hash. */
  log(line: string): void;
}

/** A simulated program. */
export type SimulatedMain = (sim: Simulation) => Promise<void> | void;

export const DEFAULT_DEADLINE = 60_000;
export const DEFAULT_MAX_EVENTS = 1_000_000;

/** @throws `InvalidInputError` */
export function checkOptions(options: SimulationOptions): SimulationOptions {
  const { seed = 0, deadline = DEFAULT_DEADLINE, maxEvents = DEFAULT_MAX_EVENTS } = options;
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw invalidInput('simulate', 'seed', 'a whole number from 0', seed);
  }
  if (typeof deadline !== 'number' || !(deadline > 0)) {
    throw invalidInput('simulate', 'deadline', 'a number of milliseconds above 0', deadline);
  }
  if (!Number.isInteger(maxEvents) || maxEvents < 1) {
    throw invalidInput('simulate', 'maxEvents', 'a whole number from 1', maxEvents);
  }
  return options;
}
