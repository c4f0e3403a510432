/** What a simulation has to say: the run, or why it failed and how to see it fail again. */

import type { SimClock } from './clock.ts';
import { formatTrace, type TraceEntry } from './trace.ts';
import type { SimWait } from './world.ts';

/** A run that went well. */
export interface SimulationRun {
  /** What the run was drawn from. */
  readonly seed: number;
  /** Sixteen digits that stand for everything that happened: same seed and same program, same hash. */
  readonly hash: string;
  /** When the run ended, in virtual milliseconds. */
  readonly virtualTime: number;
  /** How many events it took. */
  readonly events: number;
  /** The last 10,000 things that happened, or more. */
  readonly trace: readonly TraceEntry[];
}

/** Why a simulation failed. */
export type FailureKind =
  | 'deadlock'
  | 'deadline'
  | 'events'
  | 'forbidden call'
  | 'main'
  | 'pending'
  | 'task'
  | 'unhandled rejection';

/** Who waits for what, when a run fails. */
export interface Pending {
  readonly main: boolean;
  readonly tasks: readonly string[];
  readonly waits: readonly SimWait[];
  /** Timers and events that are still to come, and when the next is due. */
  readonly timers: number;
  readonly nextTimer: number | undefined;
}

/** How many of the last trace entries a failure's message shows. */
const SHOWN_ENTRIES = 12;
/** How many waits it shows. */
const SHOWN_WAITS = 30;

/** A simulation failed: the message says when, who waits on what, and how to replay it. */
export class SimulationError extends Error {
  override name = 'SimulationError';
  readonly kind: FailureKind;
  readonly seed: number;
  /** When it failed, in virtual milliseconds. */
  readonly virtualTime: number;
  readonly hash: string;
  readonly pending: Pending;
  readonly trace: readonly TraceEntry[];

  constructor(
    kind: FailureKind,
    what: string,
    run: Omit<SimulationRun, 'events'>,
    pending: Pending,
    cause: unknown,
  ) {
    super(describe(what, run, pending), cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.seed = run.seed;
    this.virtualTime = run.virtualTime;
    this.hash = run.hash;
    this.trace = run.trace;
    this.pending = pending;
  }
}

function describe(what: string, run: Omit<SimulationRun, 'events'>, pending: Pending): string {
  return [
    `simulation with seed ${run.seed} failed at ${run.virtualTime.toFixed(3)} ms: ${what}`,
    'who waits:',
    ...describePending(pending, run.virtualTime).map((line) => `  ${line}`),
    'what happened last:',
    formatTrace(run.trace.slice(-SHOWN_ENTRIES)),
    `replay it: simulate({ …the same options, seed: ${run.seed} }, main), or AWAITIO_SEED=${run.seed} with simulateSeeds`,
  ].join('\n');
}

function describePending(pending: Pending, now: number): string[] {
  const lines: string[] = [];
  if (pending.main) lines.push('main has not finished');
  for (const task of pending.tasks) lines.push(`task "${task}" has not finished`);
  for (const { subject, operation, age, task, site } of pending.waits.slice(0, SHOWN_WAITS)) {
    const since = (now - age).toFixed(3);
    const who = task === undefined ? '' : `, task "${task}"`;
    lines.push(`${subject}: ${operation}, since ${since} ms (for ${age.toFixed(3)} ms)${who}`);
    if (site !== undefined) lines.push(site);
  }
  const more = pending.waits.length - SHOWN_WAITS;
  if (more > 0) lines.push(`and ${more} more`);
  if (pending.nextTimer !== undefined) {
    lines.push(
      `${pending.timers} timer(s) or event(s), the next at ${pending.nextTimer.toFixed(3)} ms`,
    );
  }
  return lines.length === 0 ? ['nobody'] : lines;
}

/** Whether something of the program has not ended. */
export function isPending({ main, tasks, waits }: Pending): boolean {
  return main || tasks.length > 0 || waits.length > 0;
}

/** Counts what has not ended. */
export function pendingOf(
  main: boolean,
  tasks: readonly string[],
  waits: readonly SimWait[],
  clock: SimClock,
): Pending {
  return { main, tasks, waits, timers: clock.size, nextTimer: clock.next };
}
