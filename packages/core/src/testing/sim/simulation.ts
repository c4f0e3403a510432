/** What a simulated program receives: its world, without what drives it. */

import type { Trace } from './network/trace.ts';
import type { PartitionOptions, SimHost } from './network/types.ts';
import type { Properties } from './properties.ts';
import type { Simulation } from './options.ts';

/** The parts of a run that its program sees as they are. */
export type WorldParts = Pick<Simulation, 'seed' | 'clock' | 'random' | 'executor' | 'network'>;

export function simulationOf(
  parts: WorldParts,
  trace: Trace,
  { always, sometimes, reachable }: Properties,
): Simulation {
  const { network } = parts;
  return Object.freeze({
    ...parts,
    host: (name: string) => network.host(name),
    partition: (a: SimHost, b: SimHost, how?: PartitionOptions) => {
      network.partition(a, b, how);
    },
    heal: (a?: SimHost, b?: SimHost) => {
      network.heal(a, b);
    },
    hold: (a: SimHost, b: SimHost) => {
      network.hold(a, b);
    },
    release: (a?: SimHost, b?: SimHost) => {
      network.release(a, b);
    },
    always,
    sometimes,
    reachable,
    log: (line: string) => {
      trace.record('log', line);
    },
  });
}
