/** What is known of a run: its result, or why it failed and what was pending. */

import type { Decision } from './decisions/log.ts';
import type { SimFaults } from './wire/faults.ts';
import type { Delivery, TraceEntry } from './wire/trace.ts';
import type { SimWait } from './wire/world.ts';
import type { SimulationOptions } from './options.ts';
import type { PropertyCount } from './properties.ts';

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
  /** The faults that the seed has drawn, of a run with `swarm`. */
  readonly faults?: SimFaults | undefined;
  /** What happened by chance, in order: with it as an option, the run can be repeated. At most a million. */
  readonly decisions: readonly Decision[];
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
  | 'uncaught exception'
  | 'unhandled rejection';

/** Everything that is pending when a run fails. */
export interface Pending {
  readonly main: boolean;
  readonly tasks: readonly string[];
  readonly waits: readonly SimWait[];
  /** The number of pending timers and events, and the time of the next. */
  readonly timers: number;
  readonly nextTimer: number | undefined;
  /** The hosts that have crashed in the run, also those that were restarted. */
  readonly crashed: readonly string[];
}

/** Shrinking that ended before everything was tried. */
export interface Shrinking {
  /** The number of decisions of the failure that was to be shrunk. */
  readonly before: number;
  /** What ended it, and its value. */
  readonly budget: 'maxRuns' | 'maxTime';
  readonly limit: number;
}

/** Why a run failed, and how it was run. */
export interface FailureFacts {
  readonly kind: FailureKind;
  /** The reason, without its time: `Error: expected 3, got 4`. */
  readonly what: string;
  readonly cause: unknown;
  readonly pending: Pending;
  /** The segments that arrived, as far as they are kept, and those that did not. */
  readonly segments: {
    readonly deliveries: readonly Delivery[];
    readonly inFlight: readonly Delivery[];
  };
  readonly options: SimulationOptions;
  /** Of a failure that was shrunk, if that was not complete. */
  readonly shrinking?: Shrinking | undefined;
}
