/** The result of a simulation: the run, or why it failed and how to replay it. */

import type { Decisions } from './decisions/decisions.ts';
import type { Decision } from './decisions/log.ts';
import { isError } from '../../vocabulary/realms.ts';
import type { SimClock } from './network/clock.ts';
import { formatTrace, type TraceEntry } from './network/trace.ts';
import type { SimWait } from './network/world.ts';

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

  constructor(decisions: Decisions, facts: Omit<SimulationRun, 'decisions'>) {
    this.#decisions = decisions;
    this.seed = facts.seed;
    this.hash = facts.hash;
    this.virtualTime = facts.virtualTime;
    this.events = facts.events;
    this.trace = facts.trace;
    Object.freeze(this);
  }

  get decisions(): readonly Decision[] {
    return this.#decisions.read();
  }
}

/** Why a simulation failed. */
export type FailureKind =
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
}

/** The number of trace entries in the message of a failure. */
const SHOWN_ENTRIES = 12;
/** The number of waits in it. */
const SHOWN_WAITS = 30;

/** A failed simulation: the message says when it failed, what is pending, and how to replay it. */
export class SimulationError extends Error {
  override name = 'SimulationError';
  readonly kind: FailureKind;
  readonly seed: number;
  /** When it failed, in virtual milliseconds. */
  readonly virtualTime: number;
  readonly hash: string;
  readonly pending: Pending;
  readonly trace: readonly TraceEntry[];
  readonly #run: SimulationRun;

  constructor(
    kind: FailureKind,
    what: string,
    run: SimulationRun,
    pending: Pending,
    cause: unknown,
  ) {
    super(describe(what, run, pending), cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.#run = run;
    this.seed = run.seed;
    this.virtualTime = run.virtualTime;
    this.hash = run.hash;
    this.trace = run.trace;
    this.pending = pending;
  }

  /** What happened by chance: see {@link SimulationRun.decisions}. */
  get decisions(): readonly Decision[] {
    return this.#run.decisions;
  }
}

function describe(what: string, run: SimulationRun, pending: Pending): string {
  return [
    `simulation with seed ${run.seed} failed at ${run.virtualTime.toFixed(3)} ms: ${what}`,
    'pending:',
    ...describePending(pending, run.virtualTime).map((line) => `  ${line}`),
    'last events:',
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
  return lines.length === 0 ? ['nothing'] : lines;
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

/** How an accept loop that does not iterate ends when the run closes its listener. */
export function isClosedListener(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_LISTENER_CLOSED';
}

export function messageOf(error: unknown): string {
  return isError(error) ? `${error.name}: ${error.message}` : String(error);
}
