import { describe, expect, test } from '@jest/globals';
import { CALM } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';
import type { Simulation } from '../options.ts';

const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;

/** A server on each host, which says its name. */
function servers(sim: Simulation, ...names: string[]): void {
  for (const name of names) {
    const host = sim.host(name);
    host.run(async () => {
      for await (const stream of await host.listen(80)) {
        await stream.writeAll(name);
        await stream.close();
      }
    });
  }
}

async function ask(sim: Simulation, address: string): Promise<string> {
  await using stream = await sim.host('client').connect(address);
  return Buffer.from((await stream.readChunk()) ?? []).toString();
}

describe('a name', () => {
  test('stands for hosts that may change, and for none', async () => {
    await simulate(calm, async (sim) => {
      servers(sim, 'a', 'b', 'db');
      expect(await ask(sim, 'db:80')).toBe('db');
      sim.dns.set('db', ['b']);
      expect(await ask(sim, 'db:80')).toBe('b');
      sim.dns.set('db', ['a', 'b']);
      expect(await ask(sim, 'db:80')).toBe('a');
      sim.dns.set('db', []);
      await expect(ask(sim, 'db:80')).rejects.toMatchObject({ code: 'ENOTFOUND' });
      sim.dns.delete('db');
      expect(sim.dns.lookup('db')).toEqual(['db']);
      expect(await ask(sim, 'db:80')).toBe('db');
    });
  });

  test('is tried host by host: the next when one has failed, or beside one that does not answer', async () => {
    await simulate(calm, async (sim) => {
      servers(sim, 'b');
      sim.host('a');
      sim.dns.set('db', ['a', 'b']);
      expect(await ask(sim, 'db:80')).toBe('b');
      expect(sim.clock.now()).toBeLessThan(100);
      sim.host('a').crash();
      const start = sim.clock.now();
      expect(await ask(sim, 'db:80')).toBe('b');
      expect(sim.clock.now() - start).toBeGreaterThanOrEqual(250);
      expect(sim.network.openStreams).toEqual([]);
    });
  });

  test('fails with all that was tried, and ends with its timeout or signal', async () => {
    await simulate(calm, async (sim) => {
      const client = sim.host('client');
      for (const name of ['a', 'b']) sim.host(name);
      sim.dns.set('db', ['a', 'b']);
      const failure = client.connect('db:80');
      await expect(failure).rejects.toMatchObject({
        code: 'ECONNREFUSED',
        message: expect.stringContaining('no address of db:80 could be reached: a:80'),
      });
      for (const name of ['a', 'b']) sim.host(name).crash();
      await expect(client.connect('db:80', { timeout: 5_000 })).rejects.toThrow('5000 ms');
      const controller = new AbortController();
      const attempt = client.connect('db:80', { signal: controller.signal });
      controller.abort(new Error('enough'));
      await expect(attempt).rejects.toThrow('enough');
    });
  });

  test('fails at once when the host that connects crashes', async () => {
    await simulate(calm, async (sim) => {
      const client = sim.host('client');
      for (const name of ['a', 'b']) sim.host(name).crash();
      sim.dns.set('db', ['a', 'b']);
      const attempt = client.connect('db:80');
      await sim.clock.sleep(100);
      client.crash();
      await expect(attempt).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
      expect(sim.clock.now()).toBe(100);
    });
  });

  test('of a late connection leaves nothing open', async () => {
    await simulate({ ...calm, latency: [10, 10] }, async (sim) => {
      servers(sim, 'a', 'b');
      sim.dns.set('db', ['a', 'b']);
      sim.link(sim.host('client'), sim.host('a')).faults({ latency: [200, 200] });
      expect(await ask(sim, 'db:80')).toBe('b');
      await sim.clock.sleep(5_000);
      expect(sim.network.openStreams).toEqual([]);
    });
  });

  test('is checked', async () => {
    await simulate(calm, (sim) => {
      expect(() => {
        sim.dns.set('a:1', []);
      }).toThrow('a name without spaces');
      expect(() => {
        sim.dns.set('a', 'b' as never);
      }).toThrow('a list of names of hosts');
    });
  });

  test('of the host itself is its own', async () => {
    await simulate(calm, async (sim) => {
      servers(sim, 'client');
      expect([await ask(sim, 'localhost:80'), await ask(sim, '127.0.0.1:80')]).toEqual([
        'client',
        'client',
      ]);
    });
  });
});
