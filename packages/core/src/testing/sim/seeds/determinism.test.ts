import { expect, test } from '@jest/globals';
import { NotRepeatableError } from './determinism.ts';
import type { SimulatedMain } from '../options.ts';
import { SimulationError } from '../report.ts';
import { simulateSeeds } from './simulate-seeds.ts';

const failureOf = async (main: SimulatedMain, checkDeterminism = 1): Promise<unknown> =>
  simulateSeeds({ count: 20, checkDeterminism }, main).catch((error: unknown) => error);

/** What a module keeps from run to run. */
let kept = 0;

test('a program that depends on an earlier run fails with the first entry that differs', async () => {
  const failure = await failureOf(async (sim) => {
    sim.log('begin');
    await sim.clock.sleep(5);
    kept += 1;
    sim.log(`run ${kept}`);
    sim.log('end');
  });
  expect(failure).toBeInstanceOf(NotRepeatableError);
  const { seed, entries, hashes, message } = failure as NotRepeatableError;
  expect(seed).toBe(1);
  expect(entries).toMatchObject([{ event: 'log', subject: 'run 1' }, { subject: 'run 2' }]);
  expect(hashes[0]).not.toBe(hashes[1]);
  expect(message).toMatch(
    /first entry that differs\nafter:\n.*begin\n.*timer.*\nfirst:\n.*run 1\nsecond:\n.*run 2\n/,
  );
});

test('bytes that differ are found as well, and so is an end that differs', async () => {
  const inBytes = await failureOf(async (sim) => {
    const listener = await sim.host('server').listen(7);
    sim.executor.spawn(async () => {
      const stream = await listener.accept();
      await stream.readExactly(1);
      await stream.close();
    });
    const stream = await sim.host('client').connect('server:7');
    kept = (kept + 1) % 10;
    await stream.writeAll(String(kept));
    await stream.close();
  });
  expect((inBytes as Error).message).toMatch(
    /the bytes of this entry differ[^]*both:\n.*data .*client:\d+ → server:7 1\n/,
  );
  let runs = 0;
  const inEnd = await failureOf(() => {
    runs += 1;
    if (runs === 2) throw new Error('the second time');
  });
  expect((inEnd as Error).message).toContain('ended differently');
  expect((inEnd as Error).message).toContain('Error: the second time');
});

test('a share of the seeds runs twice, always the same; a failure is that of the program', async () => {
  const seeds: number[] = [];
  const main: SimulatedMain = ({ seed }) => {
    seeds.push(seed);
  };
  await simulateSeeds({ count: 200, checkDeterminism: 0.2 }, main);
  const first = [...seeds];
  expect(first.length).toBeGreaterThan(210);
  expect(first.length).toBeLessThan(280);
  seeds.length = 0;
  await simulateSeeds({ count: 200, checkDeterminism: 0.2 }, main);
  expect(seeds).toEqual(first);
  const failure = await failureOf(() => {
    throw new Error('as planned');
  });
  expect(failure).toBeInstanceOf(SimulationError);
  await expect(simulateSeeds({ count: 1, checkDeterminism: 2 }, main)).rejects.toThrow(
    'expected `checkDeterminism` to be a share from 0 to 1',
  );
});
