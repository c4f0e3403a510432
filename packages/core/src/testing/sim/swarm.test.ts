import { expect, test } from '@jest/globals';
import type { SimulationOptions } from './options.ts';
import { simTest } from './seeds/sim-test.ts';
import { SeedsError } from './seeds/seeds-error.ts';

/** What each seed of a test that always fails has drawn, as its message says. */
async function drawn(faults: SimulationOptions['faults']): Promise<readonly string[]> {
  let run: (() => Promise<void>) | undefined;
  const register = (_name: string, body: () => Promise<void>): void => {
    run = body;
  };
  const options = {
    faults,
    seeds: 30,
    test: register,
    regressions: false,
    progress: false,
  } as const;
  simTest('fails', { ...options, shrink: false }, (sim) => {
    throw new Error(`seed ${'abcdefghijklmnopqrstuvwxyz1234'.charAt(sim.seed - 1)} of many`);
  });
  const error: unknown = await run?.().catch((failure: unknown) => failure);
  if (!(error instanceof SeedsError)) throw new Error('no seed fails', { cause: error });
  return error.groups.map(({ error: { message } }) =>
    String(/^faults of this seed: (.*)$/m.exec(message)?.[1]),
  );
}

const BREAKING = /refuse|reset|halfOpen|partition|crash|pause|skew|jump|disk/;

test('simTest lets each seed draw what breaks nothing, unless it is given faults', async () => {
  const harmless = await drawn(undefined);
  expect(harmless.length).toBeGreaterThan(20);
  expect(new Set(harmless).size).toBe(harmless.length);
  for (const faults of harmless) expect(faults).not.toMatch(BREAKING);
  for (const name of ['split', 'merge', 'window', 'loseWrites', 'delayDatagrams']) {
    const having = harmless.filter((faults) => faults.includes(name)).length;
    expect([name, having > 3, having < harmless.length - 3]).toEqual([name, true, true]);
  }
});

test('simTest draws all faults if they are asked for, and none if some are given', async () => {
  expect((await drawn('swarm')).join(' ')).toMatch(/reset .*crash|crash .*reset/);
  expect(new Set(await drawn({ reset: 0.1 }))).toEqual(new Set(['undefined']));
});
