import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { echoProtocol, FAULTS } from '../../../../test/support/echo-protocol.ts';
import { SimulationError } from '../report.ts';
import { simulate } from '../simulate.ts';
import { Decisions } from './decisions.ts';
import type { Draws } from './draws.ts';
import { KIND } from './kinds.ts';
import { placeOf, type Decision } from './log.ts';
import { listFor, type Sample } from './sample.ts';

const seeded = (seed: number): Decisions => new Decisions(0, seed, undefined);

/** One choice of each sort; what came out, as text. */
function drawAll(draws: Draws): string {
  return [
    draws.chance(KIND.reset, 0.5),
    draws.integer(KIND.latency, 1_000, 50_000),
    draws.maybe(KIND.crash, 0.5, 10, 2_000),
    draws.cut(KIND.split, 0.5, 100),
  ].join(' ');
}

describe('a draw', () => {
  test('depends on its seed, its subject and its place, and on no other draw', () => {
    const alone = seeded(7).of('a');
    const among = seeded(7);
    for (let round = 0; round < 50; round += 1) {
      drawAll(among.of('b'));
      among.of('a').integer(KIND.handshake, 0, 9);
      expect(drawAll(among.of('a'))).toBe(drawAll(alone));
    }
    expect(drawAll(seeded(8).of('a'))).not.toBe(drawAll(seeded(7).of('a')));
    expect(drawAll(seeded(7).of('c'))).not.toBe(drawAll(seeded(7).of('a')));
  });

  test('stays in its bounds, reaches both, and is as likely as it should be', () => {
    const draws = seeded(1).of('a');
    const seen = new Map<number, number>();
    let happened = 0;
    for (let round = 0; round < 10_000; round += 1) {
      const value = draws.integer(KIND.latency, 3, 7);
      seen.set(value, (seen.get(value) ?? 0) + 1);
      if (draws.chance(KIND.reset, 0.1)) happened += 1;
    }
    expect([...seen.keys()].toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 7]);
    for (const count of seen.values()) expect(Math.abs(count - 2_000)).toBeLessThan(200);
    expect(Math.abs(happened - 1_000)).toBeLessThan(150);
  });

  test('happens always with probability 1, and never with 0', () => {
    const draws = seeded(2).of('a');
    for (let round = 0; round < 1_000; round += 1) {
      expect(draws.chance(KIND.reset, 1)).toBe(true);
      expect(draws.chance(KIND.reset, 0)).toBe(false);
      expect(draws.maybe(KIND.crash, 0, 1, 2)).toBeUndefined();
      expect(draws.cut(KIND.split, 0, 9)).toBe(9);
      expect(draws.cut(KIND.split, 1, 9)).toBeLessThan(9);
      expect(draws.cut(KIND.split, 1, 1)).toBe(1);
    }
  });
});

describe('decisions', () => {
  test('are recorded when they are not calm, and repeated when they are given', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.constantFrom('a', 'b / c', 'd'), { maxLength: 40 }),
        (seed, subjects) => {
          const drawn = seeded(seed);
          const values = subjects.map((subject) => drawAll(drawn.of(subject)));
          const replayed = new Decisions(9, 9, drawn.read());
          expect(subjects.map((subject) => drawAll(replayed.of(subject)))).toEqual(values);
          expect(replayed.read()).toEqual(drawn.read());
        },
      ),
    );
  });

  test('leave all others as they were when one is taken out', () => {
    const drawn = seeded(3);
    for (let round = 0; round < 20; round += 1) drawAll(drawn.of('a'));
    const all = drawn.read();
    for (const [at, out] of all.entries()) {
      const fewer = new Decisions(0, 0, all.toSpliced(at, 1));
      for (let round = 0; round < 20; round += 1) drawAll(fewer.of('a'));
      expect(fewer.read()).toEqual(all.filter((decision) => decision !== out));
    }
  });

  test('are calm where none is given', () => {
    const calm = new Decisions(0, 5, []);
    expect(drawAll(calm.of('a'))).toBe('false 1000  100');
    expect(calm.read()).toEqual([]);
  });

  test('are kept within the bounds of what can be drawn', () => {
    const draws = new Decisions(0, 0, [
      { key: 'a / latency / 0', value: 0 },
      { key: 'a / crash / 0', value: 1_000_000 },
      { key: 'a / split / 0', value: 500 },
    ]).of('a');
    expect(drawAll(draws)).toBe('false 1000 2000 100');
  });

  test('have keys that can be read', () => {
    expect(placeOf('client:49153 → server:7 / partialWrite / 3')).toEqual({
      subject: 'client:49153 → server:7',
      kind: KIND.partialWrite,
      ordinal: 3,
    });
    for (const key of ['', 'a / split', 'a / rain / 3', ' / split / 3', 'a / split / -1']) {
      expect(placeOf(key)).toBeUndefined();
    }
  });
});

describe('a sample', () => {
  const densities = (kept: Partial<Record<keyof typeof KIND, number>>): readonly number[] =>
    Object.keys(KIND).map((kind) => kept[kind as keyof typeof KIND] ?? 0);
  const drawn = (sample: Sample | undefined): readonly Decision[] => {
    const decisions = new Decisions(0, 7, sample === undefined ? undefined : listFor(sample));
    for (let round = 0; round < 200; round += 1) drawAll(decisions.of('a'));
    return decisions.read();
  };

  test('with all of each kind is what the seed draws, and with none it is calm', () => {
    const all = Object.keys(KIND).map(() => 1);
    expect(drawn({ number: 0, densities: all })).toEqual(drawn(undefined));
    expect(drawn({ number: 3, densities: all })).not.toEqual(drawn(undefined));
    expect(drawn({ number: 0, densities: densities({}) })).toEqual([]);
  });

  test('has a part of some kinds, as the seed draws them, and is repeated by its decisions', () => {
    const part = drawn({ number: 0, densities: densities({ reset: 1, latency: 0.25 }) });
    const whole = drawn(undefined);
    expect(whole).toEqual(expect.arrayContaining([...part]));
    const count = (list: readonly Decision[], kind: string): number =>
      list.filter(({ key }) => key.includes(` / ${kind} / `)).length;
    expect(count(part, 'reset')).toBe(count(whole, 'reset'));
    expect(Math.abs(count(part, 'latency') - count(whole, 'latency') / 4)).toBeLessThan(25);
    expect(count(part, 'latency') + count(part, 'reset')).toBe(part.length);
    const again = new Decisions(0, 0, part);
    for (let round = 0; round < 200; round += 1) drawAll(again.of('a'));
    expect(again.read()).toEqual(part);
  });
});

describe('a run', () => {
  test('is repeated by its decisions alone, to the last byte, whatever its faults', async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const options = { seed, deadline: 120_000 };
      const run = await simulate({ ...options, faults: FAULTS }, echoProtocol);
      const { decisions } = run;
      const again = await simulate({ ...options, decisions }, echoProtocol);
      expect(again.hash).toBe(run.hash);
      expect(again.decisions).toEqual(decisions);
    }
  });

  test('is calm when it is given none', async () => {
    const run = await simulate({ decisions: [], latency: [3, 90] }, async (sim) => {
      const listener = await sim.host('server').listen(80);
      const client = await sim.host('client').connect('server:80');
      const server = await listener.accept();
      await client.writeAll('hello');
      await client.writeAll('world');
      await server.readExactly(10);
      await client.close();
      await server.close();
    });
    expect(run.decisions).toEqual([]);
    const times = run.trace.map(({ time }) => time);
    expect(times.every((time) => time % 3 === 0)).toBe(true);
  });

  test('has its decisions also when it fails', async () => {
    const error: unknown = await simulate({ seed: 4 }, async (sim) => {
      const listener = await sim.host('server').listen(80);
      await sim.host('client').connect('server:80');
      await listener.accept();
      throw new Error('no');
    }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SimulationError);
    const { decisions } = error as SimulationError;
    expect(decisions.map(({ key }) => key)).toContain('client:49153 → server:80 / handshake / 0');
  });

  test.each([
    ['no list', 'all'],
    ['an unknown kind', [{ key: 'a / rain / 0', value: 1 }]],
    ['no key', [{ value: 1 }]],
    ['no number', [{ key: 'a / split / 0' }]],
    ['a negative number', [{ key: 'a / split / 0', value: -1 }]],
    ['nothing', [null]],
  ])('refuses decisions that are none: %s', async (_name, decisions) => {
    await expect(simulate({ decisions: decisions as never }, () => {})).rejects.toThrow(
      'simulate: expected `decisions` to be a list of decisions',
    );
  });
});
