import crypto from 'node:crypto';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { simulate } from '../simulate.ts';
import type { SimulatedMain, Simulation } from '../options.ts';
import { SimulationError } from '../report.ts';

// Jest gives named imports the functions that were there before this package.
const { scheduler } = timersPromises;
const sleep: typeof timersPromises.setTimeout = (...args) => timersPromises.setTimeout(...args);
const ticks: typeof timersPromises.setInterval = (...args) => timersPromises.setInterval(...args);

const failureOf = async (main: SimulatedMain): Promise<SimulationError> => {
  const failure: unknown = await simulate({ seed: 3 }, main).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SimulationError);
  return failure as SimulationError;
};

/** Tells of an error without its stack. */
const thrownBy = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return `${(error as Error).name} ${(error as { code?: string }).code}`;
  }
  return 'nothing';
};

describe('virtual timers', () => {
  test('fire in the order of their times, those of one time as they were set, immediates last', async () => {
    const fired: string[] = [];
    const note = (what: string): void => {
      fired.push(what);
    };
    const { virtualTime } = await simulate({}, async (sim) => {
      const start = sim.clock.now();
      setTimeout(note, 5, 'five');
      timers.setTimeout(() => {
        note('one');
        setImmediate(note, 'immediate of one');
        process.nextTick(note, 'tick');
        queueMicrotask(() => note('microtask'));
      }, 1);
      setTimeout(note, 0, 'one, too');
      setTimeout(note, Number.NaN, 'one, of no number');
      setTimeout(note, 2 ** 31, 'one, of too many');
      setImmediate(note, 'immediate');
      setTimeout(note, 4.9, 'four');
      await scheduler.wait(10);
      expect(sim.clock.now() - start).toBe(10);
    });
    expect(fired).toEqual([
      'immediate',
      'one',
      'tick',
      'microtask',
      'one, too',
      'one, of no number',
      'one, of too many',
      'immediate of one',
      'four',
      'five',
    ]);
    expect(virtualTime).toBe(10);
  });

  test('have the methods of Node’s', async () => {
    await simulate({}, async (sim) => {
      const fired: number[] = [];
      const at = (): void => {
        fired.push(sim.clock.now());
      };
      const timer = setTimeout(at, 10);
      expect([timer.hasRef(), timer.unref().hasRef(), timer.ref().hasRef()]).toEqual([
        true,
        false,
        true,
      ]);
      await sleep(6);
      expect(timer.refresh()).toBe(timer);
      await sleep(20);
      expect(fired).toEqual([16]);
      timer.refresh();
      await sleep(20);
      expect(fired).toEqual([16, 36]);
      timer.close().refresh();
      const numbers = [setTimeout(at, 1), setInterval(at, 1)].map(Number);
      expect(numbers).toEqual([1, 2]);
      clearInterval(numbers[0]);
      timers.clearTimeout(String(numbers[1]) as never);
      const immediate = setImmediate(at);
      expect([immediate.hasRef(), immediate.unref().hasRef()]).toEqual([true, false]);
      clearImmediate(immediate);
      setTimeout(at, 1)[Symbol.dispose]();
      await sleep(20);
      expect(fired).toEqual([16, 36]);
      const interval = setInterval(() => {
        at();
        if (fired.length === 5) clearInterval(interval);
      }, 7);
      await sleep(50);
      expect(fired.slice(2)).toEqual([73, 80, 87]);
    });
  });

  test('keep a run going while they have a reference', async () => {
    const one = await simulate({}, () => {
      setTimeout(() => {}, 500);
    });
    expect(one.virtualTime).toBe(500);
    const other = await simulate({}, () => {
      setTimeout(() => {}, 500).unref();
    });
    expect(other.virtualTime).toBe(0);
  });

  test.each<[where: string, on: (sim: Simulation, program: () => void) => void]>([
    ['in the program of the run', (_sim, program) => program()],
    ['on a host', ({ host }, program) => host('a').run(program)],
  ])('keep a run going when they have their reference again, %s', async (_where, on) => {
    const { virtualTime } = await simulate({}, async (sim) => {
      on(sim, () => {
        setTimeout(() => {}, 500)
          .unref()
          .ref();
      });
      await sim.clock.sleep(1);
    });
    expect(virtualTime).toBe(500);
  });

  test('take what Node’s take, and refuse what they refuse', async () => {
    const calls: (() => unknown)[] = [
      ...[timers.setTimeout, timers.setInterval, timers.setImmediate].map(
        (set) => () => Reflect.apply(set, undefined, [{}, 1]),
      ),
      () => AbortSignal.timeout(-1),
      () => AbortSignal.timeout('a' as never),
      () => crypto.randomBytes(-1),
      () => crypto.randomBytes('a' as never),
      () => crypto.randomInt(5, 5),
      () => crypto.randomFillSync('a' as never),
      () => crypto.randomFill(Buffer.alloc(1), undefined as never),
      () => crypto.getRandomValues(new Float32Array(1) as never),
      () => crypto.generateKeySync('aes', { length: 1 }),
      () => crypto.randomUUID(1 as never),
    ];
    const outside = calls.map(thrownBy);
    expect(outside).not.toContain('nothing');
    await simulate({}, () => {
      expect(calls.map(thrownBy)).toEqual(outside);
    });
    const wrong = [() => sleep('a' as never), () => sleep(1, 1, { signal: 1 as never })];
    for (const call of wrong) {
      const real = await call().catch((error: unknown) => error);
      await simulate({}, async () => {
        expect(await call().catch((error: unknown) => error)).toEqual(real);
      });
    }
  });

  test('as promises give their value, and up', async () => {
    await simulate({}, async (sim) => {
      expect(await promisify(setTimeout)(5, 'value')).toBe('value');
      expect(await promisify(setImmediate)('soon')).toBe('soon');
      await scheduler.yield();
      expect(sim.clock.now()).toBe(5);
      const { signal } = new AbortController();
      const controller = new AbortController();
      const given = sleep(50, undefined, { signal: controller.signal });
      setTimeout(() => {
        controller.abort('enough');
      }, 10);
      await expect(given).rejects.toMatchObject({
        name: 'AbortError',
        code: 'ABORT_ERR',
        cause: 'enough',
      });
      await expect(sleep(1, 1, { signal: controller.signal })).rejects.toThrow('aborted');
      expect(await sleep(1, 'other', { signal })).toBe('other');
      const seen: number[] = [];
      for await (const value of ticks(10, 'tick')) {
        expect(value).toBe('tick');
        seen.push(sim.clock.now());
        if (seen.length === 3) break;
      }
      expect(seen).toEqual([26, 36, 46]);
      const limit = AbortSignal.timeout(30);
      const rounds = async (): Promise<void> => {
        for await (const _tick of ticks(100, 1, { signal: limit }));
      };
      await expect(rounds()).rejects.toMatchObject({ name: 'AbortError' });
      expect(sim.clock.now()).toBe(76);
      expect(limit.reason).toMatchObject({ name: 'TimeoutError' });
    });
  });

  test('fail the run when their callback throws, as uncaught', async () => {
    const boom = (): never => {
      throw new Error('boom');
    };
    const waits = async (): Promise<void> => sleep(1_000);
    for (const begin of [
      () => setTimeout(boom, 1),
      () => setInterval(boom, 1),
      () => setImmediate(boom),
      () => process.nextTick(boom),
      () => queueMicrotask(boom),
      () => crypto.randomBytes(1, boom),
    ]) {
      const failure = await failureOf(async () => {
        begin();
        await waits();
      });
      expect(failure.kind).toBe('uncaught exception');
      expect(failure.message).toContain('uncaught exception: Error: boom');
    }
  });

  test('that a library keeps from run to run are set on the clock of the run that refreshes them', async () => {
    let kept: NodeJS.Timeout | undefined;
    let fired = 0;
    const main: SimulatedMain = async () => {
      kept ??= setTimeout(() => (fired += 1), 50);
      kept.refresh();
      await sleep(60);
    };
    for (const expected of [1, 2, 3]) {
      await simulate({}, main);
      expect(fired).toBe(expected);
    }
    const real = setTimeout(() => (fired += 1), 40_000);
    real.unref();
    kept = real;
    await simulate({}, async () => {
      real.refresh();
      await sleep(50_000);
    });
    expect([fired, kept.hasRef()]).toEqual([4, false]);
    await simulate({}, async () => {
      kept?.refresh();
      clearTimeout(kept);
      await sleep(60);
    });
    clearTimeout(real);
    expect(fired).toBe(4);
  });
});

test('chance is of the seed, in every form, and apart from the network and `sim.random`', async () => {
  const draw = async (seed: number): Promise<unknown[]> => {
    const drawn: unknown[] = [];
    await simulate({ seed }, async (sim) => {
      const view = new Uint16Array(4);
      drawn.push(
        Math.random(),
        crypto.randomBytes(3).toString('hex'),
        await promisify(crypto.randomBytes)(3),
        crypto.randomInt(10, 1_000_000_000),
        await promisify<number, number>(crypto.randomInt)(100_000_000),
        crypto.randomUUID(),
        globalThis.crypto.randomUUID(),
        [...crypto.getRandomValues(new BigUint64Array(2))],
        crypto.randomFillSync(view, 1, 2).slice(),
        await promisify<Buffer, Buffer>(crypto.randomFill)(Buffer.alloc(6)),
        crypto.generateKeySync('hmac', { length: 64 }).export().toString('hex'),
        await new Promise((resolve) => {
          crypto.generateKey('aes', { length: 128 }, (_error, key) => {
            resolve(key.export());
          });
        }),
      );
      expect([view[0], view[3]]).toEqual([0, 0]);
      drawn.push(sim.random.next());
    });
    return drawn;
  };
  const one = await draw(1);
  expect(await draw(1)).toEqual(one);
  const other = await draw(2);
  for (const [at, value] of other.entries()) expect(value).not.toEqual(one[at]);
  expect(one[5]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  const plain = await (async () => {
    let drawn = 0;
    await simulate({ seed: 1 }, (sim) => {
      drawn = sim.random.next();
    });
    return drawn;
  })();
  expect(plain).toBe(one.at(-1));
});
