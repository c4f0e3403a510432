import { describe, expect, test } from '@jest/globals';
import type { BrokenError } from '../../../vocabulary/errors.ts';
import { CALM } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';

const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;

describe('a paused host', () => {
  test('takes nothing that came behind a reset', async () => {
    const decisions = [
      { key: 'server:7 → client:49153 / pause / 0', value: 10_000 },
      { key: 'server:7 → client:49153 / reset / 1', value: 1 },
    ];
    let received = '';
    await simulate({ decisions, latency: [1, 1] }, async (sim) => {
      const listener = await sim.host('server').listen(7);
      sim.host('client').run(async () => {
        const stream = await sim.host('client').connect('server:7');
        try {
          for await (const chunk of stream) received += Buffer.from(chunk).toString();
        } catch (error) {
          received += (error as BrokenError).code;
        }
      });
      const peer = await listener.accept();
      for (const text of ['one ', 'two ', 'three ']) {
        await peer.writeAll(text);
        await sim.clock.sleep(2);
      }
      await sim.clock.sleep(100);
      peer.reset();
    });
    expect(received).toBe('one ECONNRESET');
  });

  test('fires what was due when it goes on, in order, and takes what has arrived after that', async () => {
    const seen: string[] = [];
    await simulate(calm, async (sim) => {
      const server = sim.host('server');
      server.run(async ({ clock, executor }) => {
        const listener = await server.listen(80);
        const note = (what: string): void => {
          seen.push(`${sim.clock.now()} ${what}`);
        };
        for (const delay of [300, 150, 150]) clock.setTimer(() => note(`timer ${delay}`), delay);
        for await (const stream of listener) {
          executor.spawn(async () => {
            note('accepted');
            for (;;) {
              const line = await stream.readLine({ timeout: 100_000 });
              if (line === null) break;
              note(line);
            }
            await stream.close();
          });
        }
      });
      const client = sim.host('client');
      const first = await client.connect('server:80');
      await first.writeAll('one\n');
      await sim.clock.sleep(30);
      server.pause(200);
      expect(server.isPaused).toBe(true);
      await first.writeAll('two\n');
      const second = await client.connect('server:80');
      await second.writeAll('three\n');
      await first.writeAll('four\n');
      seen.push(`${sim.clock.now()} sent`);
      await sim.clock.sleep(300);
      await Promise.all([first.close(), second.close()]);
    });
    expect(seen).toEqual([
      '30 accepted',
      '30 one',
      '70 sent',
      '250 timer 150',
      '250 timer 150',
      '250 two',
      '250 accepted',

      '250 four',
      '250 three',
      '300 timer 300',
    ]);
  });

  test('fires what was due first before the rest, whatever was set first', async () => {
    const fired: string[] = [];
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      for (const delay of [200, 100, 300, 100]) {
        host.clock.setTimer(() => fired.push(`${delay} at ${sim.clock.now()}`), delay);
      }
      host.pause(250);
      await sim.clock.sleep(1_000);
    });
    expect(fired).toEqual(['100 at 250', '100 at 250', '200 at 250', '300 at 300']);
  });

  test('does not notice that a connection broke, or was made, before it goes on', async () => {
    await simulate(calm, async (sim) => {
      const [server, client] = [sim.host('server'), sim.host('client')];
      const listener = await server.listen(80);
      const there = await client.connect('server:80');
      const here = await listener.accept();
      const broken = here
        .readLine()
        .catch((error: BrokenError) => `${sim.clock.now()} ${error.code}`);
      const made = server
        .connect('client:1')
        .catch((error: BrokenError) => [sim.clock.now(), error.code]);
      server.pause(1_000);
      server.pause(500);
      there.reset();
      expect(await broken).toBe('1030 ECONNRESET');
      expect(await made).toEqual([1_030, 'ECONNREFUSED']);
      listener.close().catch(() => {});
    });
  });

  test('does not go on when it crashes meanwhile, nor its next life wait for the end of the pause', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const woken: number[] = [];
      host.run(async ({ clock }) => {
        await clock.sleep(10);
        woken.push(sim.clock.now());
      });
      host.pause(100);
      await sim.clock.sleep(50);
      host.crash();
      host.restart();
      expect(host.isPaused).toBe(false);
      await sim.clock.sleep(200);
      expect(woken).toEqual([60]);
    });
  });

  test('receives what fits into its window, and then its peer waits', async () => {
    await simulate(calm, async (sim) => {
      const [server, client] = [sim.host('server'), sim.host('client')];
      const listener = await server.listen(80);
      const there = await client.connect('server:80');
      const here = await listener.accept();
      server.pause(60_000);
      const writing = there.writeAll(Buffer.alloc(1_000_000, 'x')).then(() => sim.clock.now());
      let count = 0;
      for await (const chunk of here) {
        count += chunk.length;
        if (count === 1_000_000) break;
      }
      expect(await writing).toBeGreaterThan(60_000);
      there.reset();
      here.reset();
    });
  });
});

describe('the clock of a host', () => {
  test('gains and loses by its rate, with the timers that were set before', async () => {
    await simulate(calm, async (sim) => {
      const { clock } = sim.host('host');
      const start = clock.wallTime();
      const fired: string[] = [];
      const set = (name: string, delay: number): void => {
        clock.setTimer(() => fired.push(`${name} ${sim.clock.now()}`), delay);
      };
      set('before', 2_000);
      await sim.clock.sleep(1_000);
      clock.skew(2);
      set('after', 1_000);
      await sim.clock.sleep(1_000);
      expect([clock.now(), clock.wallTime() - start, clock.rate]).toEqual([3_000, 3_000, 2]);
      clock.skew(0.5);
      set('slow', 100);
      await sim.clock.sleep(1_000);
      expect(fired).toEqual(['before 1500', 'after 1500', 'slow 2200']);
      expect([clock.now(), clock.wallTime() - start]).toEqual([3_500, 3_500]);
    });
  });

  test('shows another date after a jump, and is as monotonic as before', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const fired: number[] = [];
      host.clock.setTimer(() => fired.push(sim.clock.now()), 100);
      const start = host.clock.wallTime();
      host.clock.jump(-3_600_000);
      expect([host.clock.now(), host.clock.wallTime() - start]).toEqual([0, -3_600_000]);
      await sim.clock.sleep(200);
      expect(fired).toEqual([100]);
      host.crash();
      host.restart();
      expect(host.clock.wallTime() - start).toBe(-3_600_000 + 200);
    });
  });

  test('never fires a timer early, whatever its rate', async () => {
    for (const rate of [0.1, 0.333, 0.999_9, 1.000_1, 1.37, 10]) {
      await simulate(calm, async (sim) => {
        const { clock } = sim.host('host');
        clock.skew(rate);
        for (let turn = 1; turn < 60; turn += 1) {
          const delay = sim.random.integer(1, 10_000) / 1_000;
          const due = clock.now() + delay;
          await clock.sleep(delay);
          expect(clock.now()).toBeGreaterThanOrEqual(due);
          expect(clock.now() - due).toBeLessThan(0.02);
        }
      });
    }
  });

  test('refuses rates, jumps and pauses that are none', async () => {
    await simulate(calm, (sim) => {
      const host = sim.host('host');
      expect(() => host.clock.skew(0)).toThrow('a rate from 0.1 to 10');
      expect(() => host.clock.jump(Number.NaN)).toThrow('a finite number of milliseconds');
      expect(() => host.pause(0)).toThrow('a number of milliseconds above 0');
    });
  });
});
