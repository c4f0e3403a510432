/** Bugs that no network finds: each program loses or doubles something only when a machine dies, stalls or drifts. */

import { describe, expect, test } from '@jest/globals';
import { CALM, type SimFaults } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';
import type { SimulatedMain, Simulation } from '../options.ts';
import type { SimDisk } from '../disk/types.ts';

const SEEDS = 200;
/** Of a program that is right, or of a network without the fault. */
const FEW = 3;

/** The first seed under which a program fails. */
async function found(
  program: SimulatedMain,
  faults: SimFaults = {},
  seeds = SEEDS,
): Promise<string | undefined> {
  for (let seed = 1; seed <= seeds; seed += 1) {
    try {
      await simulate({ seed, faults, latency: [1, 2], deadline: 600_000 }, program);
    } catch (error) {
      return String((error as Error).cause);
    }
  }
  return undefined;
}

async function syncDirectory(disk: SimDisk, path: string): Promise<void> {
  await using directory = await disk.open(path);
  await directory.sync();
}

/** A server that acknowledges entries and dies at any time: what was acknowledged must be there. */
function journal(append: (disk: SimDisk, entry: string) => Promise<void>): SimulatedMain {
  return async (sim: Simulation) => {
    const db = sim.host('db');
    const acknowledged: string[] = [];
    db.run(async ({ disk }) => {
      const listener = await db.listen(1);
      for await (const stream of listener) {
        for (let line = await stream.readLine(); line !== null; line = await stream.readLine()) {
          await append(disk, line);
          await stream.writeAll('ok\n');
        }
        await stream.close();
      }
    });
    await using stream = await sim.host('client').connect('db:1');
    const crashAt = sim.random.integer(1, 100);
    sim.clock.setTimer(() => db.crash(), crashAt);
    for (let entry = 1; entry <= 5 && db.isUp; entry += 1) {
      try {
        await stream.writeAll(`entry ${entry}\n`);
        await stream.readLine({ timeout: 1_000 });
        acknowledged.push(`entry ${entry}`);
      } catch {
        break;
      }
    }
    stream.reset();
    db.crash();
    const text = await db.disk.readFile('/log', 'utf8').catch(() => '');
    for (const entry of acknowledged) {
      if (!text.split('\n').includes(entry))
        throw new Error(`${entry} was acknowledged, and is lost`);
    }
  };
}

describe('a journal', () => {
  test.each<[string, (disk: SimDisk, entry: string) => Promise<void>]>([
    ['never syncs', (disk, entry) => disk.appendFile('/log', `${entry}\n`)],
    [
      'never syncs its name',
      (disk, entry) => disk.appendFile('/log', `${entry}\n`, { flush: true }),
    ],
    [
      'is replaced by a file that was not synced',
      async (disk, entry) => {
        const before = await disk.readFile('/log', 'utf8').catch(() => '');
        await disk.writeFile('/new', `${before}${entry}\n`);
        await disk.rename('/new', '/log');
        await syncDirectory(disk, '/');
      },
    ],
    [
      'is overwritten in place',
      async (disk, entry) => {
        const before = await disk.readFile('/log', 'utf8').catch(() => '');
        await disk.writeFile('/log', `${before}${entry}\n`, { flush: true });
        await syncDirectory(disk, '/');
      },
    ],
  ])('loses what it has acknowledged when it %s', async (_name, append) => {
    expect(await found(journal(append))).toContain('was acknowledged, and is lost');
  });

  test('loses nothing when it syncs its contents and its name', async () => {
    const append = async (disk: SimDisk, entry: string): Promise<void> => {
      await disk.appendFile('/log', `${entry}\n`, { flush: true });
      await syncDirectory(disk, '/');
    };
    expect(await found(journal(append), {}, 10 * FEW)).toBeUndefined();
  });
});

/** Two owners of one lease: each works while it believes that it holds it. */
function lease(isSafe: (leftOnHost: number) => boolean): SimulatedMain {
  return async (sim: Simulation) => {
    const keeper = sim.host('keeper');
    let owner = '';
    let until = 0;
    let working = '';
    keeper.run(async ({ clock, executor }) => {
      for await (const stream of await keeper.listen(1)) {
        executor.spawn(async () => {
          const name = (await stream.readLine()) ?? '';
          const isFree = owner === '' || clock.now() >= until;
          if (isFree) [owner, until] = [name, clock.now() + 1_000];
          await stream.writeAll(isFree ? 'yours\n' : 'taken\n');
          await stream.close();
        });
      }
    });
    const workers = ['a', 'b'].map((name) => {
      const host = sim.host(name);
      return host.executor.spawn(async () => {
        while (sim.clock.now() < 2_500) {
          const asked = host.clock.now();
          await using stream = await host.connect('keeper:1');
          await stream.writeAll(`${name}\n`);
          const isMine = (await stream.readLine()) === 'yours';
          // Up to a part of the lease is work, step by step.
          while (isSafe(isMine ? asked + 1_000 - host.clock.now() : 0)) {
            if (working !== '' && working !== name) throw new Error('two hold the lease');
            working = name;
            await host.clock.sleep(1);
            if (working !== name) throw new Error('two hold the lease');
            await host.clock.sleep(20);
            working = '';
          }
          await host.clock.sleep(host.random.integer(1, 8));
        }
      });
    });
    await Promise.all(workers);
  };
}

describe('a lease', () => {
  test('is held by two when the clocks of its owners drift and they leave no margin', async () => {
    const program = lease((left) => left > 21);
    expect(await found(program, CALM, FEW)).toBeUndefined();
    expect(await found(program, { ...CALM, skew: 1 })).toContain('two hold the lease');
  });

  test('is held by two when an owner is paused while it works', async () => {
    const program = lease((left) => left > 30);
    const pausing: SimulatedMain = async (sim) => {
      const pause = async (): Promise<void> => {
        for (let turn = 0; turn < 3; turn += 1) {
          await sim.clock.sleep(sim.random.integer(100, 600));
          sim.host('a').pause(1_500);
        }
      };
      await Promise.all([pause(), program(sim)]);
    };
    expect(await found(pausing, CALM)).toContain('two hold the lease');
  });
});

describe('a crash', () => {
  test('finds the cleaning up that only an orderly end does', async () => {
    // The lock file is removed in `finally`, which no machine that lost its power has run.
    const program: SimulatedMain = async (sim) => {
      const host = sim.host('host');
      host.run(async ({ disk, clock }) => {
        const lock = await disk.open('/lock', 'wx');
        await syncDirectory(disk, '/');
        try {
          await clock.sleep(100);
        } finally {
          await lock.close();
          await disk.unlink('/lock');
          await syncDirectory(disk, '/');
        }
      });
      await sim.clock.sleep(sim.random.integer(20, 200));
      host.crash();
      host.restart();
      await sim.clock.sleep(1_000);
    };
    expect(await found(program)).toContain('EEXIST');
  });
});
