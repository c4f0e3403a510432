import { describe, expect, test } from '@jest/globals';
import { CALM } from './wire/faults.ts';
import { simulate } from './simulate.ts';
import type { Simulation } from './options.ts';
import type { SimulationError } from './report.ts';
import { pairOn } from '../../../test/support/simulated-hosts.ts';

const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;

describe('faults of a link', () => {
  test('are those of its direction alone, and only until they are released', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      const other = await pairOn(sim, 'other');
      const trip = async (from: typeof there, to: typeof there): Promise<number> => {
        const start = sim.clock.now();
        await from.writeAll('x');
        await to.readExactly(1);
        return sim.clock.now() - start;
      };
      const slow = sim.link(client, server, { oneWay: true }).faults({ latency: [500, 500] });
      expect(await trip(there, here)).toBe(500);
      expect(await trip(here, there)).toBe(10);
      expect(await trip(other.there, other.here)).toBe(10);
      const both = sim.link(client, server).faults({ latency: [200, 200] });
      expect([await trip(there, here), await trip(here, there)]).toEqual([200, 200]);
      both.release();
      expect([await trip(there, here), await trip(here, there)]).toEqual([500, 10]);
      slow[Symbol.dispose]();
      expect(await trip(there, here)).toBe(10);
      for (const stream of [there, other.there]) stream.reset();
    });
  });

  test('last as long as they should, everywhere or on a link', async () => {
    await simulate(calm, async (sim) => {
      const { server, client } = await pairOn(sim);
      const refusals = async (): Promise<string> => {
        const attempts = [client, sim.host('third')].map((host) =>
          host.connect('server:80').then(
            (stream) => {
              stream.reset();
              return 'ok';
            },
            (error: { code: string }) => error.code,
          ),
        );
        return (await Promise.all(attempts)).join(' ');
      };
      sim.during(1_000, { refuse: 1 });
      expect(await refusals()).toBe('ECONNREFUSED ECONNREFUSED');
      await sim.clock.sleep(1_000);
      expect(await refusals()).toBe('ok ok');
      sim.link(client, server).during(1_000, { refuse: 1 });
      expect(await refusals()).toBe('ECONNREFUSED ok');
      await sim.clock.sleep(1_000);
      expect(await refusals()).toBe('ok ok');
      sim.reset(client, server);
    });
  });

  test('are checked', async () => {
    await simulate(calm, (sim) => {
      const [a, b] = [sim.host('a'), sim.host('b')];
      expect(() => sim.link(a, b).faults({ crash: 2 })).toThrow('a chance from 0 to 1');
      expect(() => sim.link(a, b).faults({ crush: 1 } as object)).toThrow('did you mean `crash`?');
      expect(() => sim.during(0, {})).toThrow('a number of milliseconds above 0');
      expect(() => sim.link(a, { name: 'b' } as typeof b)).toThrow('a host of this run');
      // One host would mean all of its paths, or every path: neither is said.
      expect(() => sim.heal(a)).toThrow('a host of this run');
      expect(() => sim.release(undefined, b)).toThrow('a host of this run');
      expect(() => sim.silence('a' as never)).toThrow('silence: expected `a` to be a host');
    });
  });
});

describe('a connection', () => {
  test('can be made silent, by its stream or by its hosts, and others go on', async () => {
    await simulate(calm, async (sim) => {
      const { client, listener, there, here } = await pairOn(sim);
      const other = await client.connect('server:80');
      const otherHere = await listener.accept();
      sim.silence(here);
      await there.writeAll('x');
      await other.writeAll('y');
      await otherHere.readExactly(1);
      await expect(here.readChunk()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      expect(sim.clock.now()).toBeGreaterThanOrEqual(30_000);
      sim.silence(client, sim.host('server'));
      await expect(otherHere.readChunk()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    });
  });

  test('can be reset, by its stream or by its hosts', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, listener, there, here } = await pairOn(sim);
      const other = await client.connect('server:80');
      const otherHere = await listener.accept();
      sim.reset(there);
      for (const stream of [there, here]) {
        await expect(stream.readChunk()).rejects.toMatchObject({ code: 'ECONNRESET' });
      }
      expect(other.failure).toBe(undefined);
      sim.reset(server, client);
      for (const stream of [other, otherHere]) {
        await expect(stream.readChunk()).rejects.toMatchObject({ code: 'ECONNRESET' });
      }
    });
  });
});

describe('a quiet network', () => {
  test('has no faults any more: nothing breaks by itself, and everything heals', async () => {
    const faults = {
      crash: 0.3,
      partition: 0.3,
      reset: 0.3,
      refuse: 0.5,
      pause: 0.3,
      halfOpen: 0.3,
    };
    for (let seed = 1; seed <= 20; seed += 1) {
      await simulate({ seed, faults, deadline: 600_000 }, async (sim) => {
        const [server, client] = [sim.host('server'), sim.host('client')];
        server.run(async ({ executor }) => {
          for await (const stream of await server.listen(80)) {
            executor.spawn(async () => {
              try {
                for await (const chunk of stream) await stream.writeAll(chunk);
                await stream.close();
              } catch {
                stream.reset();
              }
            });
          }
        });
        sim.executor.spawn(async () => {
          for (let turn = 0; turn < 20; turn += 1) {
            await sim.clock.sleep(100);
            await client.connect('server:80', { timeout: 500 }).then(
              (stream) => stream.writeAll('x').then(() => stream.reset()),
              () => {},
            );
          }
        });
        sim.drop(() => sim.random.chance(0.5));
        await sim.clock.sleep(1_000);
        sim.partition(server, client);
        server.crash();
        await sim.clock.sleep(1_000);
        sim.quiet();
        await sim.clock.sleep(10_000);
        for (let turn = 0; turn < 20; turn += 1) {
          await using stream = await client.connect('server:80');
          await stream.writeAll('ping');
          expect(Buffer.from(await stream.readExactly(4)).toString()).toBe('ping');
        }
      });
    }
  });
});

describe('a swarm', () => {
  const program = async (sim: Simulation): Promise<void> => {
    sim.host('db').run(async ({ disk }) => {
      await disk.appendFile('/log', 'x');
    });
    await sim.clock.sleep(10);
  };

  test('draws for each seed which faults there are, and how strong they are', async () => {
    const drawn = new Map<string, Set<number>>();
    for (let seed = 1; seed <= 60; seed += 1) {
      const { faults = {}, hash } = await simulate({ seed, faults: 'swarm' }, program);
      for (const [name, value] of Object.entries(faults)) {
        drawn.set(name, (drawn.get(name) ?? new Set()).add(value as number));
      }
      expect((await simulate({ seed, faults: { swarm: true } }, program)).hash).toBe(hash);
    }
    for (const name of [
      'crash',
      'reset',
      'split',
      'pause',
      'skew',
      'tearWrites',
      'loseDatagrams',
    ]) {
      const values = drawn.get(name) ?? new Set();
      expect([name, values.has(0), values.size > 10]).toEqual([name, true, true]);
    }
    expect([...(drawn.get('diskError') ?? [])]).toEqual([0]);
  });

  test('keeps to the most that is given of a fault', async () => {
    const values = new Set<number>();
    for (let seed = 1; seed <= 60; seed += 1) {
      const given = { swarm: true, crash: 0, reset: 0.01, diskError: 0.05 };
      const { faults = {} } = await simulate({ seed, faults: given }, (sim) => sim.clock.sleep(1));
      expect([faults.crash, (faults.reset ?? 1) <= 0.01]).toEqual([0, true]);
      values.add(faults.diskError ?? 0);
    }
    expect([values.size > 10, Math.max(...values) <= 0.05]).toEqual([true, true]);
  });

  test('is printed by the report of a run that fails', async () => {
    const run = simulate({ seed: 4, faults: 'swarm' }, () => Promise.reject(new Error('no')));
    const error: unknown = await run.catch((reason: unknown) => reason);
    expect((error as SimulationError).message).toMatch(
      /\nfaults of this seed: (?:\w+ [\d.]+, )+\w+ [\d.]+\n/,
    );
  });

  test('is refused where it is no name of one', async () => {
    const run = simulate({ faults: 'storm' as 'swarm' }, () => {});
    await expect(run).rejects.toThrow(
      'expected `faults` to be an object, or \'swarm\', got "storm"',
    );
  });
});
