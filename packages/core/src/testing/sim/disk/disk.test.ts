import { describe, expect, test } from '@jest/globals';
import type { Simulation } from '../options.ts';
import { CALM } from '../wire/faults.ts';
import { simulate } from '../simulate.ts';
import type { SimDisk } from './types.ts';

const calm = { latency: [1, 1], faults: CALM, deadline: 600_000 } as const;

/** Every seed loses or tears what was not synced in another way. */
async function outcomes(
  seeds: number,
  faults: { readonly loseWrites?: number; readonly tearWrites?: number },
  before: (disk: SimDisk, sim: Simulation) => Promise<void>,
  after: (disk: SimDisk) => Promise<string>,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let seed = 1; seed <= seeds; seed += 1) {
    await simulate({ ...calm, seed, faults: { ...CALM, ...faults } }, async (sim) => {
      const host = sim.host('host');
      await before(host.disk, sim);
      host.crash();
      host.restart();
      found.add(await after(host.disk));
    });
  }
  return found;
}

const readOrCode = (disk: SimDisk, path: string): Promise<string> =>
  disk.readFile(path, 'utf8').catch(({ code }: { code: string }) => code);

async function syncDirectory(disk: SimDisk, path: string): Promise<void> {
  await using directory = await disk.open(path);
  await directory.sync();
}

describe('a disk', () => {
  test('reads what was written, in the shape of node:fs/promises', async () => {
    await simulate(calm, async (sim) => {
      const { disk } = sim.host('host');
      await disk.mkdir('/data/logs', { recursive: true });
      await disk.writeFile('/data/logs/a', 'one');
      await disk.appendFile('data/logs/../logs/a', Buffer.from(' two'));
      expect(await disk.readFile('/data/logs/a', 'utf8')).toBe('one two');
      expect(await disk.readFile('/data/logs/a')).toEqual(Buffer.from('one two'));
      await using handle = await disk.open('/data/logs/a', 'r+');
      const buffer = Buffer.alloc(8, '.');
      expect(await handle.read(buffer, 1, 3, 4)).toMatchObject({ bytesRead: 3 });
      expect(buffer.toString()).toBe('.two....');
      await handle.write('ONE');
      await handle.write('!', 7);
      await handle.write(Buffer.from('xyz'), 1, 1, 3);
      expect(await handle.readFile('utf8')).toBe('ytwo!');
      expect((await handle.stat()).size).toBe(8);
      await handle.truncate(4);
      await disk.rename('/data/logs/a', '/data/b');
      expect(await disk.readdir('/data')).toEqual(['b', 'logs']);
      expect(await disk.readFile('/data/b', { encoding: 'utf8' })).toBe('ONEy');
      expect((await disk.stat('/data')).isDirectory()).toBe(true);
      expect(disk.used).toBe(4);
      await disk.rm('/data', { recursive: true });
      await disk.rm('/data', { force: true });
      expect(await disk.readdir('/')).toEqual([]);
    });
  });

  test.each<[string, (disk: SimDisk) => Promise<unknown>]>([
    ["ENOENT: no such file or directory, open '/no'", (disk) => disk.readFile('/no')],
    ["ENOENT: no such file or directory, open 'no/a'", (disk) => disk.writeFile('no/a', '')],
    ["ENOTDIR: not a directory, open '/file/a'", (disk) => disk.writeFile('/file/a', '')],
    ["EISDIR: illegal operation on a directory, open '/dir'", (disk) => disk.writeFile('/dir', '')],
    ["EISDIR: illegal operation on a directory, read '/dir'", (disk) => disk.readFile('/dir')],
    ["EEXIST: file already exists, open '/file'", (disk) => disk.open('/file', 'wx')],
    ["EEXIST: file already exists, mkdir '/dir'", (disk) => disk.mkdir('/dir')],
    ["ENOTEMPTY: directory not empty, rmdir '/dir'", (disk) => disk.rmdir('/dir')],
    ["ENOENT: no such file or directory, rename '/no'", (disk) => disk.rename('/no', '/yes')],
    ["EINVAL: invalid argument, rename '/dir'", (disk) => disk.rename('/dir', '/dir/in')],
    ["EISDIR: illegal operation on a directory, unlink '/dir'", (disk) => disk.unlink('/dir')],
    ['open: expected `flags` to be', (disk) => disk.open('/file', 'q')],
    ['open: expected `path` to be a path as text', (disk) => disk.readFile('')],
    ['encoding', (disk) => disk.readFile('/file', 'utf32' as 'utf8')],
  ])('fails as node:fs does: %s', async (message, call) => {
    await simulate(calm, async (sim) => {
      const { disk } = sim.host('host');
      await disk.writeFile('/file', 'text');
      await disk.mkdir('/dir');
      await disk.writeFile('/dir/a', '');
      await expect(call(disk)).rejects.toThrow(message);
    });
  });

  test('takes what fits, and then has no space left', async () => {
    await simulate(calm, async (sim) => {
      const { disk } = sim.host('host');
      disk.capacity = 10;
      await disk.writeFile('/a', '12345678');
      await using handle = await disk.open('/b', 'w');
      expect(await handle.write('12345')).toMatchObject({ bytesWritten: 2 });
      await expect(handle.write('345')).rejects.toMatchObject({ code: 'ENOSPC', syscall: 'write' });
      await disk.unlink('/a');
      await syncDirectory(disk, '/');
      expect(await handle.write('345')).toMatchObject({ bytesWritten: 3 });
      expect(() => {
        disk.capacity = -1;
      }).toThrow('a number of bytes from 0');
    });
  });
});

describe('a crash', () => {
  test('keeps what was synced: the contents of a file, and its name by its directory', async () => {
    const left = await outcomes(
      60,
      { loseWrites: 1 },
      async (disk) => {
        await disk.writeFile('/log', 'synced', { flush: true });
        await syncDirectory(disk, '/');
        await disk.appendFile('/log', ' and lost');
        await disk.writeFile('/other', 'x', { flush: true });
      },
      async (disk) => `${await readOrCode(disk, '/log')} ${await readOrCode(disk, '/other')}`,
    );
    expect([...left]).toEqual(['synced ENOENT']);
  });

  test('keeps, loses or tears each write that was not synced, as the seed draws', async () => {
    const left = await outcomes(
      300,
      { loseWrites: 0.5, tearWrites: 0.5 },
      async (disk) => {
        await disk.writeFile('/log', 'ab', { flush: true });
        await syncDirectory(disk, '/');
        await using handle = await disk.open('/log', 'a');
        await handle.write('CD');
        await handle.write('EF');
      },
      (disk) => readOrCode(disk, '/log'),
    );
    // A hole where only the later write is there.
    expect([...left].toSorted()).toEqual(
      [
        'ab',
        'abC',
        'abCD',
        'abCDE',
        'abCDEF',
        'abC\0E',
        'abC\0EF',
        'ab\0\0E',
        'ab\0\0EF',
      ].toSorted(),
    );
  });

  test('replaces old bytes by whole sectors', async () => {
    const left = await outcomes(
      100,
      { loseWrites: 0.2, tearWrites: 0.7 },
      async (disk) => {
        await disk.writeFile('/page', 'a'.repeat(2_048), { flush: true });
        await syncDirectory(disk, '/');
        await using handle = await disk.open('/page', 'r+');
        await handle.write('b'.repeat(1_536), 512);
      },
      async (disk) => {
        const text = await readOrCode(disk, '/page');
        expect(text).toMatch(/^a+b*a*$/);
        expect(text.length).toBe(2_048);
        return String(text.split('b').length - 1);
      },
    );
    expect([...left].toSorted()).toEqual(['0', '1024', '1536', '512']);
  });

  test('loses the last changes of names first, and no name without its directory', async () => {
    const left = await outcomes(
      200,
      { loseWrites: 0.7 },
      async (disk) => {
        await disk.writeFile('/a', '1', { flush: true });
        await syncDirectory(disk, '/');
        await disk.writeFile('/b', '2', { flush: true });
        await disk.rename('/b', '/a');
        await disk.unlink('/a');
      },
      async (disk) =>
        `${await readOrCode(disk, '/a')} ${await readOrCode(disk, '/b')} ${(await disk.readdir('/')).join()}`,
    );
    expect([...left].toSorted()).toEqual(['1 2 a,b', '1 ENOENT a', '2 ENOENT a', 'ENOENT ENOENT ']);
  });

  test('makes what was written while a sync went on no safer', async () => {
    const left = await outcomes(
      40,
      { loseWrites: 1 },
      async (disk) => {
        await using handle = await disk.open('/log', 'w');
        await syncDirectory(disk, '/');
        await handle.write('before');
        const syncing = handle.sync();
        await handle.write(' during');
        await syncing;
      },
      (disk) => readOrCode(disk, '/log'),
    );
    expect([...left]).toEqual(['before']);
  });

  test('takes the handles along, and the calls that were on their way', async () => {
    await simulate(calm, async (sim) => {
      const host = sim.host('host');
      const ended: string[] = [];
      host.run(async ({ disk }) => {
        await disk.writeFile('/file', 'x').finally(() => ended.push('settled'));
      });
      const handle = await host.disk.open('/outside', 'w');
      host.crash();
      await expect(handle.write('x')).rejects.toMatchObject({ code: 'EBADF' });
      await sim.clock.sleep(100);
      expect(ended).toEqual([]);
    });
  });
});

describe('a disk that fails', () => {
  test('leaves after a sync with EIO what a later sync does not save', async () => {
    await simulate({ ...calm, faults: { ...CALM, loseWrites: 1, diskError: 0.3 } }, async (sim) => {
      const host = sim.host('host');
      const { disk } = host;
      const again = async <T>(call: () => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await call();
          } catch (error) {
            if ((error as { code?: string }).code !== 'EIO') throw error;
          }
        }
      };
      const handle = await again(() => disk.open('/log', 'w'));
      await again(() => syncDirectory(disk, '/'));
      let failures = 0;
      let turn = 0;
      for (let isDone = false; !isDone; isDone = failures > 0) {
        turn += 1;
        await again(() => handle.write(String(turn), 0));
        await again(async () => {
          try {
            await handle.sync();
          } catch (error) {
            failures += 1;
            throw error;
          }
        });
      }
      expect(await again(() => disk.readFile('/log', 'utf8'))).toBe(String(turn));
      host.crash();
      host.restart();
      expect(await again(() => disk.readFile('/log', 'utf8'))).not.toBe(String(turn));
    });
  });

  test('refuses writes for want of space when it is asked to', async () => {
    await simulate({ ...calm, faults: { ...CALM, diskFull: 1 } }, async (sim) => {
      const { disk } = sim.host('host');
      await expect(disk.writeFile('/a', 'x')).rejects.toMatchObject({ code: 'ENOSPC' });
      expect(await disk.readFile('/a', 'utf8')).toBe('');
    });
  });

  test('gives the same run for the same seed, and for its decisions', async () => {
    const program = async (sim: Simulation): Promise<void> => {
      const host = sim.host('host');
      host.run(async ({ disk }) => {
        sim.log(await readOrCode(disk, '/log'));
        await disk.appendFile('/log', 'entry\n');
        await syncDirectory(disk, '/');
        await disk.appendFile('/log', 'more\n');
      });
      for (let life = 0; life < 5; life += 1) {
        await sim.clock.sleep(sim.random.integer(5, 30));
        host.crash();
        host.restart();
      }
      await sim.clock.sleep(100);
    };
    for (let seed = 1; seed <= 20; seed += 1) {
      const first = await simulate({ seed }, program);
      const second = await simulate({ seed }, program);
      const third = await simulate({ seed, decisions: first.decisions }, program);
      expect([second.hash, third.hash]).toEqual([first.hash, first.hash]);
    }
  });
});
