import { describe, expect, test } from '@jest/globals';
import { echoProtocol, FAULTS } from '../../../../test/support/echo-protocol.ts';
import { causeOf } from '../cause.ts';
import type { Simulation, SimulationOptions } from '../options.ts';
import { SimulationError } from '../report.ts';
import type { SeedsOptions } from '../seeds/seeds-options.ts';
import { simulateSeeds } from '../seeds/simulate-seeds.ts';
import { simulate } from '../simulate.ts';
import { shrinkRun } from './shrink-run.ts';

/** An echo that fails as soon as anything came later than it should. */
async function impatient(sim: Simulation): Promise<void> {
  const limit = setTimeout(() => {
    throw new Error(`late, at ${sim.clock.now()} ms`);
  }, 2_000);
  await echoProtocol(sim);
  clearTimeout(limit);
}

async function failureOf(
  options: SimulationOptions,
  main: (sim: Simulation) => Promise<void>,
): Promise<SimulationError> {
  const error: unknown = await simulateSeeds({ count: 200, ...options }, main).catch(
    (failure: unknown) => failure,
  );
  if (!(error instanceof SimulationError)) throw new Error('no seed fails', { cause: error });
  return error;
}

describe('a run that was reduced', () => {
  test.each(['first', 'seed'] as const)(
    'fails for the same cause, with no more decisions, and is repeated by them: order %s',
    async (order) => {
      for (let from = 1; from < 100; from += 20) {
        const options = { faults: FAULTS, order, from, deadline: 120_000 };
        const failure = await failureOf(options, impatient);
        const { error, decisions, before } = await shrinkRun(failure, impatient, { maxRuns: 60 });
        expect(causeOf(error.kind, error.what)).toBe(causeOf(failure.kind, failure.what));
        expect(decisions.length).toBeLessThanOrEqual(before);
        expect(error.options.deadline).toBe(120_000);
        const again: unknown = await simulate(error.options, impatient).catch(
          (each: unknown) => each,
        );
        expect((again as SimulationError).hash).toBe(error.hash);
        expect((again as SimulationError).decisions).toEqual(decisions);
      }
    },
  );

  test('is the same each time that the number of runs is its only bound', async () => {
    const failure = await failureOf({ faults: FAULTS, deadline: 120_000 }, impatient);
    const budget = { maxRuns: 80, maxTime: 60_000 };
    const [first, second] = [
      await shrinkRun(failure, impatient, budget),
      await shrinkRun(failure, impatient, budget),
    ];
    expect(second.decisions).toEqual(first.decisions);
    expect([second.runs, second.error.hash]).toEqual([first.runs, first.error.hash]);
  });

  test('does not wait for candidates that go on for long without failing', async () => {
    const main = async (sim: Simulation): Promise<void> => {
      const listener = await sim.host('server').listen(80);
      const stream = await sim.host('client').connect('server:80');
      const peer = await listener.accept();
      await stream.writeAll('hello');
      const chunk = await peer.readChunk();
      stream.reset();
      if (chunk?.length !== 5) throw new Error('not the whole message');
      await sim.clock.sleep(30_000);
      ended += 1;
    };
    let ended = 0;
    const failure = await failureOf({}, main);
    ended = 0;
    const { decisions, runs } = await shrinkRun(failure, main);
    expect(decisions).toHaveLength(1);
    expect(runs).toBeGreaterThan(2);
    expect(ended).toBe(0);
  });
});

describe('shrinking that was not complete', () => {
  test.each([
    ['maxRuns', { maxRuns: 3, maxTime: 60_000 }, 'not all was tried within 3 run(s)'],
    ['maxTime', { maxTime: 0 }, 'not all was tried within 0 ms'],
  ])('is in the message, with what to raise: %s', async (name, budget, within) => {
    const failure = await failureOf({ faults: FAULTS, deadline: 120_000 }, impatient);
    const { error, before, isComplete, runs } = await shrinkRun(failure, impatient, budget);
    expect(isComplete).toBe(false);
    expect(runs).toBe('maxRuns' in budget ? budget.maxRuns : 0);
    const { length } = error.decisions;
    const what = `what chance did: ${length} decisions (of ${before}; ${within}: raise \`${name}\` of \`shrink\`)`;
    expect(error.message.split('\n').filter((line) => line.startsWith('what chance'))).toEqual([
      what,
    ]);
    expect(error.stack).toContain(what);
    expect(causeOf(error.kind, error.what)).toBe(causeOf(failure.kind, failure.what));
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.recording.simulation.decisions).toHaveLength(length);
  });

  test('is in the report of all failures, and not where all was tried', async () => {
    const main = (): never => {
      throw new Error('always');
    };
    const all = { count: 2, faults: FAULTS, failures: 'all' } as const;
    const messageOf = async (options: SeedsOptions, program: typeof impatient): Promise<unknown> =>
      simulateSeeds(options, program).catch((error: unknown) => (error as Error).message);
    const hurried = { ...all, count: 20, deadline: 120_000, shrink: { maxRuns: 1 } };
    expect(await messageOf(hurried, impatient)).toContain('raise `maxRuns` of `shrink`');
    const complete = await messageOf({ ...all, shrink: true }, main);
    expect(complete).toContain('Error: always');
    expect(complete).not.toContain('raise');
  });
});

test('a failure of a task has the cause of its error, whichever task it is', () => {
  expect(causeOf('task', 'task "till 1" failed: Error: 3 were sold of 2\nto a')).toBe(
    'task: Error: # were sold of #',
  );
  expect(causeOf('main', 'Error: 3.5 of 2')).toBe('main: Error: # of #');
});
