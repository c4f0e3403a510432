import { describe, expect, test } from '@jest/globals';
import { simulate, type Simulation, type SimulationOptions } from '../../src/testing/index.ts';

/** A journal on one host, clients that write to it by TCP, and a gauge that gets numbers by UDP; machines die, stall and drift. */
async function machines(sim: Simulation): Promise<void> {
  sim.dns.set('journal', ['db-1', 'db-2']);
  for (const name of ['db-1', 'db-2']) {
    const host = sim.host(name);
    host.run(async ({ clock, disk, executor, random }) => {
      executor.spawn(async () => {
        const socket = await host.bindUdp(0);
        for (;;) {
          await clock.sleep(random.integer(50, 150));
          await socket.sendTo(`${name} ${clock.wallTime()}`, 'gauge:9');
        }
      });
      for await (const stream of await host.listen(80)) {
        executor.spawn(async () => {
          try {
            for (
              let line = await stream.readLine();
              line !== null;
              line = await stream.readLine()
            ) {
              await disk.appendFile('/log', `${line}\n`, { flush: true });
              await using root = await disk.open('/');
              await root.sync();
              await stream.writeAll('ok\n');
            }
            await stream.close();
          } catch {
            stream.reset();
          }
        });
      }
    });
  }
  const gauge = await sim.host('gauge').bindUdp(9);
  sim.executor.spawn(async () => {
    for await (const { data } of gauge) sim.log(Buffer.from(data).toString());
  });
  await Promise.all(
    ['a', 'b'].map((name) => {
      const host = sim.host(name);
      return sim.executor.run(async () => {
        for (let turn = 0; turn < 4; turn += 1) {
          try {
            await using stream = await host.connect('journal:80', { timeout: 1_000 });
            await stream.writeAll(`${name} ${turn}\n`);
            sim.log(String(await stream.readLine({ timeout: 1_000 })));
          } catch (error) {
            sim.log((error as { code: string }).code);
          }
        }
      });
    }),
  );
  sim.quiet();
  for (const name of ['db-1', 'db-2']) {
    sim.host(name).crash();
    sim.log(
      await sim
        .host(name)
        .disk.readFile('/log', 'utf8')
        .catch(() => 'none'),
    );
  }
  await gauge.close();
}

describe('machines that die, stall and drift', () => {
  test.each<[string, SimulationOptions]>([
    ['a swarm', { faults: { swarm: true, crash: 0.02, pause: 0.05 } }],
    ['a swarm, in an order of the seed', { faults: 'swarm', order: 'seed' }],
  ])(
    'do so again for the same seed, and for the same decisions: %s',
    async (_name, options) => {
      const events = new Set<string>();
      for (let seed = 1; seed <= 20; seed += 1) {
        const first = await simulate({ ...options, seed, deadline: 600_000 }, machines);
        const second = await simulate({ ...options, seed, deadline: 600_000 }, machines);
        const { decisions } = first;
        const third = await simulate({ ...options, seed, decisions, deadline: 600_000 }, machines);
        expect([seed, second.hash, third.hash]).toEqual([seed, first.hash, first.hash]);
        for (const { event } of first.trace) events.add(event);
      }
      for (const event of [
        'crash',
        'restart',
        'pause',
        'resume',
        'skew',
        'jump',
        'disk',
        'lost!',
      ]) {
        expect([event, events.has(event)]).toEqual([event, true]);
      }
    },
    30_000,
  );
});
