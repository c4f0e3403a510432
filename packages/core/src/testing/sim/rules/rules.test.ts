import { describe, expect, test } from '@jest/globals';
import { CALM } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';
import type { PacketMatch, SimPacket } from './types.ts';
import { pairOn } from '../../../../test/support/simulated-hosts.ts';

const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;

describe('a rule', () => {
  test('loses what matches, and TCP sends it again until the rule is released', async () => {
    await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      const rule = sim.drop(({ text, from, to, kind }) => {
        return text === 'lost' && kind === 'data' && from.host === 'client' && to.port === 80;
      });
      await there.writeAll('first');
      await sim.clock.sleep(20);
      await there.writeAll('lost');
      await sim.clock.sleep(5_000);
      await there.writeAll('behind');
      expect(Buffer.from((await here.readChunk()) ?? []).toString()).toBe('first');
      expect([here.isReadable, rule.count > 2]).toEqual([false, true]);
      rule.release();
      rule.release();
      expect(Buffer.from(await here.readExactly(10)).toString()).toBe('lostbehind');
      there.reset();
    });
  });

  test('ends with its block', async () => {
    await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      {
        using rule = sim.drop(() => true);
        await there.writeAll('x');
        await sim.clock.sleep(3_000);
        expect(rule.count).toBeGreaterThan(0);
      }
      await here.readExactly(1);
      there.reset();
    });
  });

  test('that loses everything for good breaks the connection, and refuses the next', async () => {
    await simulate(calm, async (sim) => {
      const { client, there, here } = await pairOn(sim);
      sim.drop(() => true);
      await there.writeAll('x');
      await expect(here.readChunk()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      await expect(there.readChunk()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      expect(sim.clock.now()).toBe(30_040);
      await expect(client.connect('server:80')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    });
  });

  test('that has ended breaks no connection whose packets got through since', async () => {
    await simulate({ ...calm, giveUpAfter: 3_000 }, async (sim) => {
      const { there, here } = await pairOn(sim);
      const rule = sim.drop(({ kind }) => kind === 'data');
      await there.writeAll('x');
      // Too late for another try before the connection gives up, but for a path that is open again.
      await sim.clock.sleep(2_900);
      rule.release();
      sim.heal();
      await sim.clock.sleep(10_000);
      expect(Buffer.from(await here.readExactly(1)).toString()).toBe('x');
      await here.writeAll('y');
      expect(Buffer.from(await there.readExactly(1)).toString()).toBe('y');
      there.reset();
      here.reset();
    });
  });

  test('that delays makes what matches late, and what is behind it on its connection', async () => {
    await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      using _ = sim.delay(({ text }) => text === 'a', 500);
      const start = sim.clock.now();
      await there.writeAll('a');
      await sim.clock.sleep(1);
      await there.writeAll('b');
      await here.readExactly(2);
      expect(sim.clock.now() - start).toBe(510);
      there.reset();
    });
  });

  test('about attempts to connect loses their SYN, or holds it back', async () => {
    await simulate(calm, async (sim) => {
      const { client } = await pairOn(sim);
      const loss = sim.drop(({ kind }) => kind === 'syn');
      await expect(client.connect('server:80', { timeout: 2_500 })).rejects.toThrow('2500 ms');
      expect(loss.count).toBe(2);
      loss.release();
      const barrier = sim.barrier(({ kind }) => kind === 'syn');
      const attempt = client.connect('server:80');
      expect((await barrier.reached()).to.toString()).toBe('server:80');
      await sim.clock.sleep(50_000);
      barrier.release();
      (await attempt).reset();
    });
  });

  test('whose function fails, or returns neither true nor false, fails the run', async () => {
    const wrong = [
      () => Promise.resolve(true),
      () => JSON.parse('x') as boolean,
      ({ text }: SimPacket) => /x/.exec(text),
    ];
    for (const match of wrong) {
      const run = simulate(calm, async (sim) => {
        const { there } = await pairOn(sim);
        sim.drop(match as PacketMatch);
        await there.writeAll('x');
        await sim.clock.sleep(100);
      });
      await expect(run).rejects.toThrow('task "match of drop" failed');
    }
    const run = simulate(calm, (sim) => {
      sim.delay(() => true, Number.NaN);
    });
    await expect(run).rejects.toThrow('delay: expected `milliseconds` to be');
  });
});

describe('a barrier', () => {
  test('holds what matches until it is released, and says that it was reached', async () => {
    await simulate(calm, async (sim) => {
      const { server, there, here } = await pairOn(sim);
      const barrier = sim.barrier(({ text }) => text.includes('commit'));
      await there.writeAll('commit 1');
      const packet = await barrier.reached();
      expect([packet.text, String(packet.to), barrier.count]).toEqual(['commit 1', 'server:80', 1]);
      expect(await barrier.reached()).toBe(packet);
      await sim.clock.sleep(100_000);
      expect(here.isReadable).toBe(false);
      expect(server.isUp).toBe(true);
      barrier.release();
      expect(Buffer.from(await here.readExactly(8)).toString()).toBe('commit 1');
      there.reset();
    });
  });

  test('that is never reached ends the wait for it: by a timeout, or by its release', async () => {
    await simulate(calm, async (sim) => {
      const barrier = sim.barrier(() => true);
      await expect(barrier.reached({ timeout: 10 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      const waiting = barrier.reached();
      sim.clock.setTimer(() => {
        barrier.release();
      }, 5);
      await expect(waiting).rejects.toMatchObject({ code: 'ERR_BARRIER_RELEASED' });
    });
    const run = simulate(calm, (sim) =>
      sim
        .barrier(() => true)
        .reached()
        .then(() => {}),
    );
    await expect(run).rejects.toThrow('barrier: reached, since 0.000 ms');
  });
});
