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
/** By how many places a fault moves at most. */
const REACHES = [0, 0, 1, 3, 8] as const;
const MOST_NUMBERS = 0xffff_ffff;

/** In longer runs nothing is moved: one fault that no longer happens where it has to is enough for another run. */
const MOST_MOVED = 40;
/** How likely a fault stays where a candidate has moved others. */
const STAYS = 0.85;
/** By how much a fault lasts longer in it, or shorter. */
const FACTORS = [0.5, 1, 1, 1, 2] as const;

/** Draws a candidate that may be calmer than a run. */
export function calmerThan(run: readonly Decision[], random: Random): readonly Decision[] {
  const isLong = run.length > MOST_MOVED;
  return isLong || random.chance(0.5) ? sampleFor(run, random) : movedIn(run, random);
}

/** A list that stands for a sample of the kinds of a run. */
function sampleFor(run: readonly Decision[], random: Random): readonly Decision[] {
  const kinds = new Set(run.map(({ key }) => placeOf(key)?.kind));
  const noise = pick(NOISES, random);
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

/** The faults of a run at moments nearby, with a part of its noise: as the noise goes, so do the moments. */
function movedIn(run: readonly Decision[], random: Random): readonly Decision[] {
  const noise = pick(NOISES, random);
  return run.flatMap((decision) => {
    const place = placeOf(decision.key);
    if (place === undefined) return [];
    const { subject, kind, ordinal } = place;
    if (NOISE.has(kind)) return random.chance(noise) ? [decision] : [];
    if (!random.chance(STAYS)) return [];
    const reach = pick(REACHES, random);
    const at = Math.max(0, ordinal + random.integer(-reach, reach));
    const value = Math.max(1, Math.round(decision.value * pick(FACTORS, random)));
    return [{ key: `${subject} / ${KIND_NAMES[kind]} / ${at}`, value }];
  });
}

function pick(list: readonly number[], random: Random): number {
  return list[random.integer(0, list.length - 1)] as number;
}
