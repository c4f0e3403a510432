/** The kept report: what was to be reached, what was, every table, and how it was measured. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenarios } from '../scenarios/all.ts';
import { chart } from './chart.ts';
import { contestantOf, detailNames, ratioTo, spreadOf } from '../outcome.ts';
import { median } from '../statistics.ts';
import { figure, percent, ratio } from './figures.ts';
import { goalsOf } from './goals.ts';
import { load, RESULTS, savedLines, type Circumstances, type SavedOutcome } from './saved.ts';
import { markdownTable, ratioRowsOf } from './table.ts';

/** Writes the report and its charts from the newest figures of each scenario; returns its path. */
export function writeReport(): string {
  const [line = '', ...otherLines] = savedLines();
  const outcomes = outcomesOn(line);
  const first = outcomes[0];
  if (first === undefined) throw new TypeError('there are no figures yet; run some scenarios');
  const others = otherLines.map(outcomesOn);
  const all = [...outcomes, ...others.flat()];
  if (new Set(all.map(machineOf)).size > 1) {
    throw new TypeError('the figures are of different machines; run all scenarios on one');
  }
  mkdirSync(RESULTS, { recursive: true });
  for (const outcome of outcomes) {
    writeFileSync(join(RESULTS, `${outcome.scenario.name}.svg`), chart(outcome));
  }
  const path = join(RESULTS, 'report.md');
  const parts = [
    '# awaitio against its peers',
    'Made by `pnpm bench`; not edited by hand. What the scenarios are and how to repeat one: [bench/README.md](../README.md). It has ratios only: figures of one machine say little about another.',
    noiseText(all),
    `## Goals, on Node ${line}`,
    goalsTable(outcomes),
    ...(others.length === 0
      ? []
      : ['## Other release lines of Node', linesText([outcomes, ...others])]),
    '## How it was measured',
    circumstancesText(first.circumstances, all),
    ...outcomes.map(section),
  ];
  writeFileSync(path, `${parts.join('\n\n')}\n`);
  return path;
}

function outcomesOn(line: string): readonly SavedOutcome[] {
  return scenarios.flatMap((scenario) => load(scenario, line) ?? []);
}

/** The machine without what differs on purpose. */
function machineOf({ circumstances }: SavedOutcome): string {
  return JSON.stringify({ ...circumstances.machine, node: '', v8: '' });
}

/** The peers of Node, in the order in which one of them is looked for. */
const ON_NODE = ['node:http', 'node:https', 'net callbacks', 'undici request', 'ws', 'bare node'];

/** Ours to the peer of Node, by processor time where it was measured, on each release line. */
function linesText(lines: readonly (readonly SavedOutcome[])[]): string {
  const head = ['ours to', 'by', ...lines.map((line) => `Node ${versionOf(line)}`)];
  const rows = scenarios.flatMap(({ name, title }) => {
    const found = lines.map((line) => line.find(({ scenario }) => scenario.name === name));
    const some = found.find((outcome) => outcome !== undefined);
    const peer = ON_NODE.find((one) => contestantOf(some, one) !== undefined);
    if (some === undefined || peer === undefined) return [];
    const detail = detailNames(some).find((one) => one.startsWith('µs of'));
    const ratios = found.map((one) => (one === undefined ? '' : ratio(ratioTo(one, peer, detail))));
    return [[`${title}: ${peer}`, detail ?? some.scenario.unit, ...ratios]];
  });
  return markdownTable([head, ...rows]);
}

function versionOf(line: readonly SavedOutcome[]): string {
  return line[0]?.circumstances.machine.node.slice(1) ?? '';
}

function goalsTable(outcomes: readonly SavedOutcome[]): string {
  const rows = outcomes.flatMap((outcome) =>
    goalsOf(outcome).map((goal) => [
      outcome.scenario.title,
      goal.text,
      goal.got,
      goal.isReached ? 'reached' : '**missed**',
    ]),
  );
  return markdownTable([['scenario', 'goal', 'measured', ''], ...rows]);
}

function circumstancesText(circumstances: Circumstances, all: readonly SavedOutcome[]): string {
  const { machine, ceilings } = circumstances;
  const times = all.map((one) => one.circumstances.when.slice(0, 16).replace('T', ' ')).toSorted();
  const loads = all.map((one) => one.circumstances.loadAverage ?? NaN).filter(Number.isFinite);
  const place = machine.isPinned
    ? 'What is measured runs on one core, what makes it work on another (`taskset`).'
    : 'The system chose the cores: there was no `taskset`, or one core only.';
  const lines = [
    `- ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; Node ${machine.node} (V8 ${machine.v8}); ${machine.runtimes.join(', ')}.`,
    `- ${place}`,
    '- Contestants take turns, A B C A B C, each round in a fresh process, with its own warm-up before it is measured; where a command has `--keep`, in one process each for all rounds, warmed up once until it has used so much processor time.',
    '- Figures are medians of the rounds; the spread is (largest − smallest) / median; the whiskers of the charts have the same ends.',
    '- Before each measurement the answers to the very bytes of its load are compared byte for byte; an error under load ends the run.',
    '- A client that keeps its connection sends the same head each time, which awaitio then does not parse again; “HTTP echo, every head another” is the other case.',
    '- All servers keep their default limits and timeouts (except to count 10,000 idle connections, which must not be closed meanwhile); Express has ETag and X-Powered-By off, as no other server sends them.',
    '- “µs of server” is the processor time of the whole process for one request, as the kernel counts it.',
    ...ceilings.map(
      ({ generator, server }) =>
        `- Load generator: ${generator}; a server that is as fast as ${server} is bounded by it, and then “µs of server” is the figure to read.`,
    ),
    '- Where the load average is far above the cores, rates and latencies are those of the machine: “µs of server” and memory are the figures to read, and also these are raised by code that a short warm-up left cold.',
    `- Measured from ${times[0]} to ${times.at(-1)} (UTC). Load average of the machine when a scenario began: ${figure(Math.min(...loads))} to ${figure(Math.max(...loads))}; one core for the server and one for the load make 2.`,
  ];
  return lines.join('\n');
}

/** Why a goal was missed, when one was. */
function boundOf(outcome: SavedOutcome): readonly string[] {
  const { bound } = outcome.scenario;
  const isMissed = goalsOf(outcome).some(({ isReached }) => !isReached);
  return isMissed && bound !== undefined ? [`**What bounds it.** ${bound}`] : [];
}

/** How quiet the machine was, for readers to judge. */
function noiseText(outcomes: readonly SavedOutcome[]): string {
  const spreads = outcomes.flatMap(({ contestants }) =>
    contestants.filter((one) => one.samples.length > 1).map(spreadOf),
  );
  const middle = median(spreads);
  const verdict =
    middle <= QUIET
      ? 'The machine was quiet'
      : '**The machine was not quiet: these figures show that the bench works, and little more**';
  return `${verdict}: half of the rows have a spread of ${percent(middle)} or less.`;
}

/** The spread above which figures are not to be trusted. */
const QUIET = 0.1;

function section(outcome: SavedOutcome): string {
  const { scenario, circumstances } = outcome;
  const { options, when } = circumstances;
  const left = outcome.contestants
    .filter((one) => one.missing !== undefined)
    .map((one) => `${one.name} left out: ${one.missing}.`);
  return [
    `## ${scenario.title}`,
    scenario.about,
    `![${scenario.title}](${scenario.name}.svg)`,
    markdownTable(ratioRowsOf(outcome)),
    ...boundOf(outcome),
    ...left,
    `\`pnpm bench --only ${scenario.name} ${options}\`, ${when.slice(0, 10)}`,
  ].join('\n\n');
}
