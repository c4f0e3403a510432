/** The message of a failed run: when and why it failed, what is pending, what chance did, what happened last, how to replay it. */

import { tellDecision } from './decisions/tell.ts';
import { formatTrace, type TraceEntry } from './wire/trace.ts';
import { DEFAULT_DEADLINE } from './options.ts';
import { describeFaults } from './swarm.ts';
import type { FailureFacts, Pending, SimulationRun } from './run.ts';

/** The number of last entries of the trace in the message, and of entries of what the failure is about. */
const SHOWN_LAST = 6;
const SHOWN_OWN = 18;
const MOST_SHOWN = 40;
/** The number of waits in it. */
const SHOWN_WAITS = 30;
/** So many decisions are described; of more of them, only the number is given. */
const TOLD_DECISIONS = 12;

export function describe(run: SimulationRun, facts: FailureFacts): string {
  const { kind, what, pending, options } = facts;
  const { seed, virtualTime, trace } = run;
  const replay =
    options.decisions === undefined
      ? `simulate({ …the same options, seed: ${seed} }, main), or AWAITIO_SEED=${seed} with simulateSeeds`
      : `simulate({ …the same options, seed: ${seed}, decisions }, main)`;
  // The clock stands at the last event before the deadline.
  const at = kind === 'deadline' ? (options.deadline ?? DEFAULT_DEADLINE) : virtualTime;
  return [
    `simulation with seed ${seed} failed at ${at.toFixed(3)} ms: ${what}`,
    ...(run.faults === undefined ? [] : [`faults of this seed: ${describeFaults(run.faults)}`]),
    ...describeDecisions(run, options.decisions !== undefined),
    'pending:',
    ...describePending(pending, virtualTime).map((line) => `  ${line}`),
    'last events:',
    formatTrace(relevant(trace, pending)),
    `replay it: ${replay}`,
  ].join('\n');
}

/** Of a run that is repeated, or had few decisions, what chance did. */
function describeDecisions({ decisions }: SimulationRun, isReplay: boolean): string[] {
  if (decisions.length > TOLD_DECISIONS) {
    return isReplay ? [`what chance did: ${decisions.length} decisions`] : [];
  }
  if (decisions.length === 0) return ['what chance did: nothing, it fails on a calm network'];
  return [
    'what chance did:',
    ...decisions.map((decision, at) => `  ${at + 1}. ${tellDecision(decision)}`),
  ];
}

/** The last entries of all, and more of the connections that the failure is about: those with a wait, or else the last one. */
function relevant(trace: readonly TraceEntry[], { waits }: Pending): readonly TraceEntry[] {
  const about = new Set(waits.flatMap(({ subject }) => bothDirections(subject)));
  if (about.size === 0) {
    const last = trace.findLast(({ subject }) => subject.includes(' → '));
    for (const subject of bothDirections(last?.subject ?? '')) about.add(subject);
  }
  let own = 0;
  const shown: TraceEntry[] = [];
  for (let at = trace.length - 1; at >= 0 && own < SHOWN_OWN; at -= 1) {
    if (shown.length === MOST_SHOWN) break;
    const entry = trace[at] as TraceEntry;
    const isOwn = about.has(entry.subject);
    if (isOwn) own += 1;
    if (isOwn || isRemark(entry) || trace.length - at <= SHOWN_LAST) shown.push(entry);
  }
  return shown.toReversed();
}

/** Whether it is a line of the program, or what happened to a host or a path: these concern everything. */
function isRemark({ event }: TraceEntry): boolean {
  return event !== 'timer' && event !== 'data' && event !== 'ack' && event !== 'fin';
}

function bothDirections(subject: string): readonly string[] {
  const [from, to] = subject.split(' → ');
  return to === undefined ? [] : [subject, `${to} → ${from}`];
}

function describePending(pending: Pending, now: number): string[] {
  const lines: string[] = [];
  if (pending.main) lines.push('main has not finished');
  for (const task of pending.tasks) lines.push(`task ${quoted(task)} has not finished`);
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
  if (pending.main && pending.tasks.length === 0 && pending.waits.length === 0) {
    lines.push(
      'what it waits for is a promise: nothing that has a name, such as a stream or a channel',
    );
  }
  if (pending.main && pending.crashed.length > 0) {
    const names = pending.crashed.join(', ');
    lines.push(
      `crashed: ${names}; what a program there had opened or promised before never settles`,
    );
  }
  return lines.length === 0 ? ['nothing'] : lines;
}

/** The name of a task, with its number behind it where another has the same name. */
function quoted(task: string): string {
  const [, name = task, number = ''] = /^(.*)( #\d+)$/s.exec(task) ?? [];
  return `"${name}"${number}`;
}
