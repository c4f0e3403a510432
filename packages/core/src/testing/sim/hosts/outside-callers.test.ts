/** Code outside of a host, of the main program or of another host, goes on when the host crashes. */
import { describe, expect, test } from '@jest/globals';
import { BUDGET } from '../../../waiting/budget.ts';
import { deferred } from '../../../waiting/deferred.ts';
import { CALM } from '../wire/faults.ts';
import type { SimStream } from '../wire/stream.ts';
import { simulate } from '../simulate.ts';

const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;

describe('code outside of a host that crashes', () => {
  test('goes on after its sleep on the clock of the host, and may still set timers on it', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const { clock } = host;
      const asleep = clock.sleep(100);
      await sim.clock.sleep(50);
      host.crash();
      await asleep;
      expect(sim.clock.now()).toBe(100);
      await clock.sleep(100);
      expect(sim.clock.now()).toBe(200);
    });
  });

  test('wakes from a sleep that was due while the host was paused', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const asleep = host.clock.sleep(100);
      host.pause(1_000);
      await sim.clock.sleep(500);
      host.crash();
      await asleep;
      expect(sim.clock.now()).toBe(500);
    });
  });

  test('closes what a program of it has opened, whatever budget that has spent', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const { promise: opened, resolve } = deferred<{ close(): Promise<void> }>();
      host.run(async ({ clock }) => {
        const listener = await host.listen(80);
        resolve(listener);
        for (let port = 1; port <= 2 * BUDGET; port += 1) {
          void host.listen(port, { clock }).catch(() => {});
        }
      });
      const listener = await opened;
      host.crash();
      for (let times = 0; times <= 2 * BUDGET; times += 1) await listener.close();
    });
  });

  test('closes a stream that a program of it has opened', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const listener = await sim.host('peer').listen(80);
      const { promise: opened, resolve } = deferred<SimStream>();
      host.run(async () => {
        const stream = await host.connect('peer:80');
        resolve(stream);
        for (;;) await stream.writeAll(new Uint8Array(100_000));
      });
      const stream = await opened;
      await listener.accept();
      host.crash();
      await stream.close();
      expect(await stream.closed).toMatchObject({ error: { code: 'ERR_HOST_CRASHED' } });
    });
  });

  test('has its timeout on a stream and a listener of it', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const opened: unknown[] = [];
      const listener = await sim.host('peer').listen(80);
      host.run(async ({ clock }) => {
        opened.push(await host.connect('peer:80'), await host.listen(80));
        await clock.sleep(50_000);
      });
      await listener.accept();
      await sim.clock.sleep(100);
      host.crash();
      const crashedAt = sim.clock.now();
      const [stream, own] = opened as [
        Awaited<ReturnType<typeof host.connect>>,
        Awaited<ReturnType<typeof host.listen>>,
      ];
      const late = { name: 'TimeoutError' };
      await expect(stream.readLine({ timeout: 10 })).rejects.toMatchObject(late);
      await expect(own.accept({ timeout: 10 })).rejects.toMatchObject(late);
      expect(sim.clock.now() - crashedAt).toBe(20);
    });
  });

  test('sees its task fail when the host crashes before it begins, or within it', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const before = host.executor.spawn(() => {});
      host.crash();
      await expect(before).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
      host.restart();
      const within = host.executor.spawn(() => {
        sim.host('host').crash();
      });
      await expect(within).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
    });
  });

  test('may have many tasks there, without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    await simulate(calm, async (sim) => {
      const { clock, executor } = sim.host('host');
      await Promise.all(Array.from({ length: 20 }, () => executor.spawn(() => clock.sleep(10))));
    });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('has its timer at the time of the host’s clock, also when that changes after a restart', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const { clock } = host;
      const asleep = clock.sleep(1_000);
      host.crash();
      host.restart();
      await sim.clock.sleep(10);
      host.clock.skew(2);
      await asleep;
      expect(Math.round(clock.now())).toBe(1_000);
    });
  });

  test('sees its task and its group there fail', async () => {
    const ended: string[] = [];
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const { executor, clock } = host;
      const work = async (): Promise<void> => {
        await clock.sleep(500).finally(() => ended.push('a task'));
      };
      const task = executor.spawn(work);
      const ignored = executor.spawn(work);
      const group = executor.group(({ spawn }) => void spawn(work));
      void executor.group(({ spawn }) => void spawn(work));
      await sim.clock.sleep(10);
      host.crash();
      const crashed = { code: 'ERR_HOST_CRASHED' };
      await expect(task).rejects.toMatchObject({ ...crashed, operation: 'spawn' });
      await expect(group).rejects.toMatchObject({ ...crashed, operation: 'group' });
      await sim.clock.sleep(1_000);
      void ignored;
    });
    expect(ended).toEqual([]);
  });
});
