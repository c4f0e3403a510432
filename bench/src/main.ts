/** `pnpm bench`: awaitio against its peers, side by side in one run. */

import { loadavg } from 'node:os';
import { ceilingOf, type Ceiling } from './load/ceiling.ts';
import { chooseGenerator, generatorsOf } from './load/choose.ts';
import { describeMachine } from './machine.ts';
import { readOptions, USAGE, type Options } from './options.ts';
import { contestantOf, medianOf, type ScenarioOutcome } from './outcome.ts';
import { hasBaseline } from './process/baseline.ts';
import { figure } from './report/figures.ts';
import { goalsOf } from './report/goals.ts';
import { writeReport } from './report/markdown.ts';
import { save } from './report/saved.ts';
import { aligned, rowsOf } from './report/table.ts';
import { runRounds } from './rounds.ts';
import { scenarios } from './scenarios/all.ts';
import type { RoundContext, Scenario } from './scenarios/scenario.ts';

async function main(options: Options): Promise<void> {
  const chosen = scenarios.filter(
    ({ name }) => options.only.length === 0 || options.only.some((one) => name.startsWith(one)),
  );
  if (chosen.length === 0) throw new TypeError(`no scenario is called ${options.only.join(', ')}`);
  const outcomes = new Map<string, ScenarioOutcome>();
  const context: RoundContext = {
    seconds: options.seconds,
    warmup: options.warmup,
    isSmoke: options.smoke,
    load: chooseGenerator(options.load),
    earlier: (name, contestant) => {
      const found = contestantOf(outcomes.get(name), contestant);
      return found === undefined ? undefined : medianOf(found);
    },
  };
  const isSaved = !options.smoke && !hasBaseline(options.peers);
  if (!isSaved && !options.smoke) {
    console.log(
      'Nothing of this run is saved: AWAITIO_BASELINE takes part, and the report compares with no other checkout.',
    );
  }
  const ceilings = options.smoke ? [] : await measureCeilings(context);
  for (const scenario of chosen) {
    console.log(`\n${scenario.title} (${scenario.name}): ${scenario.about}`);
    const [loadAverage = NaN] = loadavg();
    const outcome = await measure(scenario, options, context, options.smoke ? 2 : 1);
    if (outcome === undefined) continue;
    outcomes.set(scenario.name, outcome);
    print(outcome, options);
    if (!isSaved) continue;
    save(outcome, {
      when: new Date().toISOString(),
      options: settingsOf(options),
      ceilings,
      machine: describeMachine(),
      loadAverage,
    });
  }
  if (process.exitCode === 1) console.log('\nNot everything could be measured; see above.');
  else if (options.smoke) console.log('\nEvery scenario ran and every answer was right.');
  else if (isSaved && options.only.length === 0) console.log(`\nThe report: ${writeReport()}`);
}

/**
 * Runs a scenario; one that fails is reported, and does not stop the others.
 *
 * @param tries - A smoke run shares its machine with whatever else a gate does, so it has a second one. A wrong answer
 * is as wrong then.
 */
async function measure(
  scenario: Scenario,
  options: Options,
  context: RoundContext,
  tries: number,
): Promise<ScenarioOutcome | undefined> {
  try {
    return await runRounds(scenario, {
      rounds: options.rounds,
      peers: options.peers,
      isKept: options.keep,
      context,
      onSample: (_, contestant, sample) => {
        if (!options.smoke) {
          process.stderr.write(`  ${contestant.name}: ${figure(sample.value)} ${scenario.unit}\n`);
        }
      },
    });
  } catch (error) {
    console.error(error);
    if (tries > 1) {
      console.log('  It failed, and is tried once more.');
      return measure(scenario, options, context, tries - 1);
    }
    process.exitCode = 1;
    return undefined;
  }
}

/** The options that change figures, as a command line has them. */
function settingsOf({ rounds, seconds, warmup, peers, load, keep }: Options): string {
  const settings = [`--rounds ${rounds} --seconds ${seconds} --warmup ${warmup}`];
  if (peers.length > 0) settings.push(`--peers ${peers.join(',')}`);
  if (keep) settings.push('--keep');
  if (load !== 'auto') settings.push(`--load ${load}`);
  return settings.join(' ');
}

async function measureCeilings(context: RoundContext): Promise<readonly Ceiling[]> {
  const ceilings: Ceiling[] = [];
  for (const generator of generatorsOf(context.load)) {
    const ceiling = await ceilingOf(generator, context.seconds);
    ceilings.push(ceiling);
    console.log(
      `Load generator ${generator.name}: ${figure(ceiling.rate)} requests/s against ${ceiling.server}`,
    );
  }
  return ceilings;
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

function list(all: readonly Scenario[]): void {
  for (const { name, title, contestants } of all) {
    console.log(`${name.padEnd(16)} ${title}: ${contestants.map((one) => one.name).join(', ')}`);
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else if (options.list) list(scenarios);
  else if (options.report) console.log(writeReport());
  else await main(options);
} catch (error) {
  console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
// A measurement that took too long may have left a child, which would keep this process.
if (process.exitCode === 1) process.exit();
