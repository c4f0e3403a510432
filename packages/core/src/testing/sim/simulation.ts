/** What the program of a simulation receives. */

import type { Executor } from '../../tasks/executor.ts';
import type { Random } from '../../vocabulary/random.ts';
import type { SimNetwork } from './network/network.ts';
import type { Trace } from './network/trace.ts';
import type { Simulation } from './options.ts';

/** The world of the program of a run. */
export function simulationOf(
  seed: number,
  random: Random,
  executor: Executor,
  network: SimNetwork,
  trace: Trace,
): Simulation {
  return Object.freeze({
    seed,
    clock: network.clock,
    random,
    executor,
    network,
    host: (name) => network.host(name),
    partition: (a, b, how) => {
      network.partition(a, b, how);
    },
    heal: (a, b) => {
      network.heal(a, b);
    },
    hold: (a, b) => {
      network.hold(a, b);
    },
    release: (a, b) => {
      network.release(a, b);
    },
    log: (line) => {
      trace.record('log', line);
    },
  } satisfies Simulation);
}
