/** The result of a simulation: the run, or why it failed and how to replay it. */

import type { Decisions } from './decisions/decisions.ts';
import type { Decision } from './decisions/log.ts';
import { describe } from './describe.ts';
import type { SimClock } from './wire/clock.ts';
import type { SimFaults } from './wire/faults.ts';
import type { TraceEntry } from './wire/trace.ts';
import type { FailureFacts, FailureKind, Pending, Shrinking, SimulationRun } from './run.ts';
import type { SimWait } from './wire/world.ts';
import type { PropertyCount } from './properties.ts';
import type { SimulationOptions } from './options.ts';
import { recordSimulation, type SimulationRecording } from './page/recording.ts';
import { writePage } from './page/write-page.ts';

/** A run, which makes text of its decisions when they are asked for: most are read by no program. */
export class FinishedRun implements SimulationRun {
  readonly #decisions: Decisions;
  readonly seed: number;
  readonly hash: string;
  readonly virtualTime: number;
  readonly events: number;
  readonly trace: readonly TraceEntry[];
  readonly properties: readonly PropertyCount[];
  readonly faults: SimFaults | undefined;

  constructor(decisions: Decisions, facts: Omit<SimulationRun, 'decisions'>) {
    this.#decisions = decisions;
    this.seed = facts.seed;
    this.hash = facts.hash;
    this.virtualTime = facts.virtualTime;
    this.events = facts.events;
    this.trace = facts.trace;
    this.properties = facts.properties;
    this.faults = facts.faults;
    Object.freeze(this);
  }

  get decisions(): readonly Decision[] {
    return this.#decisions.read();
  }
}

let withShrinking: (error: SimulationError, shrinking: Shrinking) => SimulationError;

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
  readonly #facts: FailureFacts;

  static {
    withShrinking = (error, shrinking) =>
      new SimulationError(error.#run, { ...error.#facts, shrinking });
  }

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
    this.#facts = facts;
    hide(this, ['what', 'pending', 'trace', 'properties', 'options']);
  }

  /** What happened, as the file that the viewer opens: see docs/recordings.md. */
  get recording(): SimulationRecording {
    const { kind, what, cause, pending, segments } = this.#facts;
    const { seed, hash, virtualTime, trace, decisions } = this;
    const facts = { kind, what, cause, pending, seed, hash, virtualTime, trace, decisions };
    return recordSimulation({ ...facts, ...segments });
  }

  /**
   * Writes a page that shows what happened: a lane for each host, messages as arrows with their bytes, faults, what still waits. It
   * needs nothing else, and holds the bytes of the run. Beside it goes the same for ui.perfetto.dev, as `.perfetto.json`.
   *
   * @param path - Where: `failure.html`. A file that is there is replaced; its folder is made.
   * @throws What the file system says.
   */
  async writePage(path: string): Promise<void> {
    await writePage(path, this.recording);
  }

  /** As text it is its message and its stack: Vitest prints what this gives, and everything that it can read without it. */
  toJSON(): PrintedError {
    return printed(this);
  }

  /** The number of events. */
  get events(): number {
    return this.#run.events;
  }

  /** What happened by chance: see {@link SimulationRun.decisions}. */
  get decisions(): readonly Decision[] {
    return this.#run.decisions;
  }
}

/** @returns the same failure, whose message says how far shrinking came */
export function tellShrinking(error: SimulationError, shrinking: Shrinking): SimulationError {
  return withShrinking(error, shrinking);
}

/** Leaves fields out where an error is printed: its message has what a reader needs of them. */
export function hide(error: Error, names: readonly string[]): void {
  for (const name of names) Object.defineProperty(error, name, { enumerable: false });
}

/** What is left of an error as JSON, and in the output of test runners that print all properties. */
export interface PrintedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** Takes the parts of an error that are printed. */
export function printed({ name, message, stack }: Error): PrintedError {
  return { name, message, stack };
}

/** Collects what has not ended. */
export function pendingOf(
  main: boolean,
  tasks: readonly string[],
  waits: readonly SimWait[],
  crashed: readonly string[],
  clock: SimClock,
): Pending {
  return { main, tasks, waits, timers: clock.size, nextTimer: clock.next, crashed };
}
