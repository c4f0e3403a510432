/**
 * Swarm testing: each seed has other faults, and of other strengths.
 *
 * Where all faults happen all the time, some of them hide others: a run that crashes early never gets to what a late reset
 * breaks. So each seed draws which faults there are, each with an even chance, and how strong they are, from rare to often. What is
 * given explicitly is the most of a fault: 0 is never. (Groce and others, Swarm Testing, ISSTA 2012.)
 */

import { seededRandom, type Random } from '../../vocabulary/random.ts';
import { NO_BREAKAGE, type SimFaults } from './wire/faults.ts';
import type { SimulationFaults } from './options.ts';

type Strengths = Partial<Record<keyof SimFaults, readonly [least: number, most: number]>>;

const STRENGTHS: Strengths = {
  split: [0.05, 1],
  merge: [0.1, 1],
  partialWrite: [0.05, 1],
  window: [0.05, 1],
  slowReader: [0.05, 1],
  refuse: [0.01, 0.3],
  reset: [0.001, 0.1],
  halfOpen: [0.001, 0.05],
  partition: [0.001, 0.1],
  crash: [0.001, 0.05],
  pause: [0.001, 0.1],
  skew: [0.2, 1],
  jump: [0.1, 1],
  loseWrites: [0.1, 1],
  tearWrites: [0.1, 1],
  loseDatagrams: [0.01, 0.5],
  duplicateDatagrams: [0.01, 0.3],
  delayDatagrams: [0.02, 0.5],
};

/** Only when they are asked for: few programs survive a disk that fails. */
const ON_REQUEST: Strengths = { diskError: [0.001, 0.1], diskFull: [0.001, 0.1] };

/** A swarm of what TCP, UDP and disks may do to every program: no connection is broken, no host, no clock. */
export const HARMLESS_SWARM: SimulationFaults = Object.freeze({ swarm: true, ...NO_BREAKAGE });

/** The faults of a run: those that are given, or those that its seed draws. */
export function faultsOf(
  seed: number,
  given: SimulationFaults | 'swarm' | undefined,
): { readonly faults: SimFaults | undefined; readonly drawn: SimFaults | undefined } {
  if (given === undefined) return { faults: undefined, drawn: undefined };
  const { swarm = false, ...faults } = given === 'swarm' ? { swarm: true } : given;
  if (!swarm) return { faults, drawn: undefined };
  const drawn = Object.freeze(drawSwarm(seed, faults));
  return { faults: drawn, drawn };
}

/** The faults of a seed. @param given - What the program of the run set: the most of each fault */
function drawSwarm(seed: number, given: SimFaults): SimFaults {
  const random = seededRandom(seed);
  const drawn: Record<string, unknown> = { ...given };
  for (const [name, [least, most]] of Object.entries({ ...STRENGTHS, ...ON_REQUEST })) {
    const exists = random.chance(0.5);
    const strength = between(random, least, most);
    const limit = (given as Record<string, unknown>)[name] ?? (name in ON_REQUEST ? 0 : most);
    drawn[name] = exists ? Math.min(strength, limit as number) : 0;
  }
  return drawn;
}

/** The faults that there are, for a report: `split 0.31, crash 0.004`. */
export function describeFaults(faults: SimFaults): string {
  return Object.entries(faults)
    .filter(([, value]) => typeof value === 'number' && value > 0)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

/** Draws a number as likely between 0.001 and 0.01 as between 0.01 and 0.1; to three digits, which all engines round alike. */
function between(random: Random, least: number, most: number): number {
  let [low, high] = [least, most];
  // By halving the ratio: a logarithm may differ from one engine to the next.
  for (let step = 0; step < 8; step += 1) {
    const middle = Math.sqrt(low * high);
    if (random.chance(0.5)) low = middle;
    else high = middle;
  }
  return Number(low.toPrecision(3));
}
