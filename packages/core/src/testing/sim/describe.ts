/** The message of a failed run: when and why it failed, what is pending, what chance did, what happened last, how to replay it. */

import { tellDecision } from './decisions/tell.ts';
import { tellLastEvents } from './last-events.ts';
import { DEFAULT_DEADLINE } from './options.ts';
import { describeFaults } from './swarm.ts';
import type { FailureFacts, Pending, Shrinking, SimulationRun } from './run.ts';

/** The number of waits in the message. */
const SHOWN_WAITS = 30;
/** So many decisions are described; of more of them, only the number is given. */
const TOLD_DECISIONS = 12;

export function describe(run: SimulationRun, facts: FailureFacts): string {
  const { kind, what, pending, options } = facts;
  const { seed, hash, virtualTime, trace } = run;
  const replay =
    options.decisions === undefined
      ? `simulate({ …the same options, seed: ${seed} }, main), or AWAITIO_SEED=${seed} with simulateSeeds`
      : `simulate({ …the same options, seed: ${seed}, decisions }, main)`;
  // The clock stands at the last event before the deadline.
  const at = kind === 'deadline' ? (options.deadline ?? DEFAULT_DEADLINE) : virtualTime;
  return [
    `simulation with seed ${seed} failed at ${at.toFixed(3)} ms: ${what}`,
    ...(run.faults === undefined ? [] : [`faults of this seed: ${describeFaults(run.faults)}`]),
    ...describeDecisions(run, facts),
    'pending:',
    ...describePending(pending, virtualTime).map((line) => `  ${line}`),
    'last events:',
    tellLastEvents(trace, pending),
    `replay it: ${replay} (hash ${hash})`,
  ].join('\n');
}

/** Of a run that is repeated, or had few decisions, what chance did; and of one that was shrunk in part, how far that came. */
function describeDecisions(
  { decisions }: SimulationRun,
  { options, shrinking }: FailureFacts,
): string[] {
  const rest = shrinking === undefined ? '' : ` (${describeShrinking(shrinking)})`;
  if (decisions.length > TOLD_DECISIONS) {
    const isTold = options.decisions !== undefined || shrinking !== undefined;
    return isTold ? [`what chance did: ${decisions.length} decisions${rest}`] : [];
  }
  if (decisions.length === 0) return ['what chance did: nothing, it fails on a calm network'];
  return [
    `what chance did${rest}:`,
    ...decisions.map((decision, at) => `  ${at + 1}. ${tellDecision(decision)}`),
  ];
}

function describeShrinking({ before, budget, limit }: Shrinking): string {
  const spent = budget === 'maxTime' ? `${limit} ms` : `${limit} run(s)`;
  return `of ${before}; not all was tried within ${spent}: raise \`${budget}\` of \`shrink\``;
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
