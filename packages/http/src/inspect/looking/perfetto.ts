/** A recording as a trace that Perfetto and chrome://tracing open: the JSON format of Chrome's trace events. */

import type { RecordedEvent, Recording } from './recorder.ts';

interface TraceEvent {
  readonly name: string;
  /** X: a span; i: an instant; C: counters; M: a name. */
  readonly ph: 'X' | 'i' | 'C' | 'M';
  /** Microseconds. */
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly s?: 't';
  readonly args: Readonly<Record<string, string | number | boolean>>;
}

/** A trace. */
export interface PerfettoTrace {
  readonly displayTimeUnit: 'ms';
  readonly traceEvents: readonly TraceEvent[];
}

/** Converts a recording: a lane is a thread. */
export function perfettoTrace({ inspection, events }: Recording): PerfettoTrace {
  const { pid } = inspection.process;
  const lanes = new Map<string, number>();
  const traceEvents: TraceEvent[] = [];
  const threadOf = (lane: string): number => {
    const known = lanes.get(lane);
    if (known !== undefined) return known;
    const tid = lanes.size + 1;
    lanes.set(lane, tid);
    traceEvents.push({ name: 'thread_name', ph: 'M', ts: 0, pid, tid, args: { name: lane } });
    return tid;
  };
  for (const event of events) traceEvents.push(traceEvent(event, pid, threadOf));
  return { displayTimeUnit: 'ms', traceEvents };
}

function traceEvent(
  event: RecordedEvent,
  pid: number,
  threadOf: (lane: string) => number,
): TraceEvent {
  const micros = (milliseconds: number): number => Math.round(milliseconds * 1_000);
  if (event.type === 'numbers') {
    const { at, sockets, requests, tasks, loopDelay } = event;
    const args = { sockets, requests, tasks, loopDelay };
    return { name: 'awaitio', ph: 'C', ts: micros(at), pid, tid: 0, args };
  }
  const tid = threadOf(event.lane);
  if (event.type === 'refused') {
    const args = { cause: event.cause, status: event.status };
    return { name: 'refused', ph: 'i', s: 't', ts: micros(event.at), pid, tid, args };
  }
  const span = { ph: 'X', pid, tid } as const;
  const times = { ts: micros(event.at - event.duration), dur: micros(event.duration) };
  if (event.type === 'connection') {
    return { name: 'connection', ...span, ...times, args: { reason: event.reason } };
  }
  const { method, path, status, isComplete } = event;
  return { name: `${method} ${path}`, ...span, ...times, args: { status, isComplete } };
}
