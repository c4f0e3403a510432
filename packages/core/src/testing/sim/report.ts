/** The result of a simulation: the run, or why it failed and how to replay it. */

import type { Decisions } from './decisions/decisions.ts';
import type { Decision } from './decisions/log.ts';
import { describe } from './describe.ts';
import type { SimClock } from './network/clock.ts';
import type { TraceEntry } from './network/trace.ts';
import type { SimWait } from './network/world.ts';
import type { PropertyCount } from './properties.ts';
import type { SimulationOptions } from './options.ts';

/** A successful run. */
export interface SimulationRun {
  /** The seed of the run. */
  readonly seed: number;
  /** Sixteen digits over everything that happened: the same seed and program give the same hash. */
  readonly hash: string;
  /** When the run ended, in virtual milliseconds. */
  readonly virtualTime: number;
  /** The number of events. */
  readonly events: number;
  /** The last entries of the trace, at least 10,000 if there were so many. */
  readonly trace: readonly TraceEntry[];
  /** How often its properties held: see {@link Simulation.always}. */
  readonly properties: readonly PropertyCount[];
  /** What happened by chance, in order: with it as an option, the run can be repeated. At most a million. */
  readonly decisions: readonly Decision[];
}

/** A run, which makes text of its decisions when they are asked for: most are read by no program. */
export class FinishedRun implements SimulationRun {
  readonly #decisions: Decisions;
  readonly seed: number;
  readonly hash: string;
  readonly virtualTime: number;
  readonly events: number;
  readonly trace: readonly TraceEntry[];
  readonly properties: readonly PropertyCount[];

  constructor(decisions: Decisions, facts: Omit<SimulationRun, 'decisions'>) {
    this.#decisions = decisions;
    this.seed = facts.seed;
    this.hash = facts.hash;
    this.virtualTime = facts.virtualTime;
    this.events = facts.events;
    this.trace = facts.trace;
    this.properties = facts.properties;
    Object.freeze(this);
  }

  get decisions(): readonly Decision[] {
    return this.#decisions.read();
  }
}

/** Why a simulation failed. */
export type FailureKind =
  | 'always'
  | 'deadlock'
  | 'deadline'
  | 'events'
  | 'forbidden call'
  | 'main'
  | 'pending'
  | 'real work'
  | 'task'
  | 'unhandled rejection';

/** Everything that is pending when a run fails. */
export interface Pending {
  readonly main: boolean;
  readonly tasks: readonly string[];
  readonly waits: readonly SimWait[];
  /** The number of pending timers and events, and the time of the next. */
  readonly timers: number;
  readonly nextTimer: number | undefined;
}

/** Why a run failed, and how it was run. */
export interface FailureFacts {
  readonly kind: FailureKind;
  /** The reason, without its time: `Error: expected 3, got 4`. */
  readonly what: string;
  readonly cause: unknown;
  readonly pending: Pending;
  readonly options: SimulationOptions;
}

/** A failed simulation: the message says when it failed, what is pending, what chance did, and how to replay it. */
export class SimulationError extends Error {
  override name = 'SimulationError';
  readonly kind: FailureKind;
  /** The reason alone: `Error: expected 3, got 4`. */
  readonly what: string;
  readonly seed: number;
  /** When it failed, in virtual milliseconds. */
  readonly virtualTime: number;
  readonly hash: string;
  readonly pending: Pending;
  readonly trace: readonly TraceEntry[];
  readonly properties: readonly PropertyCount[];
  /** The options of the run. */
  readonly options: SimulationOptions;
  readonly #run: SimulationRun;

  constructor(run: SimulationRun, facts: FailureFacts) {
    const { kind, what, cause, pending, options } = facts;
    super(describe(run, facts), cause === undefined ? undefined : { cause });
    this.#run = run;
    this.kind = kind;
    this.what = what;
    this.seed = run.seed;
    this.virtualTime = run.virtualTime;
    this.hash = run.hash;
    this.trace = run.trace;
    this.properties = run.properties;
    this.pending = pending;
    this.options = options;
  }

  /** What happened by chance: see {@link SimulationRun.decisions}. */
  get decisions(): readonly Decision[] {
    return this.#run.decisions;
  }
}

/** Whether anything of the program has not ended. */
export function isPending({ main, tasks, waits }: Pending): boolean {
  return main || tasks.length > 0 || waits.length > 0;
}

/** Collects what has not ended. */
export function pendingOf(
  main: boolean,
  tasks: readonly string[],
  waits: readonly SimWait[],
  clock: SimClock,
): Pending {
  return { main, tasks, waits, timers: clock.size, nextTimer: clock.next };
}
