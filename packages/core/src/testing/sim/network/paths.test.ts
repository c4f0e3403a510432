import { describe, expect, test } from '@jest/globals';
import { BrokenError } from '../../../vocabulary/errors.ts';
import { CALM } from '../wire/faults.ts';
import { Paths } from '../paths/paths.ts';
import { simulate } from '../simulate.ts';
import type { Simulation } from '../options.ts';
import { pairOn } from '../../../../test/support/simulated-hosts.ts';

const calm = { latency: [10, 10], faults: CALM, deadline: 200_000 } as const;

/** When a wait fails for want of a path, from the start of the run; it must fail. */
async function failsAt(sim: Simulation, wait: Promise<unknown>): Promise<number> {
  await expect(wait).rejects.toBeInstanceOf(BrokenError);
  return sim.clock.now();
}

describe('a connection gives up', () => {
  test('30 seconds after the cut that stands, not after one that was healed', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      const begin = sim.clock.now();
      const failed = failsAt(sim, there.readLine());
      sim.partition(server, client);
      await sim.clock.sleep(5_000);
      sim.heal();
      await sim.clock.sleep(22_000);
      sim.partition(server, client);
      expect((await failed) - begin).toBe(57_000);
      await here.close();
    });
  });

  test('30 seconds after the first cut, when the same path is cut again meanwhile', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      const begin = sim.clock.now();
      const failed = failsAt(sim, there.readLine());
      sim.partition(server, client);
      await sim.clock.sleep(10_000);
      sim.partition(server, client);
      expect((await failed) - begin).toBe(30_000);
      await here.close();
    });
  });

  test('not while its path is held, but 30 seconds after the release if it is still cut', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      const begin = sim.clock.now();
      const failed = failsAt(sim, there.readLine());
      sim.partition(server, client);
      sim.hold(server, client);
      await sim.clock.sleep(40_000);
      sim.release();
      expect((await failed) - begin).toBe(70_000);
      await here.close();
    });
  });

  test('as an attempt, 30 seconds after the release of a path that is cut by then', async () => {
    await simulate(calm, async (sim) => {
      const server = sim.host('server');
      const client = sim.host('client');
      await server.listen(80);
      sim.hold(server, client);
      const failed = failsAt(sim, client.connect('server:80'));
      await sim.clock.sleep(60_000);
      sim.partition(server, client);
      sim.release();
      const at = await failed;
      expect(at).toBeGreaterThan(89_000);
      expect(at).toBeLessThanOrEqual(90_000);
    });
  });
});

describe('what ends by itself', () => {
  test('does not restart a host that the program restarted and crashed again', async () => {
    const faults = { ...CALM, crash: 1, downFor: [10_000, 10_000] } as const;
    await simulate({ ...calm, faults }, async (sim) => {
      const { server, there, here } = await pairOn(sim);
      await there.writeAll('x');
      await sim.clock.sleep(1_000);
      expect(server.isUp).toBe(false);
      server.restart();
      server.crash();
      await sim.clock.sleep(20_000);
      expect(server.isUp).toBe(false);
      await Promise.allSettled([there.close({ linger: 0 }), here.close()]);
    });
  });

  test('does not end a random partition that began after everything was healed', () => {
    const paths = new Paths();
    const [a, b] = [
      { name: 'a', isUp: true },
      { name: 'b', isUp: true },
    ];
    const endFirst = paths.beginOutage([paths.get(a, b)]);
    paths.heal(undefined, undefined);
    const endSecond = paths.beginOutage([paths.get(a, b)]);
    endFirst();
    expect(paths.isOpen(a, b)).toBe(false);
    endSecond();
    expect(paths.isOpen(a, b)).toBe(true);
  });
});
