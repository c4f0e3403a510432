/** Runs a scenario: contestants take turns, A B C A B C, so that what changes on the machine changes for all. */

import type { ContestantOutcome, ScenarioOutcome } from './outcome.ts';
import { MOST_WARMUPS } from './scenarios/http-server.ts';
import type { Contestant, RoundContext, Sample, Scenario, Session } from './scenarios/scenario.ts';

export interface RoundsOptions {
  readonly rounds: number;
  /** Names of contestants to take part; empty for all. */
  readonly peers: readonly string[];
  readonly context: RoundContext;
  /** Whether contestants run for all rounds where they can: one warm-up each, all at the same time. */
  readonly isKept: boolean;
  /** Called with each measurement. */
  readonly onSample: (scenario: Scenario, contestant: Contestant, sample: Sample) => void;
}

/** @throws what a contestant that is not missing fails with: a wrong answer ends the run. */
export async function runRounds(
  scenario: Scenario,
  options: RoundsOptions,
): Promise<ScenarioOutcome> {
  const asked = scenario.contestants.filter(
    ({ name }) =>
      name === scenario.ours || options.peers.length === 0 || options.peers.includes(name),
  );
  const present = asked.filter((contestant) => contestant.missing === undefined);
  const samples = new Map<Contestant, Sample[]>(present.map((contestant) => [contestant, []]));
  const measure = async (contestant: Contestant, taken: Sample[]): Promise<void> => {
    const sample = await roundOf(scenario, contestant, options.context);
    taken.push(sample);
    options.onSample(scenario, contestant, sample);
  };
  if (options.context.isSmoke) {
    // Nothing is measured, so they may run side by side.
    await byThrees(smokeSet(scenario, [...samples]), ([contestant, taken]) =>
      measure(contestant, taken),
    );
  } else if (options.isKept && [...samples.keys()].every(({ open }) => open !== undefined)) {
    await keptRounds([...samples], options, scenario);
  } else {
    for (let round = 0; round < options.rounds; round += 1) {
      for (const [contestant, taken] of samples) await measure(contestant, taken);
    }
  }
  return {
    scenario,
    contestants: asked.map((contestant): ContestantOutcome => ({
      name: contestant.name,
      missing: contestant.missing,
      samples: samples.get(contestant) ?? [],
    })),
  };
}

async function keptRounds(
  all: readonly (readonly [Contestant, Sample[]])[],
  { rounds, context, onSample }: RoundsOptions,
  scenario: Scenario,
): Promise<void> {
  const opened = await Promise.allSettled(
    all.map(async ([contestant, taken]) => {
      const opening = async (): Promise<Session | undefined> => contestant.open?.(context);
      const session = await inTime(scenario, contestant, warmUpTime(context), opening);
      if (session === undefined) throw new Error(`${contestant.name} cannot be kept`);
      return { contestant, taken, session };
    }),
  );
  const running = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    for (const one of opened) if (one.status === 'rejected') throw one.reason;
    for (let round = 0; round < rounds; round += 1) {
      for (const { contestant, taken, session } of running) {
        const sample = await inTime(scenario, contestant, roundTime(context), () =>
          session.round(),
        );
        taken.push(sample);
        onSample(scenario, contestant, sample);
      }
    }
  } finally {
    await Promise.all(running.map(({ session }) => session.close()));
  }
}

/** The servers in a smoke run, which has a minute: all in the first scenario, then ours and two others in each. */
function smokeSet<T>(
  { name }: Scenario,
  all: readonly (readonly [Contestant, T])[],
): readonly (readonly [Contestant, T])[] {
  if (name === 'echo') return all;
  const isOurs = ([contestant]: readonly [Contestant, T]): boolean =>
    contestant.name.startsWith('awaitio');
  return [...all.filter(isOurs), ...all.filter((one) => !isOurs(one)).slice(0, 2)];
}

/** Does something for each, three at a time. */
async function byThrees<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all([worker(), worker(), worker()]);
}

async function roundOf(
  scenario: Scenario,
  contestant: Contestant,
  context: RoundContext,
): Promise<Sample> {
  return inTime(scenario, contestant, roundTime(context), () => contestant.round(context));
}

/** How long a round may take, in milliseconds. */
function roundTime({ seconds, warmup }: RoundContext): number {
  return SERVER_TIMEOUT + (seconds + warmup) * 3_000;
}

/** How long the start and the warm-up of a kept server may take, in milliseconds: all warm up at the same time. */
function warmUpTime(context: RoundContext): number {
  return roundTime(context) + context.warmup * MOST_WARMUPS * 1_000;
}

/** Does a part of a measurement. @throws `Error` with the scenario and the contestant, when it fails or takes too long. */
async function inTime<T>(
  scenario: Scenario,
  contestant: Contestant,
  timeout: number,
  work: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not done after ${timeout} ms`));
    }, timeout);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (cause) {
    throw new Error(`${scenario.name}, ${contestant.name}: ${String(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** How long a round may take beside what it measures, in milliseconds. */
const SERVER_TIMEOUT = 60_000;
