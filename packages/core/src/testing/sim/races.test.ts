/**
 * Classic races, each of which hides as long as what is due at one moment happens in the order in which it was begun.
 *
 * Each program is right in that order, and wrong in another that no part of it rules out.
 */

import { describe, expect, test } from '@jest/globals';
import { Mutex } from '../../sync/mutex.ts';
import { deferred } from '../../waiting/deferred.ts';
import { CALM } from './wire/faults.ts';
import type { Simulation, SimulationOptions } from './options.ts';
import { SimulationError } from './report.ts';
import { simulate } from './simulate.ts';
import { shrinkRun } from './shrink/shrink-run.ts';
import { simulateSeeds } from './seeds/simulate-seeds.ts';

type Part = (sim: Simulation) => unknown;

/** Runs parts as tasks, and waits for all of them. */
async function together(sim: Simulation, parts: Readonly<Record<string, Part>>): Promise<void> {
  const tasks = Object.entries(parts).map(([name, part]) =>
    sim.executor.spawn(() => part(sim), { name }),
  );
  for (const task of tasks) await task;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const RACES: Readonly<Record<string, (sim: Simulation) => Promise<void>>> = {
  'a lost update': async (sim) => {
    let balance = 0;
    await together(sim, {
      async slow() {
        const before = balance;
        await sim.clock.sleep(1);
        balance = before + 10;
      },
      async late() {
        await sim.clock.sleep(1);
        balance += 5;
      },
    });
    check(balance === 15, `the balance is ${balance}`);
  },

  'check, then act': async (sim) => {
    let seats = 1;
    await together(sim, {
      async first() {
        if (seats === 0) return;
        await sim.clock.sleep(10);
        seats -= 1;
      },
      async second() {
        await sim.clock.sleep(10);
        if (seats === 0) return;
        await sim.clock.sleep(10);
        seats -= 1;
      },
    });
    check(seats >= 0, 'a seat was sold twice');
  },

  'a double close': async (sim) => {
    let closed = 0;
    let isDone = false;
    await together(sim, {
      async work() {
        await sim.clock.sleep(30);
        isDone = true;
        closed += 1;
      },
      async idle() {
        await sim.clock.sleep(30);
        if (!isDone) closed += 1;
      },
    });
    check(closed === 1, 'closed twice');
  },

  'a missed wake-up': async (sim) => {
    let wake: (() => void) | undefined;
    await together(sim, {
      async consumer() {
        const wait = deferred<void>();
        wake = wait.resolve;
        await wait.promise;
      },
      producer() {
        wake?.();
      },
    });
  },

  ABA: async (sim) => {
    let owner = 'a';
    let stolen = false;
    await together(sim, {
      async reader() {
        const seen = owner;
        await sim.clock.sleep(1);
        await sim.clock.sleep(1);
        if (owner === seen && stolen) throw new Error('the owner has changed and changed back');
      },
      async thief() {
        await sim.clock.sleep(1);
        stolen = true;
        owner = 'b';
        await sim.clock.sleep(1);
        owner = 'a';
      },
    });
  },

  'replies out of order': async (sim) => {
    const listener = await sim.host('server').listen(80);
    sim.executor.spawn(async () => {
      const stream = await listener.accept();
      for (let line = await stream.readLine(); line !== null; line = await stream.readLine()) {
        const reply = `re: ${line}\n`;
        sim.executor.spawn(() => stream.writeAll(reply), { name: `reply to ${line}` });
      }
      await stream.close();
    });
    const stream = await sim.host('client').connect('server:80');
    await stream.writeAll('one\ntwo\n');
    const answers = [await stream.readLine(), await stream.readLine()];
    check(answers.join() === 're: one,re: two', `got ${answers.join()}`);
    await stream.close();
  },

  'use before initialization': async (sim) => {
    let config: { readonly size: number } | undefined;
    await together(sim, {
      load() {
        config = { size: 3 };
      },
      use() {
        check(config !== undefined, 'the configuration is missing');
      },
    });
  },

  'a lost cancellation': async (sim) => {
    const state = { isCancelled: true };
    await together(sim, {
      async worker() {
        state.isCancelled = false;
        while (!state.isCancelled) await sim.clock.sleep(100);
      },
      stop() {
        state.isCancelled = true;
      },
    });
  },

  'a list that changes while it is read': async (sim) => {
    const list = ['a', 'b', 'c'];
    const seen: unknown[] = [];
    await together(sim, {
      async reader() {
        for (const item of list) {
          seen.push(item);
          await sim.clock.sleep(1);
        }
      },
      async remover() {
        await sim.clock.sleep(1);
        await sim.clock.sleep(1);
        list.shift();
      },
    });
    check(seen.length === 3, `read ${seen.join()}`);
  },

  'a deadlock by the order of locks': async (sim) => {
    const left = new Mutex();
    const right = new Mutex();
    await together(sim, {
      async ascending() {
        using _left = await left.lock();
        await sim.clock.sleep(1);
        using _right = await right.lock();
      },
      async descending() {
        await sim.clock.sleep(0);
        await sim.clock.sleep(1);
        using _right = await right.lock();
        using _left = await left.lock();
      },
    });
  },
};

const options: SimulationOptions = { faults: CALM, latency: [2, 2], deadline: 5_000 };

test('the order of a seed is the same on every machine and every Node', async () => {
  const run = await simulate({ ...options, order: 'seed', seed: 2_020 }, async (sim) => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      sim.executor.spawn(
        async () => {
          sim.log(`${name} begins`);
          for (let round = 0; round < 5; round += 1) await sim.clock.sleep(10);
          sim.log(`${name} ends`);
        },
        { name },
      );
    }
    await sim.clock.sleep(50);
  });
  expect(run.hash).toBe('be8d1e8831f5f35f');
});

describe('a race', () => {
  test.each(Object.entries(RACES))(
    '(%s) hides as long as who was first goes first',
    async (_name, race) => {
      await simulate(options, race);
      await simulateSeeds({ ...options, count: 20 }, race);
    },
  );

  test.each(Object.entries(RACES))(
    '(%s) is found by the order of a seed, and repeated',
    async (_name, race) => {
      const found: unknown = await simulateSeeds(
        { ...options, order: 'seed', count: 1_000 },
        race,
      ).catch((error: unknown) => error);
      expect(found).toBeInstanceOf(SimulationError);
      const { seed, hash, decisions } = found as SimulationError;
      const again: unknown = await simulate(
        { ...options, order: 'seed', seed, decisions },
        race,
      ).catch((error: unknown) => error);
      expect((again as SimulationError).hash).toBe(hash);

      const shrunk = await shrinkRun(found as SimulationError, race);
      expect(shrunk.decisions.length).toBeLessThanOrEqual(2);
    },
  );
});
