import { describe, expect, test } from '@jest/globals';
import { channel } from '../../../sync/channel.ts';
import { CALM } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';

const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;

describe('a program whose host crashes', () => {
  test('does not run on: no timer, task, stream, listener or attempt of it ever settles', async () => {
    const after: string[] = [];
    await simulate(calm, async (sim) => {
      const server = sim.host('server');
      const client = sim.host('client');
      client.run(async ({ clock, executor, random, signal }) => {
        const attempt = async (name: string, wait: () => Promise<unknown>): Promise<void> => {
          try {
            await wait();
            after.push(`${name} settled`);
          } catch (error) {
            after.push(`${name} failed: ${String(error)}`);
          } finally {
            after.push(`${name} ended`);
          }
        };
        random.next();
        signal.addEventListener('abort', () => after.push('the signal aborted'));
        const listener = await client.listen(1);
        const stream = await client.connect('server:80');
        clock.setTimer(() => after.push('a timer fired'), 1_000);
        sim.clock.setTimer(() => {}, 1);
        executor.spawn(() => attempt('a task', () => clock.sleep(500)));
        sim.executor.spawn(() => attempt('a task of the run', () => sim.clock.sleep(500)));
        void sim.executor.group((group) => {
          group.spawn(() => attempt('a task of a group', () => clock.sleep(500)));
        });
        void attempt('accept', () => listener.accept({ timeout: 300 }));
        void attempt('connect', () => client.connect('nowhere:80', { timeout: 300 }));
        void attempt('writeAll', () => stream.writeAll(Buffer.alloc(1_000_000), { timeout: 300 }));
        await attempt('read', () => stream.readLine({ timeout: 300 }));
      });
      const listener = await server.listen(80);
      const there = await listener.accept();
      client.crash();
      await sim.clock.sleep(60_000);
      await expect(there.readLine()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      there.reset();
    });
    expect(after).toEqual([]);
  });

  test('has no effect any more, when something outside of the network wakes it', async () => {
    const { trace } = await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const [bell, ears] = channel<string>({ capacity: 1, clock: sim.clock });
      host.run(async ({ executor }) => {
        await ears.receive();
        sim.log('awake');
        executor.spawn(() => sim.log('a task'));
        await host.listen(80);
        sim.log('listening');
      });
      await sim.clock.sleep(10);
      host.crash();
      await bell.send('ring');
      await sim.clock.sleep(1_000);
    });
    expect(trace.map(({ event, subject }) => `${event} ${subject}`)).toEqual([
      'timer ',
      'crash host',
      'timer ',
    ]);
  });

  test('leaves a group of its executor where it is, its body and its tasks', async () => {
    const seen: string[] = [];
    const run = simulate(calm, async (sim) => {
      const host = sim.host('host');
      const work = async (what: string): Promise<void> => {
        await sim.clock.sleep(100);
        seen.push(what);
      };
      await host.executor.group(({ spawn }) => void spawn(() => work('a task')));
      void host.executor.group(async ({ spawn }) => {
        void spawn(() => work('a task of after the crash'));
        await work('a body of after the crash');
      });
      await sim.clock.sleep(10);
      host.crash();
      await sim.clock.sleep(1_000);
      await expect(host.executor.group(() => {})).rejects.toMatchObject({
        code: 'ERR_HOST_CRASHED',
        operation: 'group',
      });
    });
    await run;
    expect(seen).toEqual(['a task']);
  });

  test('begins again at the restart, with a new clock, executor and random numbers', async () => {
    const numbers: number[] = [];
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      let lives = 0;
      host.run(async ({ clock, random }) => {
        lives += 1;
        numbers.push(random.integer(0, 1e9));
        for (;;) await clock.sleep(1_000);
      });
      const { clock, executor } = host;
      await sim.clock.sleep(5_000);
      host.crash();
      expect([host.isUp, lives]).toEqual([false, 1]);
      expect(() => executor.spawn(() => {})).toThrow('the host host crashed');
      await sim.clock.sleep(5_000);
      host.restart();
      await sim.clock.sleep(1);
      expect([host.isUp, lives]).toEqual([true, 2]);
      expect(host.clock === clock).toBe(false);
      expect(await host.executor.spawn(() => 'ran')).toBe('ran');
      host.crash();
    });
    expect(new Set(numbers).size).toBe(2);
  });

  test('has random numbers that depend on the seed and the host, and on no other draw', async () => {
    const draw = async (seed: number, others: number): Promise<readonly number[]> => {
      const drawn: number[] = [];
      await simulate({ ...calm, seed }, (sim) => {
        for (let other = 0; other < others; other += 1) sim.host(`other${other}`).random.next();
        for (const name of ['a', 'b']) drawn.push(sim.host(name).random.integer(0, 1e9));
      });
      return drawn;
    };
    const first = await draw(1, 0);
    expect(await draw(1, 3)).toEqual(first);
    const all = [...first, ...(await draw(2, 0)), ...(await draw(2 ** 40 + 1, 0))];
    expect(new Set(all).size).toBe(6);
  });

  test('has a chance of `Math.random` that no other host, nor the code of an earlier life, changes', async () => {
    const draw = async (others: number): Promise<readonly number[]> => {
      const drawn: number[] = [];
      await simulate({ ...calm, seed: 1 }, (sim) => {
        for (let other = 0; other < others; other += 1) sim.host('other').enter(Math.random);
        const host = sim.host('a');
        drawn.push(host.enter(Math.random), host.random.next());
        host.crash();
        host.restart();
        drawn.push(host.enter(Math.random));
      });
      return drawn;
    };
    const first = await draw(0);
    expect(await draw(3)).toEqual(first);
    expect(new Set(first).size).toBe(3);
  });

  test('does not keep the run going: its timers and waits count no more', async () => {
    const run = await simulate(calm, async (sim) => {
      const host = sim.host('host');
      host.run(async ({ clock, executor }) => {
        const [, ears] = channel<string>({ capacity: 1 });
        executor.spawn(() => ears.receive());
        for (;;) await clock.sleep(50_000);
      });
      await sim.clock.sleep(1);
      host.crash();
    });
    expect(run.virtualTime).toBe(1);
  });
});

describe('a program', () => {
  test('that fails on its host fails the run, with its name', async () => {
    const run = simulate(calm, (sim) => {
      sim.host('db').run(() => Promise.reject(new Error('no space')));
    });
    await expect(run).rejects.toMatchObject({
      kind: 'task',
      message: expect.stringContaining('task "program of db" failed: Error: no space'),
    });
  });

  test('that is asked to stop ends by its signal, and its failure is ignored', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const ended: string[] = [];
      host.run(async ({ clock, signal }) => {
        await clock.sleep(50_000, { signal }).finally(() => ended.push('asleep'));
      });
      host.run(async ({ signal }) => {
        expect(host.signal === signal).toBe(true);
        const listener = await host.listen(80, { signal });
        for await (const stream of listener) stream.reset();
        ended.push('listening');
      });
      await sim.clock.sleep(1);
      const outside = host.signal;
      host.stop();
      await sim.clock.sleep(1);
      expect([ended.toSorted(), outside.aborted, host.isUp]).toEqual([
        ['asleep', 'listening'],
        false,
        true,
      ]);
    });
  });

  test('of a host that is down cannot be called', async () => {
    await simulate(calm, (sim) => {
      const host = sim.host('host');
      expect(host.enter(() => sim.executor === host.executor)).toBe(false);
      host.crash();
      expect(() => host.enter(() => 1)).toThrow('enter: the host host crashed');
    });
  });
});
