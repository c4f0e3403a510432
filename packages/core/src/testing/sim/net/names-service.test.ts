import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import type { Simulation } from '../options.ts';
import { CALM } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';

test('a program that asks for names without end comes to the bound of events', async () => {
  let asked = 0;
  const run = simulate({ seed: 1, maxEvents: 1_000 }, (sim) => {
    const ask = async (): Promise<void> => {
      for (; asked < 10_000; asked += 1) await dnsPromises.lookup('a');
    };
    return new Promise(() => {
      sim.host('a').run(ask);
    });
  });
  await expect(run).rejects.toMatchObject({ kind: 'events' });
  expect(asked).toBeLessThan(1_100);
});

test('an unknown name is refused as an event, too', async () => {
  const codes: unknown[] = [];
  await simulate({ seed: 1 }, async (sim) => {
    sim.host('a').run(async () => {
      await dnsPromises.resolve4('unknown').catch((error: { code?: unknown }) => {
        codes.push(error.code);
      });
    });
    await sim.clock.sleep(1);
  });
  expect(codes).toEqual(['ENOTFOUND']);
});

const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;

/** Runs a program on the client to its end. */
function onClient(sim: Simulation, body: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    sim.host('client').run(async () => {
      await body().then(resolve, reject);
    });
  });
}

/** A server on each host, which says its name. */
function servers(sim: Simulation, ...names: string[]): void {
  for (const name of names) {
    sim.host(name).run(() => {
      net.createServer((socket) => socket.end(name)).listen(80);
    });
  }
}

const codeOf = async (failing: Promise<unknown>): Promise<unknown> => {
  const error = await failing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as { readonly code?: unknown } | undefined)?.code;
};

describe('sim.dns and node:dns have one table', () => {
  test('with several and changing addresses, which lead to their hosts', async () => {
    await simulate(calm, async (sim) => {
      servers(sim, 'a', 'b');
      sim.dns.set('db', ['a', 'b'], { ttl: 60 });
      await onClient(sim, async () => {
        const all = await dnsPromises.lookup('db', { all: true });
        const addresses = [sim.dns.addressOf('a'), sim.dns.addressOf('b')];
        expect(all).toEqual(addresses.map((address) => ({ address, family: 4 })));
        expect(await dnsPromises.lookup('db')).toEqual(all[0]);
        expect(await dnsPromises.resolve4('db')).toEqual(addresses);
        expect(await dnsPromises.resolve4('db', { ttl: true })).toEqual(
          addresses.map((address) => ({ address, ttl: 60 })),
        );
        expect(await dnsPromises.reverse(addresses[1] ?? '')).toEqual(['b']);
        expect(sim.dns.lookup(addresses[1] ?? '')).toEqual(['b']);
        expect(await codeOf(dnsPromises.reverse('10.9.9.9'))).toBe('ENOTFOUND');
        expect(await codeOf(dnsPromises.resolve6('db'))).toBe('ENODATA');
        expect(await codeOf(dnsPromises.resolve('db', 'MX'))).toBe('ENODATA');
        const failure = await new Promise((resolve) => {
          dns.resolve('nowhere', (error) => resolve(error));
        });
        expect(failure).toMatchObject({ message: 'queryA ENOTFOUND nowhere', code: 'ENOTFOUND' });
        for (const host of ['db', addresses[0]]) {
          expect(await text(net.connect({ host, port: 80 }))).toBe('a');
        }
        await using stream = await sim.host('client').connect(`${addresses[1]}:80`);
        expect(Buffer.from((await stream.readChunk()) ?? []).toString()).toBe('b');
        sim.dns.set('db', ['b']);
        expect(await text(net.connect(80, 'db'))).toBe('b');
        sim.dns.set('db', []);
        expect(await codeOf(dnsPromises.lookup('db'))).toBe('ENOTFOUND');
      });
    });
  });

  test('that answers late, and fails as it was set', async () => {
    await simulate(calm, async (sim) => {
      servers(sim, 'a');
      sim.dns.set('slow', ['a'], { delay: 500 });
      sim.dns.set('broken', ['a'], { error: 'EAI_AGAIN', delay: 2_000 });
      const client = sim.host('client');
      await onClient(sim, async () => {
        await dnsPromises.lookup('slow');
        expect(sim.clock.now()).toBe(500);
        expect(await text(net.connect(80, 'slow'))).toBe('a');
        await (await client.connect('slow:80')).close();
        expect(sim.clock.now()).toBeGreaterThan(1_500);
        const from = sim.clock.now();
        expect(await codeOf(dnsPromises.lookup('broken'))).toBe('EAI_AGAIN');
        expect(sim.clock.now()).toBe(from + 2_000);
        const [error] = (await once(net.connect(80, 'broken'), 'error')) as [Error];
        expect(error).toMatchObject({
          message: 'getaddrinfo EAI_AGAIN broken',
          errno: -3001,
          syscall: 'getaddrinfo',
          hostname: 'broken',
        });
        await expect(client.connect('broken:80')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
        await expect(client.connect('slow:80', { timeout: 100 })).rejects.toThrow('100 ms');
      });
      expect(sim.network.openStreams).toEqual([]);
    });
  });

  test('whose addresses a socket with a lookup tries one beside another', async () => {
    await simulate(calm, async (sim) => {
      servers(sim, 'b');
      sim.host('a').crash();
      sim.dns.set('db', ['a', 'b']);
      await onClient(sim, async () => {
        const lookup = ((name: string, _options: object, done: (...all: unknown[]) => void) => {
          dns.lookup(name.replace('.internal', ''), { all: true }, done);
        }) as never;
        const socket = net.connect({ host: 'db.internal', port: 80, lookup });
        expect(await text(socket)).toBe('b');
        expect(sim.clock.now()).toBeLessThan(1_000);
      });
    });
  });

  test('is checked', async () => {
    await simulate(calm, (sim) => {
      for (const options of [{ delay: -1 }, { error: 'NO' }, { ttl: 1.5 }, { late: 1 }]) {
        expect(() => {
          sim.dns.set('a', ['a'], options as never);
        }).toThrow('set: ');
      }
    });
  });
});
