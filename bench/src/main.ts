/** `pnpm bench`: awaitio against its peers, side by side in one run. */

import { chooseGenerator } from './load/choose.ts';
import { describeMachine } from './machine.ts';
import { readOptions, USAGE, type Options } from './options.ts';
import { contestantOf, medianOf, type ScenarioOutcome } from './outcome.ts';
import { figure } from './report/figures.ts';
import { writeJson } from './report/json.ts';
import { goalsOf } from './report/goals.ts';
import { aligned, rowsOf } from './report/table.ts';
import { runRounds } from './rounds.ts';
import { scenarios } from './scenarios/all.ts';
import type { RoundContext, Scenario } from './scenarios/scenario.ts';

async function main(options: Options): Promise<void> {
  const chosen = scenarios.filter(
    ({ name }) => options.only.length === 0 || options.only.some((one) => name.startsWith(one)),
  );
  if (chosen.length === 0) throw new TypeError(`no scenario is called ${options.only.join(', ')}`);
  const outcomes: ScenarioOutcome[] = [];
  const context: RoundContext = {
    seconds: options.seconds,
    warmup: options.warmup,
    isSmoke: options.smoke,
    load: chooseGenerator(options.load),
    earlier: (name, contestant) => earlier(outcomes, name, contestant),
  };
  for (const scenario of chosen) {
    console.log(`\n${scenario.title} (${scenario.name}): ${scenario.about}`);
    const outcome = await runRounds(scenario, {
      rounds: options.rounds,
      peers: options.peers,
      context,
      onSample: (_, contestant, sample) => {
        if (!options.smoke) {
          process.stderr.write(`  ${contestant.name}: ${figure(sample.value)} ${scenario.unit}\n`);
        }
      },
    });
    outcomes.push(outcome);
    print(outcome, options);
  }
  if (options.smoke) console.log('\nEvery scenario ran and every answer was right.');
  else {
    const path = writeJson(describeMachine(), { ...options }, outcomes, new Date());
    console.log(`\nEvery sample: ${path}`);
  }
}

function print(outcome: ScenarioOutcome, options: Options): void {
  for (const { name, missing } of outcome.contestants) {
    if (missing !== undefined) console.log(`  ${name} left out: ${missing}`);
  }
  if (options.smoke) {
    const names = outcome.contestants.filter((one) => one.samples.length > 0);
    console.log(`  right: ${names.map(({ name }) => name).join(', ')}`);
    return;
  }
  console.log(`\n${aligned(rowsOf(outcome))}\n`);
  for (const goal of goalsOf(outcome)) {
    console.log(`  ${goal.isReached ? 'reached' : 'missed '} ${goal.text}: ${goal.got}`);
  }
}

function earlier(
  outcomes: readonly ScenarioOutcome[],
  name: string,
  contestant: string,
): number | undefined {
  const outcome = outcomes.find(({ scenario }) => scenario.name === name);
  const found = outcome === undefined ? undefined : contestantOf(outcome, contestant);
  return found === undefined ? undefined : medianOf(found);
}

function list(all: readonly Scenario[]): void {
  for (const { name, title, contestants } of all) {
    console.log(`${name.padEnd(16)} ${title}: ${contestants.map((one) => one.name).join(', ')}`);
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else if (options.list) list(scenarios);
  else await main(options);
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
