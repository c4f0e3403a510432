/** What a simulated program receives: its world, without what drives it. */

import { checkValue, rules } from '../../vocabulary/check.ts';
import { faultCalls } from './fault-calls.ts';
import { isGone } from './hosts/context.ts';
import { fabricOf } from './network/network.ts';
import type { Trace } from './wire/trace.ts';
import type { Properties } from './properties.ts';
import type { Simulation } from './options.ts';

/** The parts of a run that its program sees as they are. */
export type WorldParts = Pick<Simulation, 'seed' | 'clock' | 'random' | 'executor' | 'network'>;

export function simulationOf(
  { seed, clock, random, executor, network }: WorldParts,
  trace: Trace,
  { always, sometimes, reachable }: Properties,
): Simulation {
  // Not by a spread, which makes an object that is slow to make and to read: there is one for each run.
  return Object.freeze(
    Object.assign(faultCalls(fabricOf(network)), {
      seed,
      clock,
      random,
      executor,
      network,
      host: (name: string) => network.host(name),
      always,
      sometimes,
      reachable,
      log: (line: string) => {
        checkValue('log', 'line', line, rules.string);
        if (!isGone()) trace.record('log', line);
      },
    }),
  );
}
