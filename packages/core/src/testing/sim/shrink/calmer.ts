/**
 * Samples that are calmer than a run that failed: swarm once more, on what the run consists of.
 *
 * Taking decisions out one after another stops at a list of which each decision matters, which may be long: what breaks a
 * program is often two or three faults at certain moments, and dozens of delays that only bring the moments about. A sample has few
 * delays, or none, and faults of some of the kinds at other moments; one of many fails as well.
 */

import { KIND, KIND_NAMES, type DecisionKind } from '../decisions/kinds.ts';
import { placeOf, type Decision } from '../decisions/log.ts';
import { listFor } from '../decisions/sample.ts';
import type { Random } from '../../../vocabulary/random.ts';

/** What happens all the time on a network that works. */
const NOISE: ReadonlySet<DecisionKind> = new Set<DecisionKind>([
  KIND.latency,
  KIND.acknowledge,
  KIND.split,
  KIND.merge,
  KIND.window,
  KIND.partialWrite,
  KIND.stall,
  KIND.handshake,
  KIND.priority,
  KIND.fallBehind,
  KIND.diskLatency,
]);

/** What only says how something else happens. */
const DETAILS: ReadonlySet<DecisionKind> = new Set<DecisionKind>([
  KIND.retransmit,
  KIND.release,
  KIND.partitionSide,
  KIND.loseWrite,
  KIND.tearWrite,
  KIND.loseNames,
]);

/** The parts of the noise that are tried. */
const NOISES = [0, 0, 1 / 32, 1 / 8, 1 / 2] as const;
const MOST_NUMBERS = 0xffff_ffff;

/** Draws a list that stands for a sample of the kinds of a run. */
export function calmerSample(run: readonly Decision[], random: Random): readonly Decision[] {
  const kinds = new Set(run.map(({ key }) => placeOf(key)?.kind));
  const noise = NOISES[random.integer(0, NOISES.length - 1)] as number;
  const densities = KIND_NAMES.map((_, number) => {
    const kind = number as DecisionKind;
    if (!kinds.has(kind)) return 0;
    if (DETAILS.has(kind)) return random.chance(0.75) ? 1 : 0;
    if (random.chance(0.5)) return 0;
    return NOISE.has(kind) ? noise : 1;
  });
  const number = random.chance(0.25) ? 0 : random.integer(1, MOST_NUMBERS);
  return listFor({ number, densities });
}
