/** Calls on a disk that meet other calls, a crash or a pause. */

import { describe, expect, test } from '@jest/globals';
import { CALM } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';

const calm = { latency: [1, 1], faults: CALM, deadline: 600_000 } as const;
const FULFILLED = { status: 'fulfilled' };

describe('two at once', () => {
  test('make one directory, with those above it, as with node:fs', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      await simulate({ ...calm, seed }, async ({ host }) => {
        const { disk } = host('host');
        const make = (): Promise<string | undefined> => disk.mkdir('/a/b', { recursive: true });
        expect(await Promise.allSettled([make(), make()])).toMatchObject([FULFILLED, FULFILLED]);
        expect((await disk.stat('/a/b')).isDirectory()).toBe(true);
      });
    }
  });

  test('make no directory over a file', async () => {
    await simulate(calm, async ({ host }) => {
      const { disk } = host('host');
      await disk.writeFile('/a', '');
      const made = disk.mkdir('/a', { recursive: true });
      await expect(made).rejects.toMatchObject({ code: 'EEXIST' });
    });
  });

  test('remove one directory, with all in it, as with node:fs', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      await simulate({ ...calm, seed }, async ({ host }) => {
        const { disk } = host('host');
        await disk.mkdir('/a/b', { recursive: true });
        await disk.writeFile('/a/b/c', 'x');
        const remove = (): Promise<void> => disk.rm('/a', { recursive: true, force: true });
        expect(await Promise.allSettled([remove(), remove()])).toMatchObject([
          FULFILLED,
          FULFILLED,
        ]);
        await expect(disk.stat('/a')).rejects.toMatchObject({ code: 'ENOENT' });
      });
    }
  });

  test('remove what is not there by force alone', async () => {
    await simulate(calm, async ({ host }) => {
      const { disk } = host('host');
      await expect(disk.rm('/a')).rejects.toMatchObject({ code: 'ENOENT' });
      await disk.rm('/a', { force: true });
    });
  });
});

test('a file whose removal a crash has lost has lost what was not synced, too', async () => {
  const found = new Set<string>();
  for (let seed = 1; seed <= 20; seed += 1) {
    const faults = { ...CALM, loseWrites: 1 };
    await simulate({ ...calm, seed, faults }, async (sim) => {
      const host = sim.host('host');
      await host.disk.writeFile('/a', 'not synced');
      await host.disk.unlink('/a');
      host.crash();
      const read = host.disk.readFile('/a', 'utf8');
      found.add(await read.catch(({ code }: { code: string }) => code));
    });
  }
  expect([...found].toSorted()).toEqual(['', 'ENOENT']);
});

test('a call from outside is no program of the host: no pause delays it, and no crash takes it along', async () => {
  await simulate(calm, async (sim) => {
    const host = sim.host('host');
    await host.disk.writeFile('/a', 'x', { flush: true });
    host.pause(1_000);
    const before = sim.clock.now();
    expect(await host.disk.readFile('/a', 'utf8')).toBe('x');
    expect(sim.clock.now() - before).toBeLessThan(100);
    const left = host.disk.readFile('/a', 'utf8');
    host.crash();
    expect(await left).toBe('x');
  });
});
