/**
 * A failed simulation as a recording: the file that the viewer opens, and that its page holds.
 *
 * It is the format in which an inspector records a process (docs/recordings.md), with other events: messages between hosts, with
 * their bytes, and what happened to the network.
 */

import type { Delivery, TraceEntry } from '../wire/trace.ts';
import type { SimWait } from '../wire/world.ts';

/** Something that happened, at a moment of virtual time, in milliseconds. */
export type SimulationEvent =
  | {
      readonly type: 'message';
      /** When it arrived; null when it never did. */
      readonly at: number | null;
      /** When a fault swallowed it; null for none, and for what was still on its way at the end. */
      readonly lostAt: number | null;
      readonly sent: number;
      /** Hosts. */
      readonly from: string;
      readonly to: string;
      /** `client:49153 → server:7` */
      readonly connection: string;
      readonly what: string;
      readonly size: number;
      /** In base64; null when they are not kept. */
      readonly bytes: string | null;
    }
  | {
      /** `fault`: of the network or a host; `log`: a line of the program; `note`: what else happened. */
      readonly type: 'fault' | 'log' | 'note';
      readonly at: number;
      /** The event of the trace: `partition`, `crash`, `listen`, … */
      readonly what: string;
      readonly text: string;
      readonly hosts: readonly string[];
    };

/** A wait that has not ended. */
export interface RecordedWait {
  readonly since: number;
  readonly operation: string;
  /** What it is on: a connection, a channel. */
  readonly subject: string;
  /** The host that waits; null for what belongs to none. */
  readonly host: string | null;
  readonly task: string | null;
  readonly site: string | null;
}

/** The recording of a simulation. */
export interface SimulationRecording {
  readonly format: 'awaitio-recording';
  readonly version: 1;
  readonly kind: 'simulation';
  readonly simulation: {
    readonly seed: number;
    readonly hash: string;
    /** Milliseconds. */
    readonly virtualTime: number;
    readonly failure: string;
    readonly what: string;
    /** The stack of what was thrown, if something was. */
    readonly stack: string | null;
    /** What happened by chance, in order; with it as an option, the run is repeated. */
    readonly decisions: readonly { readonly key: string; readonly value: number }[];
    /** How many more there were. */
    readonly moreDecisions: number;
    readonly hosts: readonly string[];
    readonly main: boolean;
    readonly tasks: readonly string[];
    readonly waits: readonly RecordedWait[];
    readonly timers: number;
    readonly nextTimer: number | null;
  };
  readonly events: readonly SimulationEvent[];
}

/** What a recording is made of. */
export interface FailedRun {
  readonly seed: number;
  readonly hash: string;
  readonly virtualTime: number;
  readonly kind: string;
  readonly what: string;
  readonly cause: unknown;
  readonly decisions: readonly { readonly key: string; readonly value: number }[];
  readonly pending: {
    readonly main: boolean;
    readonly tasks: readonly string[];
    readonly waits: readonly SimWait[];
    readonly timers: number;
    readonly nextTimer: number | undefined;
  };
  readonly trace: readonly TraceEntry[];
  readonly deliveries: readonly Delivery[];
  readonly inFlight: readonly Delivery[];
}

/** The most decisions in a recording. */
const MOST_DECISIONS = 2_000;

/** Entries that are segments, which deliveries describe. */
const SEGMENTS: ReadonlySet<string> = new Set(['data', 'fin', 'reset', 'ack']);
/** Entries about what a program or its hosts do; all others, but logs, are faults. */
const NOTES: ReadonlySet<string> = new Set(
  'timer connect listen bind dns disk datagram heal heal! release resume restart quiet'.split(' '),
);

/** Entries that are about no host: a name of the name service stands for hosts, and is none. */
const NAMELESS: ReadonlySet<string> = new Set(['log', 'timer', 'dns']);

/** Makes the recording of a failed run. */
export function recordSimulation(run: FailedRun): SimulationRecording {
  const { seed, hash, virtualTime, kind, what, cause, pending } = run;
  const events = eventsOf(run);
  const hosts = hostsOf(run);
  const stack = (cause as { readonly stack?: unknown } | undefined)?.stack;
  const { main, tasks, timers, nextTimer } = pending;
  return {
    format: 'awaitio-recording',
    version: 1,
    kind: 'simulation',
    simulation: {
      seed,
      hash,
      virtualTime,
      failure: kind,
      what,
      stack: typeof stack === 'string' ? stack : null,
      decisions: run.decisions.slice(0, MOST_DECISIONS),
      moreDecisions: Math.max(0, run.decisions.length - MOST_DECISIONS),
      hosts,
      main,
      tasks,
      waits: pending.waits.map((wait) => recordedWait(wait, virtualTime, hosts)),
      timers,
      nextTimer: nextTimer ?? null,
    },
    events,
  };
}

/** In the order of the trace: each of its segments is one that was kept, as far back as they are. */
function eventsOf({ trace, deliveries, inFlight }: FailedRun): readonly SimulationEvent[] {
  const events: SimulationEvent[] = [];
  let next = deliveries.length - 1;
  for (const entry of trace.toReversed()) {
    if (SEGMENTS.has(entry.event)) {
      events.push(messageOf(deliveries[next] ?? unkept(entry)));
      next -= 1;
    } else events.push(eventOf(entry));
  }
  return [...events.toReversed(), ...inFlight.map((each) => messageOf(each))];
}

function eventOf({ time, event, subject }: TraceEntry): SimulationEvent {
  return {
    type: event === 'log' ? 'log' : NOTES.has(event) ? 'note' : 'fault',
    at: time,
    what: event,
    text: subject,
    hosts: NAMELESS.has(event) ? [] : namesIn(subject),
  };
}

/** A segment of which only the trace is left. */
function unkept({ time, event, subject, count }: TraceEntry): Delivery {
  return {
    kind: event,
    connection: subject,
    sent: time,
    arrived: time,
    size: count,
    bytes: undefined,
  };
}

function messageOf(delivery: Delivery): SimulationEvent {
  const { kind, connection, sent, arrived, lost, size, bytes } = delivery;
  const [from = '', to = ''] = namesIn(connection);
  return {
    type: 'message',
    at: arrived ?? null,
    lostAt: lost ?? null,
    sent,
    from,
    to,
    connection,
    what: kind,
    size,
    bytes: bytes === undefined ? null : Buffer.from(bytes).toString('base64'),
  };
}

/** The hosts that a subject names: `client:49153 → server:7`, `udp client:53 → server:53`, `client, server`, `server`. */
function namesIn(subject: string): string[] {
  const names = subject
    .replace(/^udp /, '')
    .split(/ → |, /)
    .map((part) => part.replace(/[: ].*$/, ''));
  return names.filter((name) => name !== '' && name !== 'all');
}

function hostsOf({ trace, deliveries, inFlight }: FailedRun): readonly string[] {
  const hosts = new Set<string>();
  for (const { event, subject } of trace) {
    if (!NAMELESS.has(event)) for (const name of namesIn(subject)) hosts.add(name);
  }
  for (const { connection } of [...deliveries, ...inFlight]) {
    for (const name of namesIn(connection)) hosts.add(name);
  }
  return [...hosts];
}

function recordedWait(
  { operation, subject, age, task, site }: SimWait,
  now: number,
  hosts: readonly string[],
): RecordedWait {
  // `client:49153 → server:7` waits at the client; `listener server:7` at the server; `channel "jobs"` nowhere.
  const names = subject.split(/[\s→]+/).map((word) => word.replace(/:.*$/, ''));
  return {
    since: now - age,
    operation,
    subject,
    host: names.find((name) => hosts.includes(name)) ?? null,
    task: task ?? null,
    site: site?.trim() ?? null,
  };
}
