/** The kept report: what was to be reached, what was, every table, and how it was measured. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scenarios } from '../scenarios/all.ts';
import { chart } from './chart.ts';
import { spreadOf } from '../outcome.ts';
import { median } from '../statistics.ts';
import { figure, percent } from './figures.ts';
import { goalsOf } from './goals.ts';
import { load, RESULTS, type Circumstances, type SavedOutcome } from './saved.ts';
import { markdownTable, rowsOf } from './table.ts';

/** Writes the report and its charts from the newest figures of each scenario; returns its path. */
export function writeReport(): string {
  const outcomes = scenarios.flatMap((scenario) => load(scenario) ?? []);
  const first = outcomes[0];
  if (first === undefined) throw new TypeError('there are no figures yet; run some scenarios');
  const machines = new Set(outcomes.map((one) => JSON.stringify(one.circumstances.machine)));
  if (machines.size > 1) {
    throw new TypeError('the figures are of different machines; run all scenarios on one');
  }
  mkdirSync(RESULTS, { recursive: true });
  for (const outcome of outcomes) {
    writeFileSync(join(RESULTS, `${outcome.scenario.name}.svg`), chart(outcome));
  }
  const path = join(RESULTS, 'report.md');
  const parts = [
    '# awaitio against its peers',
    'Made by `pnpm bench`; not edited by hand. What the scenarios are and how to repeat one: [bench/README.md](../README.md).',
    noiseText(outcomes),
    '## Goals',
    goalsTable(outcomes),
    '## How it was measured',
    circumstancesText(first.circumstances),
    ...outcomes.map(section),
  ];
  writeFileSync(path, `${parts.join('\n\n')}\n`);
  return path;
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

function circumstancesText(circumstances: Circumstances): string {
  const { machine, ceilings } = circumstances;
  const place = machine.isPinned
    ? 'What is measured runs on one core, what makes it work on another (`taskset`).'
    : 'The system chose the cores: there was no `taskset`, or one core only.';
  const lines = [
    `- ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}; Node ${machine.node} (V8 ${machine.v8}); ${machine.runtimes.join(', ')}.`,
    `- ${place}`,
    '- Contestants take turns, A B C A B C, each round in a fresh process, with its own warm-up before it is measured.',
    '- Figures are medians of the rounds; the spread is (largest − smallest) / median; the whiskers of the charts have the same ends.',
    '- Before each measurement the answers to the very bytes of its load are compared byte for byte; an error under load ends the run.',
    '- A client that keeps its connection sends the same head each time, which awaitio then does not parse again; “HTTP echo, every head another” is the other case.',
    '- All servers keep their default limits and timeouts (except to count 10,000 idle connections, which must not be closed meanwhile); Express has ETag and X-Powered-By off, as no other server sends them.',
    '- “µs of server” is the processor time of the whole process for one request, as the kernel counts it.',
    ...ceilings.map(
      ({ generator, server, rate }) =>
        `- Load generator: ${generator}; against ${server} it makes ${figure(rate)} requests a second, which is the most it can show.`,
    ),
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
    markdownTable(rowsOf(outcome)),
    ...boundOf(outcome),
    ...left,
    `\`pnpm bench --only ${scenario.name} ${options}\`, ${when.slice(0, 10)}`,
  ].join('\n\n');
}
