/**
 * Who goes first of those that are due at one moment of virtual time.
 *
 * As in PCT (Burckhardt and others, "A randomized scheduler with probabilistic guarantees of finding bugs", ASPLOS 2010): what runs
 * has priorities, drawn once, and a few times in a run one of them falls behind all others. So one task can be late again and
 * again, which a new choice for each event would hardly ever give.
 *
 * A *lane* is what has a priority: the program, a task, one direction of a connection. An event belongs to the lane of what
 * scheduled it. Events of one lane keep their order, since a rank only ever grows: a program may rely on it, as on Node's timers.
 */

import type { Decisions } from './decisions.ts';
import type { Draws } from './draws.ts';
import { KIND } from './kinds.ts';

/** What has a priority. */
export interface Lane {
  readonly draws: Draws;
  /** Lower goes first. */
  rank: number;
}

const LAST_PRIORITY = 7;
/** How likely an event makes its lane fall behind, in thousandths: one of these for each run. */
const DEMOTIONS = [0, 10, 50, 200] as const;

export class Order {
  readonly #decisions: Decisions;
  readonly #lanes = new Map<string, Lane>();
  readonly #demotion: number;
  #last = LAST_PRIORITY;
  /** The lane of what runs now. */
  current: Lane;

  constructor(decisions: Decisions) {
    this.#decisions = decisions;
    const index = decisions.of('order').tilt(KIND.fallBehind, 0, 0, DEMOTIONS.length - 1);
    this.#demotion = (DEMOTIONS[index] as number) / 1_000;
    this.current = this.lane('main');
  }

  /** The lane of a subject; the same for the same name. */
  lane(subject: string): Lane {
    let lane = this.#lanes.get(subject);
    if (lane === undefined) {
      const draws = this.#decisions.of(subject);
      lane = { draws, rank: draws.integer(KIND.priority, 0, LAST_PRIORITY) };
      this.#lanes.set(subject, lane);
    }
    return lane;
  }

  /** The rank of a new event of a lane. */
  rankOf(lane: Lane): number {
    if (lane.draws.chance(KIND.fallBehind, this.#demotion)) {
      this.#last += 1;
      lane.rank = this.#last;
    }
    return lane.rank;
  }
}
