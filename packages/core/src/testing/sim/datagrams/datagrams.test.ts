import { describe, expect, test } from '@jest/globals';
import { CALM, type SimFaults } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';
import type { Simulation } from '../options.ts';

const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

async function pairOn(sim: Simulation) {
  const [a, b] = [sim.host('a'), sim.host('b')];
  return { a, b, there: await a.bindUdp(1), here: await b.bindUdp(2) };
}

describe('a UDP socket of a host', () => {
  test('sends and receives datagrams, with the addresses of hosts', async () => {
    await simulate(calm, async (sim) => {
      const { a, there, here } = await pairOn(sim);
      expect(String(here.localAddress)).toBe('b:2');
      expect(await there.sendTo('hello', 'b:2')).toBe(5);
      const { data, from } = await here.recvFrom();
      expect([text(data), String(from), sim.clock.now()]).toEqual(['hello', 'a:1', 10]);
      expect(here.trySendTo('back', from)).toBe(4);
      expect(text((await there.recvFrom()).data)).toBe('back');
      expect((await a.bindUdp(0)).localAddress.port).toBe(49_152);
      await expect(a.bindUdp(1)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await expect(a.bindUdp(70_000)).rejects.toThrow('a whole number from 0 to 65535');
      await expect(there.sendTo('x', 'nowhere:1')).rejects.toMatchObject({ code: 'ENOTFOUND' });
      await expect(there.sendTo(Buffer.alloc(65_508), 'b:2')).rejects.toMatchObject({
        code: 'EMSGSIZE',
      });
      await there.sendTo('self', 'localhost:1');
      expect(text((await there.recvFrom()).data)).toBe('self');
      await there.close();
      await (await a.bindUdp(1)).close();
    });
  });

  test('that is connected receives from its peer alone, and sees that its port is not bound', async () => {
    await simulate(calm, async (sim) => {
      const { a, there, here } = await pairOn(sim);
      await there.connect('b:2');
      expect(String(there.remoteAddress)).toBe('b:2');
      const other = await a.bindUdp(3);
      await other.sendTo('not for you', 'a:1');
      await there.send('hello');
      await here.sendTo('for you', (await here.recvFrom()).from);
      expect(text((await there.recvFrom()).data)).toBe('for you');
      await here.close();
      await there.send('are you there?');
      await expect(there.recvFrom()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await there.send('still usable');
    });
  });

  test('sends to a group, or to all when it may', async () => {
    await simulate(calm, async (sim) => {
      const sender = await sim.host('sender').bindUdp(0);
      const sockets = await Promise.all(['a', 'b', 'c'].map((name) => sim.host(name).bindUdp(5)));
      sockets[1]?.joinMulticast('224.0.0.5');
      await sender.sendTo('group', '224.0.0.5:5');
      await expect(sender.sendTo('all', '255.255.255.255:5')).rejects.toMatchObject({
        code: 'EACCES',
      });
      sender.setBroadcast(true);
      await sender.sendTo('all', '255.255.255.255:5');
      await sim.clock.sleep(100);
      expect(sockets.map((socket) => socket.statistics().queued)).toEqual([1, 2, 1]);
    });
  });

  test('loses what is sent across a cut, or to a host that is down, and waits for what is held', async () => {
    await simulate(calm, async (sim) => {
      const { a, b, there, here } = await pairOn(sim);
      sim.partition(a, b);
      await there.sendTo('cut', 'b:2');
      await sim.clock.sleep(100);
      sim.heal();
      sim.hold(a, b);
      await there.sendTo('held', 'b:2');
      await sim.clock.sleep(100_000);
      expect(here.isReadable).toBe(false);
      sim.release();
      expect(text((await here.recvFrom()).data)).toBe('held');
      using rule = sim.drop(({ kind }) => kind === 'datagram');
      await there.sendTo('dropped', 'b:2');
      await sim.clock.sleep(100);
      expect([rule.count, here.isReadable]).toEqual([1, false]);
    });
  });

  test('ends with its host: from outside by an error, for a program that is gone without one', async () => {
    const after: string[] = [];
    await simulate(calm, async (sim) => {
      const { a, b, here } = await pairOn(sim);
      b.run(async () => {
        const socket = await b.bindUdp(7);
        await socket.recvFrom().finally(() => after.push('settled'));
      });
      await sim.clock.sleep(1);
      const waiting = here.recvFrom();
      b.crash();
      await expect(waiting).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
      await expect(here.sendTo('x', 'a:1')).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
      await (await a.bindUdp(9)).sendTo('x', 'b:7');
      await sim.clock.sleep(100);
      b.restart();
      const again = await a.bindUdp(8);
      await again.sendTo('x', 'b:7');
      await sim.clock.sleep(100);
      expect(after).toEqual(['settled']);
    });
  });

  test('is late for a program that is paused, and loses nothing that fits', async () => {
    await simulate(calm, async (sim) => {
      const { b, there, here } = await pairOn(sim);
      b.pause(1_000);
      for (const data of ['1', '2', '3']) await there.sendTo(data, 'b:2');
      const first = await here.recvFrom();
      expect([text(first.data), sim.clock.now()]).toEqual(['1', 1_000]);
      for (const data of ['2', '3']) expect(text((await here.recvFrom()).data)).toBe(data);
    });
  });
});

describe('datagrams', () => {
  const arrived = async (seed: number, faults: SimFaults): Promise<string> => {
    let order = '';
    await simulate({ seed, faults: { ...CALM, ...faults }, latency: [1, 20] }, async (sim) => {
      const { there, here } = await pairOn(sim);
      for (const data of 'abcdef') {
        await there.sendTo(data, 'b:2');
        await sim.clock.sleep(25);
      }
      await sim.clock.sleep(1_000);
      for (; here.isReadable;) order += text((await here.recvFrom()).data);
    });
    return order;
  };

  test.each<[string, SimFaults, (order: string) => boolean]>([
    ['are lost', { loseDatagrams: 0.2 }, (order) => order.length < 6],
    ['come twice', { duplicateDatagrams: 0.2 }, (order) => order.length > 6],
    ['come out of order', { delayDatagrams: 0.3 }, (order) => order !== 'abcdef'],
  ])('%s when it is asked for, and only then', async (_name, faults, isWrong) => {
    let wrong = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      if (isWrong(await arrived(seed, faults))) wrong += 1;
      expect(await arrived(seed, {})).toBe('abcdef');
    }
    expect(wrong).toBeGreaterThan(5);
  });

  test('find a counter that trusts them', async () => {
    // A datagram that comes twice counts twice, one that is lost never.
    const program = async (sim: Simulation): Promise<void> => {
      let total = 0;
      const server = sim.host('server');
      server.run(async () => {
        for await (const { data, from } of await server.bindUdp(1)) {
          total += Number(text(data));
          await server.bindUdp(0).then((socket) => socket.sendTo('ok', from));
        }
      });
      const client = await sim.host('client').bindUdp(0);
      for (const amount of [1, 2, 3]) {
        for (let isCounted = false; !isCounted;) {
          await client.sendTo(String(amount), 'server:1');
          isCounted = await client.recvFrom({ timeout: 200 }).then(
            () => true,
            () => false,
          );
        }
      }
      if (total !== 6) throw new Error(`expected 6, got ${total}`);
    };
    let failures = 0;
    for (let seed = 1; seed <= 50; seed += 1) {
      await simulate({ seed }, program).catch(() => (failures += 1));
      await simulate({ seed, faults: CALM }, program);
    }
    expect(failures).toBeGreaterThan(0);
  });
});
