import { describe, expect, test } from '@jest/globals';
import {
  AddressError,
  BrokenError,
  ClosedError,
  TimeoutError,
} from '../../../vocabulary/errors.ts';
import { WOULD_BLOCK } from '../../../vocabulary/would-block.ts';
import { CALM, type SimFaults } from '../wire/faults.ts';
import { formatTrace } from '../wire/trace.ts';
import { simulate } from '../simulate.ts';
import { simulateSeeds } from '../seeds/simulate-seeds.ts';
import { closeAll } from '../../../../test/support/close-all.ts';
import { pairOn } from '../../../../test/support/simulated-hosts.ts';

const calm = { latency: [10, 10], faults: CALM } as const;
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

describe('a simulated network', () => {
  test('takes a trip each way to connect, and one for every message', async () => {
    await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      expect(sim.clock.now()).toBe(30);
      await there.writeAll('ping');
      expect(text(await here.readExactly(4))).toBe('ping');
      expect(sim.clock.now()).toBe(40);
      await closeAll(there, here);
    });
  });

  test('gives streams and listeners addresses that name the hosts', async () => {
    await simulate(calm, async (sim) => {
      const { listener, there, here } = await pairOn(sim);
      expect(String(listener.localAddress)).toBe('server:80');
      expect(String(there.remoteAddress)).toBe('server:80');
      expect(String(here.remoteAddress)).toBe(String(there.localAddress));
      expect(there.localAddress.host).toBe('client');
      expect(sim.network.openStreams).toHaveLength(2);
      await closeAll(there, here);
      await sim.clock.sleep(100);
      expect(sim.network.openStreams).toEqual([]);
    });
  });

  test('refuses a connection to a port where nothing listens, and to a name no host has', async () => {
    await simulate(calm, async (sim) => {
      sim.host('server');
      const { connect } = sim.host('client');
      await expect(connect('server:81')).rejects.toMatchObject({
        code: 'ECONNREFUSED',
        operation: 'connect',
      });
      await expect(connect('server:81')).rejects.toBeInstanceOf(AddressError);
      await expect(connect('nowhere:80')).rejects.toMatchObject({ code: 'ENOTFOUND' });
      await expect(connect('server')).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' });
    });
  });

  test('lets one listener have a port at a time, and gives it back', async () => {
    await simulate(calm, async (sim) => {
      const server = sim.host('server');
      const first = await server.listen(80);
      await expect(server.listen(80)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await first.close();
      await server.listen(80);
      const chosen = await server.listen(0);
      expect(chosen.localAddress.port).toBeGreaterThan(49_151);
    });
  });

  test('gives up an attempt to connect on its signal and its timeout, and leaves nothing behind', async () => {
    await simulate(calm, async (sim) => {
      const { connect } = sim.host('client');
      const listener = await sim.host('server').listen(80);
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      const given = connect('server:80', { signal: controller.signal });
      controller.abort(reason);
      await expect(given).rejects.toBe(reason);
      await expect(connect('server:80', { timeout: 15 })).rejects.toBeInstanceOf(TimeoutError);
      await sim.clock.sleep(1_000);
      expect(listener.tryAccept()).toBe(WOULD_BLOCK);
      expect(sim.network.waits).toEqual([]);
    });
  });

  test('turns connections away when the accept queue is full, as TCP does: connected, then reset', async () => {
    await simulate(calm, async (sim) => {
      const listener = await sim.host('server').listen(80, { maxPending: 1 });
      const { connect } = sim.host('client');
      const first = await connect('server:80');
      const second = await connect('server:80');
      await expect(second.readChunk()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(listener.statistics()).toMatchObject({ pending: 1, refused: 1 });
      const accepted = await listener.accept();
      await closeAll(first, accepted);
    });
  });

  test('hands out no more connections than maxConnections, until one is gone', async () => {
    await simulate(calm, async (sim) => {
      const { listener, there, here } = await pairOn(sim, 'server', { maxConnections: 1 });
      const next = await sim.host('client').connect('server:80');
      await sim.clock.sleep(1_000);
      expect(listener.tryAccept()).toBe(WOULD_BLOCK);
      await closeAll(here, there);
      const accepted = await listener.accept();
      await closeAll(next, accepted);
    });
  });

  test('stops a writer whose reader does not read, at a bounded number of bytes', async () => {
    await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      const progress = { accepted: 0 };
      const flood = there.writeAll(new Uint8Array(1_000_000), { timeout: 5_000, progress });
      await expect(flood).rejects.toBeInstanceOf(TimeoutError);
      expect(progress.accepted).toBeLessThan(200_000);
      there.reset();
      await here.close();
    });
  });

  test('loses nothing and changes nothing, however it cuts and joins', async () => {
    const faults: SimFaults = { split: 0.9, merge: 0.9, partialWrite: 1, window: 1, slowReader: 1 };
    const report = await simulateSeeds({ count: 100, deadline: 3_600_000, faults }, async (sim) => {
      const { there, here } = await pairOn(sim);
      const sent = Uint8Array.from({ length: 3_000 }, () => sim.random.integer(0, 255));
      const writing = there.writeAll(sent).then(() => there.shutdown('write'));
      const pieces: Uint8Array[] = [];
      for await (const chunk of here) pieces.push(chunk);
      await writing;
      expect(Buffer.concat(pieces).equals(Buffer.from(sent))).toBe(true);
      await closeAll(there, here);
      expect(await there.closed).toMatchObject({ bytesWritten: 3_000, unsent: 0 });
    });
    expect(report.runs).toBe(100);
  });
});

describe('the end of a simulated connection', () => {
  test('is a FIN for one side at a time', async () => {
    await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      await there.shutdown('write');
      expect(await here.readChunk()).toBeNull();
      await here.writeAll('still here');
      expect(text(await there.readExactly(10))).toBe('still here');
      await here.shutdown('write');
      expect(await there.readChunk()).toBeNull();
      expect(await there.closed).toMatchObject({ how: 'shutdown', by: 'local' });
      expect(await here.closed).toMatchObject({ how: 'eof', by: 'peer' });
    });
  });

  test('is a reset that the peer sees after the bytes before it', async () => {
    await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      await there.writeAll('last words');
      there.reset();
      expect(text(await here.readExactly(10))).toBe('last words');
      await expect(here.readChunk()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(await here.closed).toMatchObject({ how: 'reset', by: 'peer' });
      expect(await there.closed).toMatchObject({ how: 'reset', by: 'local' });
    });
  });

  test('is reported to a writer to an end that is gone', async () => {
    await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      await here.close();
      expect(await there.readChunk()).toBeNull();
      await there.writeAll('hello?');
      await sim.clock.sleep(100);
      await expect(there.writeAll('hello?')).rejects.toBeInstanceOf(BrokenError);
    });
  });

  test('sends what was accepted before it, also through a small window', async () => {
    const faults: SimFaults = { ...CALM, window: 1 };
    await simulateSeeds({ count: 20, faults, deadline: 600_000 }, async (sim) => {
      const { there, here } = await pairOn(sim);
      await there.writeAll(new Uint8Array(20_000));
      const closing = there.close({ linger: 300_000 });
      let count = 0;
      for await (const chunk of here) count += chunk.length;
      expect(count).toBe(20_000);
      await closing;
      await here.close();
    });
  });
});

describe('a partition', () => {
  test('stops both ways until it heals, and loses nothing', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      sim.partition(client, server);
      await there.writeAll('across');
      await here.writeAll('back');
      await sim.clock.sleep(5_000);
      expect([here.isReadable, there.isReadable]).toEqual([false, false]);
      sim.heal(client, server);
      expect(text(await here.readExactly(6))).toBe('across');
      expect(text(await there.readExactly(4))).toBe('back');
      await closeAll(there, here);
    });
  });

  test('may stop one way only', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      sim.partition(client, server, { oneWay: true });
      await there.writeAll('lost for now');
      await here.writeAll('arrives');
      expect(text(await there.readExactly(7))).toBe('arrives');
      expect(here.isReadable).toBe(false);
      sim.heal();
      expect(text(await here.readExactly(12))).toBe('lost for now');
      await closeAll(there, here);
    });
  });

  test('that lasts makes both ends give up, and then connecting fails too', async () => {
    await simulate({ ...calm, deadline: 100_000 }, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      sim.partition(client, server);
      await expect(there.readChunk()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      await expect(here.readChunk()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      expect(sim.clock.now()).toBe(30_030);
      expect(await there.closed).toMatchObject({ how: 'timeout' });
      await expect(client.connect('server:80')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      expect(sim.clock.now()).toBe(60_030);
    });
  });

  test('leaves half-open peers when no one gives up', async () => {
    await simulate({ ...calm, giveUpAfter: Infinity }, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      sim.partition(client, server);
      there.reset();
      await expect(here.readChunk({ timeout: 50_000 })).rejects.toBeInstanceOf(TimeoutError);
      await here.close();
    });
  });

  test('delays a connection attempt, which goes through after it heals', async () => {
    await simulate(calm, async (sim) => {
      const server = sim.host('server');
      const client = sim.host('client');
      const listener = await server.listen(80);
      sim.partition(client, server);
      const connecting = client.connect('server:80');
      await sim.clock.sleep(2_000);
      sim.heal(client, server);
      await closeAll(await connecting, await listener.accept());
    });
  });
});

describe('holding', () => {
  test('keeps everything back, and no one gives up', async () => {
    await simulate({ ...calm, deadline: 200_000 }, async (sim) => {
      const { server, client, there, here } = await pairOn(sim);
      sim.hold(client, server);
      await there.writeAll('one');
      await there.writeAll('two');
      await sim.clock.sleep(100_000);
      expect(here.isReadable).toBe(false);
      sim.release(client, server);
      expect(text(await here.readExactly(6))).toBe('onetwo');
      await closeAll(there, here);
    });
  });
});

describe('a crash', () => {
  test('takes streams and listeners of the host along, and tells no peer', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, listener, there, here } = await pairOn(sim);
      const { signal } = server;
      server.crash();
      expect(signal.aborted).toBe(true);
      await expect(here.readChunk()).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
      await expect(listener.accept()).rejects.toBeInstanceOf(ClosedError);
      await expect(server.listen(80)).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
      await sim.clock.sleep(1_000);
      expect(there.isReadable).toBe(false);
      await expect(there.readChunk()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      await expect(client.connect('server:80', { timeout: 3_000 })).rejects.toBeInstanceOf(
        TimeoutError,
      );
    });
  });

  test('is noticed by a peer that writes to the host after its restart', async () => {
    await simulate(calm, async (sim) => {
      const { server, client, there } = await pairOn(sim);
      server.crash();
      await there.writeAll('are you there?');
      await sim.clock.sleep(1_000);
      server.restart();
      await expect(there.readChunk()).rejects.toMatchObject({ code: 'ECONNRESET' });
      expect(sim.clock.now()).toBeLessThan(5_000);
      await expect(client.connect('server:80')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });
  });

  test('is survived by programs that run on the host: they begin again', async () => {
    await simulate(calm, async (sim) => {
      const server = sim.host('server');
      let lives = 0;
      server.run(async ({ signal }) => {
        lives += 1;
        const listener = await server.listen(80, { signal });
        for await (const stream of listener) {
          await stream.writeAll(`life ${lives}`);
          await stream.close();
        }
      });
      const ask = async (): Promise<string> => {
        await using stream = await sim.host('client').connect('server:80');
        return text(await stream.readExactly(6));
      };
      expect(await ask()).toBe('life 1');
      server.crash();
      server.restart();
      expect(await ask()).toBe('life 2');
    });
  });
});

describe('the dice', () => {
  const seen = async (faults: SimFaults): Promise<string> => {
    const events = new Set<string>();
    for (let seed = 1; seed <= 30; seed += 1) {
      const run = await simulate(
        { seed, faults: { ...CALM, ...faults }, deadline: 600_000 },
        async (sim) => {
          const server = sim.host('server');
          server.run(async () => {
            for await (const stream of await server.listen(80)) {
              sim.executor.spawn(async () => {
                try {
                  for await (const chunk of stream) await stream.writeAll(chunk);
                } catch {
                  // The peer times out.
                }
                await stream.close();
              });
            }
          });
          for (let request = 0; request < 5; request += 1) {
            try {
              await using stream = await sim
                .host('client')
                .connect('server:80', { timeout: 1_000 });
              await stream.writeAll('ping');
              await stream.readExactly(4, { timeout: 1_000 });
            } catch (error) {
              sim.log((error as { code: string }).code);
            }
          }
        },
      );
      for (const { event, subject } of run.trace) events.add(event === 'log' ? subject : event);
    }
    return [...events].toSorted().join(' ');
  };

  test.each<[keyof SimFaults, string]>([
    ['reset', 'reset!'],
    ['refuse', 'ECONNREFUSED'],
    ['halfOpen', 'silence'],
    ['partition', 'heal!'],
    ['crash', 'restart'],
  ])('break connections by %s when they are asked to, and only then', async (fault, sign) => {
    expect(await seen({ [fault]: 0.2 })).toContain(sign);
    expect(await seen({})).toBe('ack connect data fin listen');
  });

  test('leave a trace that people can read', async () => {
    const { trace } = await simulate(calm, async (sim) => {
      const { there, here } = await pairOn(sim);
      await there.writeAll('four');
      await closeAll(there, here);
    });
    expect(formatTrace(trace)).toContain('40.000 ms  data       client:49153 → server:80 4');
  });
});
