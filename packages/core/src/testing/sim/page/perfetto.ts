/** A simulation as a trace for ui.perfetto.dev: a host is a process, a connection's direction a thread, a message a span. */

import type { SimulationEvent, SimulationRecording } from './recording.ts';

interface TraceEvent {
  readonly name: string;
  /** X: a span; i: an instant; M: a name. */
  readonly ph: 'X' | 'i' | 'M';
  /** Microseconds. */
  readonly ts: number;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly s?: 'p' | 'g';
  readonly args: Readonly<Record<string, string | number>>;
}

/** The trace, as JSON. */
export function simulationTrace({ simulation, events }: SimulationRecording): string {
  const rows = new Rows(simulation.hosts);
  const traceEvents = [
    ...events.map((event) => traceEvent(event, simulation.virtualTime, rows)),
    ...simulation.waits.map(({ since, operation, subject, host, task }): TraceEvent => {
      const [pid, tid] = rows.of(host ?? 'program', `waits: ${subject}`);
      const dur = micros(simulation.virtualTime - since);
      const args = task === null ? {} : { task };
      return { name: `${operation} waits`, ph: 'X', ts: micros(since), dur, pid, tid, args };
    }),
  ];
  return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [...rows.names, ...traceEvents] });
}

const micros = (milliseconds: number): number => Math.round(milliseconds * 1_000);

/** Numbers for hosts and their rows. */
class Rows {
  readonly names: TraceEvent[] = [];
  readonly #hosts = new Map<string, Map<string, number>>();

  constructor(hosts: readonly string[]) {
    for (const host of hosts) this.of(host, 'events');
  }

  of(host: string, row: string): readonly [pid: number, tid: number] {
    let rows = this.#hosts.get(host);
    if (rows === undefined) {
      rows = new Map();
      this.#hosts.set(host, rows);
      this.#name('process_name', host, this.#hosts.size, 0);
    }
    const pid = [...this.#hosts.keys()].indexOf(host) + 1;
    const known = rows.get(row);
    if (known !== undefined) return [pid, known];
    const tid = rows.size + 1;
    rows.set(row, tid);
    this.#name('thread_name', row, pid, tid);
    return [pid, tid];
  }

  #name(what: string, name: string, pid: number, tid: number): void {
    this.names.push({ name: what, ph: 'M', ts: 0, pid, tid, args: { name } });
  }
}

function traceEvent(event: SimulationEvent, end: number, rows: Rows): TraceEvent {
  if (event.type === 'message') {
    const { at, sent, to, connection, what, size } = event;
    const [pid, tid] = rows.of(to, connection);
    const name = at === null ? `${what}, never arrived` : what;
    const dur = micros((at ?? end) - sent);
    return { name, ph: 'X', ts: micros(sent), dur, pid, tid, args: { size, connection } };
  }
  const { at, what, text, hosts } = event;
  const [pid, tid] = rows.of(hosts[0] ?? 'program', 'events');
  const s = hosts.length === 1 ? 'p' : 'g';
  return { name: what, ph: 'i', s, ts: micros(at), pid, tid, args: { text } };
}
