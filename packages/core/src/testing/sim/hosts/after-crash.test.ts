/** Code of a crashed host that waits for something outside of the simulation goes on: nothing that it does has an effect. */
import { expect, test } from '@jest/globals';
import { CALM } from '../wire/faults.ts';
import { always, reachable, sometimes } from '../properties.ts';
import { simulate } from '../simulate.ts';

const AFTER: readonly (readonly [string, () => void])[] = [
  ['a rejection that is not handled', () => void Promise.reject(new Error('after the crash'))],
  ['an error of an async function', () => void failing()],
  ['an error of a microtask', () => queueMicrotask(fail)],
  ['an error of a tick', () => process.nextTick(fail)],
  ['an error of a timer', () => void setTimeout(fail, 1)],
  ['`always`, `sometimes` and `reachable`', count],
];

function fail(): never {
  throw new Error('after the crash');
}

async function failing(): Promise<void> {
  await Promise.resolve();
  fail();
}

function count(): void {
  always(false, 'never');
  sometimes(true, 'once');
  reachable('a place');
}

test.each(AFTER)('%s after the crash of its host fails no run', async (_name, act) => {
  let wentOn = 0;
  const { properties } = await simulate({ seed: 1, faults: CALM }, async (sim) => {
    let resolve = (): void => {};
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    const host = sim.host('a');
    host.run(async () => {
      await promise;
      wentOn += 1;
      act();
    });
    await sim.clock.sleep(1);
    host.crash();
    resolve();
    await sim.clock.sleep(100);
  });
  expect(wentOn).toBe(1);
  expect(properties).toEqual([]);
});

test.each(AFTER.slice(0, 4))('%s of a host that is up fails the run', async (_name, act) => {
  const run = simulate({ seed: 1, faults: CALM }, async (sim) => {
    sim.host('a').run(async () => act());
    await sim.clock.sleep(100);
  });
  await expect(run).rejects.toThrow('after the crash');
});
