import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Simulation } from '../options.ts';
import { always, reachable, sometimes } from '../properties.ts';
import type { SimulationError } from '../report.ts';
import { simulate } from '../simulate.ts';
import { callerOf, fileFor } from './kept-seeds.ts';
import { Progress } from './progress.ts';
import { SeedsError } from './seeds-error.ts';
import type { SeedsOptions } from './seeds-options.ts';
import { simTest, type SimTestOptions } from './sim-test.ts';
import { simulateSeeds } from './simulate-seeds.ts';
import { readStory, saveStory } from './story.ts';

const folder = mkdtempSync(join(tmpdir(), 'seeds-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  delete process.env['AWAITIO_SEED'];
  delete process.env['AWAITIO_STORY'];
});

/** Fails when the network splits the message; with another message where it is the first byte that comes alone. */
async function whole(sim: Simulation): Promise<void> {
  const listener = await sim.host('server').listen(80);
  const stream = await sim.host('client').connect('server:80');
  const peer = await listener.accept();
  await stream.writeAll('hello');
  const { length } = (await peer.readChunk()) ?? [];
  if (length === 1) throw new Error(`a single byte at ${sim.clock.now()}`);
  if (length < 5) throw new Error(`only ${length} bytes`);
  sim.reachable('a whole message');
  await stream.close();
  await peer.close();
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('expected it to fail');
}

async function seedsError(options: SeedsOptions): Promise<SeedsError> {
  const error = await failure(simulateSeeds(options, whole));
  if (error instanceof SeedsError) return error;
  throw error;
}

describe('failures of many seeds', () => {
  test('are grouped by their cause, those of which there are most first', async () => {
    const { groups, message, report } = await seedsError({ count: 200, failures: 'all' });
    expect(report.runs).toBe(200);
    expect(groups.map(({ cause }) => cause).toSorted()).toEqual([
      'main: Error: a single byte at #',
      'main: Error: only # bytes',
    ]);
    const [most, fewer] = groups;
    expect(most?.count).toBeGreaterThan(fewer?.count ?? Infinity);
    for (const { seeds, count, error } of groups) {
      expect(seeds.length).toBe(count);
      expect(error.seed).toBe(seeds[0]);
      expect(message).toContain(error.what);
    }
    expect(message).toContain('200 runs failed, of 2 cause(s)');
    expect(message).toMatch(
      /reachable {2}a whole message {2}reached \d+ time\(s\) in \d+ run\(s\)/,
    );
  });

  test('are reduced to what is needed for them', async () => {
    const { groups } = await seedsError({ count: 50, failures: 'all', shrink: true });
    for (const { error } of groups) {
      expect(error.decisions).toHaveLength(1);
      expect(error.message).toContain('what chance did:\n  1. client:49153 → server:80: ');
    }
    const first = await failure(simulateSeeds({ count: 50, shrink: { maxRuns: 100 } }, whole));
    expect((first as SimulationError).decisions).toHaveLength(1);
  });

  test('are not looked for after the time for them', async () => {
    const report = await simulateSeeds({ count: 1_000_000, maxRealTime: 0 }, () => {});
    expect(report.runs).toBe(1);
  });

  test.each<[string, object]>([
    ['failures', { failures: 'some' }],
    ['shrink', { shrink: { maxRuns: 0 } }],
    ['shrink', { shrink: { runs: 1 } }],
    ['mustReach', { mustReach: 'retry' }],
    ['maxRealTime', { maxRealTime: -1 }],
    ['progress', { progress: 1 }],
  ])('need right options: %s', async (name, options) => {
    await expect(simulateSeeds({ count: 1, ...options }, () => {})).rejects.toThrow(name);
  });
});

describe('properties', () => {
  test('that must always hold fail the run in which one does not, with its name', async () => {
    const error = await failure(
      simulate({ seed: 3 }, async (sim) => {
        sim.always(true, 'two is two');
        sim.always(false, 'one is two');
        await sim.clock.sleep(5);
        throw new Error('too late');
      }),
    );
    expect(error).toMatchObject({ kind: 'always', what: 'always "one is two" was false' });
    expect((error as SimulationError).properties).toEqual([
      { kind: 'always', name: 'two is two', held: 1, failed: 0 },
      { kind: 'always', name: 'one is two', held: 0, failed: 1 },
    ]);
  });

  test('of functions belong to the run that runs now, and do nothing outside', async () => {
    always(false, 'outside');
    sometimes(false, 'outside');
    reachable('outside');
    const run = await simulate({}, () => {
      always(true, 'a');
      sometimes(false, 'b');
      reachable('c');
    });
    expect(run.properties.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test('that must hold sometimes fail many runs in which they never do', async () => {
    const never = (sim: Simulation): void => {
      sim.sometimes(sim.seed === 7, 'seven');
    };
    const report = await simulateSeeds({ count: 10 }, never);
    expect(report.properties).toEqual([
      { kind: 'sometimes', name: 'seven', held: 1, failed: 9, runs: 10 },
    ]);
    const error = (await failure(simulateSeeds({ count: 5 }, never))) as SeedsError;
    expect(error).toBeInstanceOf(SeedsError);
    expect(error.missing).toEqual(['seven']);
    expect(error.message).toContain('none of 5 runs reached "seven"');
    expect(error.message).toContain('NEVER true, 5 time(s) false in 5 run(s)');
  });

  test('that must be reached fail many runs that never reach them', async () => {
    const options = { count: 20, mustReach: ['a whole message', 'the retry'] };
    const calm = (sim: Simulation): void => {
      sim.reachable('a whole message');
    };
    const error = (await failure(simulateSeeds(options, calm))) as SeedsError;
    expect(error.missing).toEqual(['the retry']);
    expect(error.message).toMatch(/reachable {2}the retry {8}NEVER reached/);
    process.env['AWAITIO_SEED'] = '4';
    await simulateSeeds(options, calm);
  });

  test.each([
    [
      'always',
      () => {
        always(1 as never, 'a');
      },
    ],
    [
      'sometimes',
      () => {
        sometimes(true, '');
      },
    ],
    [
      'reachable',
      () => {
        reachable(undefined as never);
      },
    ],
  ])('need a condition and a name: %s', (name, call) => {
    expect(call).toThrow(`${name}: expected`);
  });

  test('have at most a thousand names in a run', async () => {
    const error = await failure(
      simulate({}, (sim) => {
        for (let name = 0; name <= 1_000; name += 1) sim.reachable(`place ${name}`);
      }),
    );
    expect(error).toMatchObject({ cause: { code: 'ERR_LIMIT', limit: 1_000 } });
  });
});

describe('a story', () => {
  test('is a file that replays without its seed, also by its path in the environment', async () => {
    const { groups } = await seedsError({
      count: 50,
      failures: 'all',
      shrink: true,
      giveUpAfter: Infinity,
      latency: [2, 9],
    });
    const [group] = groups;
    if (group === undefined) throw new Error('no failure');
    const path = join(folder, 'deep', 'story.json');
    saveStory(path, group.error);
    const { options, hash, cause } = readStory(path);
    expect(cause).toBe(group.cause);
    expect(options).toMatchObject({ giveUpAfter: Infinity, latency: [2, 9] });
    const again = (await failure(simulate(options, whole))) as SimulationError;
    expect([again.hash, again.message]).toEqual([hash, group.error.message]);

    process.env['AWAITIO_STORY'] = path;
    const asked = (await failure(simulateSeeds({ count: 9 }, whole))) as SimulationError;
    expect(asked.hash).toBe(hash);
    process.env['AWAITIO_SEED'] = '1';
    await expect(simulateSeeds({ count: 9 }, whole)).rejects.toThrow('AWAITIO_SEED not to be set');
  });

  test.each([
    '',
    '{}',
    '[1',
    'null',
    '{"awaitioStory":1,"cause":"a","hash":"b","options":{"seed":1}}',
  ])('is refused when it is none: %j', (text) => {
    const path = join(folder, 'none.json');
    writeFileSync(path, text);
    expect(() => readStory(path)).toThrow('readStory: expected `path` to be the path of a story');
  });
});

/** Registers a test that does not run, and gives its body. */
function registered(name: string, options: SimTestOptions, main = whole): () => Promise<void> {
  let found: (() => Promise<void>) | undefined;
  const register = (title: string, body: () => Promise<void>, timeout: number): void => {
    expect(title).toBe(name);
    expect(timeout).toBeGreaterThan(10_000);
    found = body;
  };
  simTest(name, { test: register, progress: false, ...options }, main);
  return found as unknown as () => Promise<void>;
}

describe('simTest', () => {
  test('is not registered with node:test where Vitest runs without globals', () => {
    const globals = globalThis as { test?: unknown; it?: unknown };
    const { test: runners, it: alias } = globals;
    const before = process.env['VITEST'];
    Object.assign(globals, { test: undefined, it: undefined });
    process.env['VITEST'] = 'true';
    try {
      expect(() => simTest('one', {}, whole)).toThrow("import { test } from 'vitest'");
    } finally {
      if (before === undefined) delete process.env['VITEST'];
      else process.env['VITEST'] = before;
      Object.assign(globals, { test: runners, it: alias });
    }
  });

  test('keeps a seed of each cause, runs these first, and writes stories that replay', async () => {
    const regressions = join(folder, 'kept', 'my.test.ts.txt');
    const error = (await failure(registered('all "at once"', { regressions })())) as SeedsError;
    expect(error.groups.length).toBe(2);
    const lines = readFileSync(regressions, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('"'));
    expect(lines.map((line) => line.replaceAll(/\d+/g, '0')).toSorted()).toEqual([
      '"all \\"at once\\"" seed 0 # main: Error: a single byte at #',
      '"all \\"at once\\"" seed 0 # main: Error: only # bytes',
    ]);
    const seen: number[] = [];
    const mended = (sim: Simulation): Promise<void> => {
      seen.push(sim.seed);
      return Promise.resolve();
    };
    await registered('all "at once"', { regressions, seeds: 40 }, mended)();
    expect(seen.slice(0, 2)).toEqual(lines.map((line) => Number(/seed (\d+)/.exec(line)?.[1])));
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    // A test of that name in another file has a story of that file.
    const others = join(folder, 'kept', 'other.test.ts.txt');
    await failure(registered('all "at once"', { regressions: others })());
    const stories = readdirSync(join(folder, 'kept')).filter((name) => name.endsWith('.json'));
    expect(stories.toSorted()).toEqual([
      'my.test.ts-all-at-once--571c28ac-1.story.json',
      'my.test.ts-all-at-once--571c28ac-2.story.json',
      'other.test.ts-all-at-once--571c28ac-1.story.json',
      'other.test.ts-all-at-once--571c28ac-2.story.json',
    ]);

    const [, story = ''] = /AWAITIO_STORY=(.*), or/.exec(error.message) ?? [];
    process.env['AWAITIO_STORY'] = story;
    const again = (await failure(registered('all "at once"', { regressions })())) as SeedsError;
    expect(again.groups[0]?.error.hash).toBe(error.groups[0]?.error.hash);
    expect(
      readFileSync(regressions, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('"')),
    ).toEqual(lines);
  });

  test('keeps stories of tests apart that have nearly one name, and of files of tests in one folder', async () => {
    const paths = new Set<string>();
    const long = 'a'.repeat(100);
    for (const [file, name] of [
      ['one.test.ts.txt', `${long} 1`],
      ['one.test.ts.txt', `${long} 2`],
      ['two.test.ts.txt', `${long} 1`],
      ['two.test.ts.txt', `${long}: 1`],
    ] as const) {
      const regressions = join(folder, 'apart', file);
      const error = (await failure(registered(name, { regressions })())) as SeedsError;
      const [, story = ''] = /AWAITIO_STORY=(.*), or/.exec(error.message) ?? [];
      paths.add(story);
    }
    expect(paths.size).toBe(4);
  });

  test('takes the order of the seed, and `test` of the runner', async () => {
    const register = jest.fn();
    const before = Reflect.get(globalThis, 'test') as unknown;
    Reflect.set(globalThis, 'test', register);
    try {
      simTest('by name', { regressions: false }, () => {});
    } finally {
      Reflect.set(globalThis, 'test', before);
    }
    expect(register).toHaveBeenCalledWith('by name', expect.any(Function), 60_000);
    const orders = new Set<string>();
    await registered('orders', { regressions: false }, async (sim) => {
      const order: string[] = [];
      await sim.executor.group((group) => {
        for (const name of ['a', 'b', 'c']) group.spawn(() => order.push(name), { name });
      });
      orders.add(order.join(''));
    })();
    expect(orders.size).toBe(6);
  });

  test('keeps its seeds next to the file that calls it', () => {
    const callee = (): string | undefined => callerOf(callee);
    const here = fileURLToPath(import.meta.url);
    expect(callee()).toBe(here);
    expect(fileFor(callee())).toBe(
      join(dirname(here), 'simulation-regressions', 'seeds.test.ts.txt'),
    );
    expect(fileFor(undefined)).toBeUndefined();
  });

  test('refuses a kept line that names no seed, and a wrong seed of the environment', async () => {
    const regressions = join(folder, 'wrong.txt');
    writeFileSync(regressions, '# fine\n\n"a" seed 3\n"a" seed x\n');
    await expect(registered('a', { regressions })()).rejects.toThrow(`${regressions}:4: expected`);
    process.env['AWAITIO_SEED'] = 'x';
    await expect(registered('a', { regressions: false })()).rejects.toThrow('AWAITIO_SEED');
  });

  test('tells why it failed also where nothing can be kept', async () => {
    const blocker = join(folder, 'file');
    writeFileSync(blocker, '');
    const error = await failure(registered('a', { regressions: join(blocker, 'deep', 'a.txt') })());
    expect(error).toBeInstanceOf(SeedsError);
    expect((error as Error).message).toContain('1. could not be kept: ');
  });

  test.each<[string, unknown[]]>([
    ['name', ['', {}, () => {}]],
    ['options', ['a', undefined, () => {}]],
    ['main', ['a', { test: () => {} }, undefined]],
    ['seeds', ['a', { seeds: 0 }, () => {}]],
    ['regressions', ['a', { regressions: true }, () => {}]],
  ])('checks its arguments: %s', (name, args) => {
    expect(() => {
      simTest(...(args as Parameters<typeof simTest>));
    }).toThrow(name);
  });
});

describe('progress', () => {
  test('is one line, on a terminal alone, not too often', () => {
    let now = 0;
    const write = jest.fn<(text: string) => void>();
    const shown = new Progress({ isTTY: true, write }, 100, () => now);
    const hidden = new Progress({ write }, 100, () => now);
    shown.show(1, 0);
    shown.clear();
    now = 250;
    hidden.show(2, 0);
    hidden.clear();
    expect(write).not.toHaveBeenCalled();
    shown.show(2, 0);
    shown.show(3, 0);
    now = 500;
    shown.show(4, 1);
    shown.clear();
    expect(write.mock.calls.flat().map((text) => stripVTControlCharacters(text).trim())).toEqual([
      '2 of 100 seeds',
      '4 of 100 seeds, 1 failed',
      '',
    ]);
  });
});
