import { describe, expect, test } from '@jest/globals';
import type { Simulation } from '../options.ts';
import { simulate } from '../simulate.ts';
import { CALM } from '../wire/faults.ts';

const PATH = '/run/app.sock';
const calm = { latency: [10, 10], faults: CALM, deadline: 600_000 } as const;

/** Runs a server on `app` that says what it has read in capitals, now and after each restart. */
function shout(sim: Simulation, options = {}): void {
  const host = sim.host('app');
  host.run(async ({ executor }) => {
    for await (const stream of await host.listenUnix(PATH, options)) {
      const serve = async (): Promise<void> => {
        for (let line = await stream.readLine(); line !== null; line = await stream.readLine()) {
          await stream.writeAll(`${line.toUpperCase()}\n`);
        }
      };
      executor.spawn(async () => {
        await serve().catch(() => {});
        await stream.close();
      });
    }
  });
}

async function ask(sim: Simulation, line: string): Promise<string | null> {
  await using stream = await sim.host('app').connectUnix(PATH, { timeout: 60_000 });
  await stream.writeAll(`${line}\n`);
  return await stream.readLine({ timeout: 60_000 });
}

describe('a Unix socket of a simulated host', () => {
  test('connects its programs, takes no time, and has the addresses of a UnixStream', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      const listener = await host.listenUnix({ path: PATH });
      expect(String(listener.localAddress)).toBe('unix:/run/app.sock');
      const client = await host.connectUnix(listener.localAddress);
      const server = await listener.accept();
      expect(
        [client, server].map((end) => [end.localAddress.path, end.remoteAddress.path]),
      ).toEqual([
        ['', PATH],
        [PATH, ''],
      ]);
      await client.writeAll('hello');
      await client.shutdown('write');
      expect(Buffer.from(await server.readExactly(5)).toString()).toBe('hello');
      expect(await server.readChunk()).toBeNull();
      await server.close();
      await client.close();
      expect(sim.clock.now()).toBe(0);
      await listener.close();
    });
  });

  test('is of its host alone, and knows neither partitions nor rules', async () => {
    await simulate(calm, async (sim) => {
      shout(sim);
      await expect(sim.host('other').connectUnix(PATH)).rejects.toMatchObject({ code: 'ENOENT' });
      sim.drop(() => true);
      sim.partition(sim.host('app'), sim.host('other'));
      sim.during(60_000, { partition: 1, halfOpen: 1 });
      expect(await ask(sim, 'a')).toBe('A');
    });
  });

  test('is a file of the disk, that a close removes and other files keep out', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      const listener = await host.listenUnix(PATH);
      const stats = await host.disk.stat(PATH);
      expect([stats.isSocket(), stats.isFile(), await host.disk.readdir('/run')]).toEqual([
        true,
        false,
        ['app.sock'],
      ]);
      await expect(host.disk.readFile(PATH)).rejects.toMatchObject({ code: 'ENXIO' });
      await expect(host.listenUnix(PATH)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await listener.close();
      await expect(host.connectUnix(PATH)).rejects.toMatchObject({ code: 'ENOENT' });
      await host.disk.writeFile('/run/file', 'a');
      await expect(host.listenUnix('/run/file', { replace: true })).rejects.toThrow('not a socket');
      await expect(host.connectUnix('/run/file')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await expect(host.listenUnix('/run/file/a')).rejects.toMatchObject({ code: 'ENOTDIR' });
    });
  });

  test('moves with its file, and is out of reach without it', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      const listener = await host.listenUnix(PATH);
      await host.disk.rename(PATH, '/run/moved');
      await (await host.connectUnix('/run/moved')).close();
      await (await listener.accept()).close();
      await host.disk.unlink('/run/moved');
      await expect(host.connectUnix('/run/moved')).rejects.toMatchObject({ code: 'ENOENT' });
      await using next = await host.listenUnix(PATH);
      await listener.close();
      await (await host.connectUnix(PATH)).close();
      await (await next.accept()).close();
    });
  });

  test('is taken over by replace: the other listener keeps its connections, and gets no more', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      const old = await host.listenUnix(PATH);
      const first = await host.connectUnix(PATH);
      const kept = await old.accept();
      await using next = await host.listenUnix(PATH, { replace: true });
      const second = await host.connectUnix(PATH);
      await (await next.accept()).close();
      await old.close();
      await first.writeAll('still');
      expect(Buffer.from(await kept.readExactly(5)).toString()).toBe('still');
      for (const stream of [first, second, kept]) await stream.close();
      await (await host.connectUnix(PATH)).close();
    });
  });

  test('that a crash leaves behind is stale, until it is removed', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      host.run(async () => {
        await host.listenUnix(PATH);
      });
      await sim.clock.sleep(1);
      const outside = await host.connectUnix(PATH);
      host.crash();
      await expect(outside.readChunk()).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
      await expect(host.connectUnix(PATH)).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
      await expect(host.listenUnix(PATH)).rejects.toMatchObject({ code: 'ERR_HOST_CRASHED' });
    });
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      await host.listenUnix(PATH);
      host.crash();
      host.restart();
      await expect(host.connectUnix(PATH)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await expect(host.listenUnix(PATH)).rejects.toThrow('removeStale: true');
      await using again = await host.listenUnix(PATH, { removeStale: true });
      await (await host.connectUnix(PATH)).close();
      await (await again.accept()).close();
    });
  });

  test('may have lost its file in a crash, as the seed draws', async () => {
    const codes = new Set<unknown>();
    for (let seed = 1; seed <= 20; seed += 1) {
      await simulate({ seed }, async (sim) => {
        const host = sim.host('app');
        await host.listenUnix(PATH);
        host.crash();
        host.restart();
        await host.connectUnix(PATH).catch((error: { code: unknown }) => codes.add(error.code));
      });
    }
    expect(codes).toEqual(new Set(['ECONNREFUSED', 'ENOENT']));
  });

  test('ends with its host for programs, and works again after the restart', async () => {
    await simulate({ ...calm, faults: { ...CALM, crash: 0.2 } }, async (sim) => {
      shout(sim, { removeStale: true });
      let answered = 0;
      for (let round = 0; round < 40; round += 1) {
        const answer = await ask(sim, 'a').catch(() => sim.clock.sleep(3_000));
        if (answer === 'A') answered += 1;
      }
      expect(sim.host('app').isServer).toBe(true);
      sim.quiet();
      expect(await ask(sim, 'b')).toBe('B');
      expect(answered).toBeGreaterThan(0);
    });
  });

  test('with an abstract name has no file, and is gone with its listener', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      await host.listenUnix('\0app');
      await expect(host.listenUnix('\0app')).rejects.toThrow('app:@app is a name');
      await (await host.connectUnix('\0app')).close();
      expect(await host.disk.readdir('/')).toEqual([]);
      host.crash();
      host.restart();
      await expect(host.connectUnix('\0app')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await host.listenUnix('\0app');
    });
  });

  test('lets no program connect without permission', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      await host.listenUnix(PATH, { mode: 0o444 });
      await expect(host.connectUnix(PATH)).rejects.toMatchObject({ code: 'EACCES' });
    });
  });

  test('checks what it is given, and ends with a signal', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('app');
      await expect(host.listenUnix('')).rejects.toThrow('a non-empty string');
      await expect(host.connectUnix('a\0b')).rejects.toThrow('a non-empty string');
      await expect(host.listenUnix('a'.repeat(108))).rejects.toThrow('at most 107 bytes');
      await expect(host.listenUnix(PATH, { mode: 0o1000 })).rejects.toThrow('permission bits');
      await expect(host.connect({ path: PATH })).rejects.toThrow('connectUnix connects');
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      await expect(host.connectUnix(PATH, { signal })).rejects.toBe(reason);
      const controller = new AbortController();
      await host.listenUnix(PATH, { signal: controller.signal });
      const attempt = host.connectUnix(PATH, { signal: controller.signal });
      controller.abort(reason);
      await expect(attempt).rejects.toBe(reason);
      await expect(host.connectUnix(PATH)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(sim.network.openStreams).toEqual([]);
    });
  });

  test('is silenced and reset like any connection, is listed, and repeats with its seed', async () => {
    const run = (seed: number): Promise<{ readonly hash: string }> =>
      simulate({ seed, faults: { split: 0.5, reset: 0.05, refuse: 0.1 } }, async (sim) => {
        shout(sim);
        for (let round = 0; round < 10; round += 1) {
          const answer = await ask(sim, 'hello').catch(
            (error: { readonly code?: string }) => error.code ?? '',
          );
          sim.log(String(answer));
        }
      });
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 5; seed += 1) {
      const { hash } = await run(seed);
      expect((await run(seed)).hash).toBe(hash);
      hashes.add(hash);
    }
    expect(hashes.size).toBe(5);
    await simulate(calm, async (sim) => {
      const listener = await sim.host('app').listenUnix(PATH);
      const client = await sim.host('app').connectUnix(PATH);
      expect(sim.network.openStreams).toEqual(['app:unix#1 → app:/run/app.sock']);
      const reading = client.readChunk();
      expect(sim.network.waits.map(({ subject }) => subject)).toEqual([
        'app:unix#1 → app:/run/app.sock',
      ]);
      sim.reset(client);
      await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
      await listener.close();
    });
  });
});
