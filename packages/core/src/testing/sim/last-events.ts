/** The end of a trace, as the message of a failure has it: what the failure is about, and what happened to hosts and paths. */

import type { Pending } from './run.ts';
import { formatTrace, type TraceEntry } from './wire/trace.ts';

/** The number of last entries of the trace in the message, and of lines about what the failure is about. */
const SHOWN_LAST = 6;
const SHOWN_OWN = 18;
const MOST_SHOWN = 40;
/** Of entries that are alike and follow each other, so many are shown one by one. */
const SHOWN_ALIKE = 2;
/** The number of crashes, restarts, partitions and heals before these. */
const SHOWN_BEFORE = 10;

const INDENT = ' '.repeat(17);

/** What concerns everything that comes after it, however long ago it was. */
const LASTING: ReadonlySet<string> = new Set([
  'crash',
  'restart',
  'partition',
  'partition!',
  'cut',
  'heal',
  'heal!',
  'quiet',
]);

/** The last entries of all, and more of what the failure is about, one per line; entries that are alike are counted. */
export function tellLastEvents(trace: readonly TraceEntry[], pending: Pending): string {
  const { shown, from } = relevant(trace, pending);
  const before = trace.slice(0, from).filter(({ event }) => LASTING.has(event));
  const left = before.length - SHOWN_BEFORE;
  return [
    ...(left > 0 ? [`${INDENT}… ${left} crashes, restarts, partitions and heals`] : []),
    ...before.slice(-SHOWN_BEFORE).map((entry) => formatTrace([entry])),
    ...runsOf(shown).flatMap((run) => tellRun(run)),
  ].join('\n');
}

/**
 * The last entries of all, and more of the connections that the failure is about: those with a wait, or else the last one.
 *
 * @returns Them, and where in the trace they begin.
 */
function relevant(
  trace: readonly TraceEntry[],
  { waits }: Pending,
): { readonly shown: readonly TraceEntry[]; readonly from: number } {
  const about = new Set(waits.flatMap(({ subject }) => bothDirections(subject)));
  if (about.size === 0) {
    const last = trace.findLast(({ subject }) => subject.includes(' → '));
    for (const subject of bothDirections(last?.subject ?? '')) about.add(subject);
  }
  let own = 0;
  let lines = 0;
  let alike = 0;
  const shown: TraceEntry[] = [];
  let from = trace.length;
  while (from > 0 && own < SHOWN_OWN && lines < MOST_SHOWN) {
    const entry = trace[from - 1] as TraceEntry;
    const isOwn = about.has(entry.subject);
    if (isOwn || isRemark(entry) || trace.length - from < SHOWN_LAST) {
      const next = shown.at(-1);
      alike = next !== undefined && isAlike(entry, next) ? alike + 1 : 1;
      if (alike <= SHOWN_ALIKE) {
        lines += 1;
        if (isOwn) own += 1;
      }
      shown.push(entry);
    }
    from -= 1;
  }
  return { shown: shown.toReversed(), from };
}

/** Whether it is a line of the program, or what happened to a host or a path: these concern everything. */
function isRemark({ event }: TraceEntry): boolean {
  return event !== 'timer' && event !== 'data' && event !== 'ack' && event !== 'fin';
}

/** Whether two entries differ only in their times; the number of a timer says nothing to a reader. */
function isAlike(one: TraceEntry, other: TraceEntry): boolean {
  return (
    one.event === other.event &&
    one.subject === other.subject &&
    (one.count === other.count || one.event === 'timer')
  );
}

function bothDirections(subject: string): readonly string[] {
  const [from, to] = subject.split(' → ');
  return to === undefined ? [] : [subject, `${to} → ${from}`];
}

function runsOf(entries: readonly TraceEntry[]): readonly (readonly TraceEntry[])[] {
  const runs: TraceEntry[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    if (run !== undefined && isAlike(run[0] as TraceEntry, entry)) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}

function tellRun(run: readonly TraceEntry[]): readonly string[] {
  if (run.length <= SHOWN_ALIKE) return [formatTrace(run)];
  const time = (run.at(-1) as TraceEntry).time.toFixed(3);
  return [
    formatTrace(run.slice(0, 1)),
    `${INDENT}… ${run.length - 1} more, the last at ${time} ms`,
  ];
}
