import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { echoProtocol } from '../../../../test/support/echo-protocol.ts';
import { simulate } from '../simulate.ts';
import { placeOf } from './log.ts';
import { planOf } from './plan.ts';

const SUBJECTS = ['client:49153 → server:7', 'server:7 → client:49153', 'task 1 "echo"'];
const four = fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat());
const plans = fc.array(four, { maxLength: 12 }).map((numbers) => planOf(SUBJECTS, numbers));

describe('a plan', () => {
  test('consists of decisions for different places', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        for (const { key } of plan) expect(placeOf(key)).toBeDefined();
        expect(new Set(plan.map(({ key }) => key)).size).toBe(plan.length);
      }),
    );
  });

  test('runs, and what came to pass of it runs in the same way', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (decisions) => {
        const options = { order: 'seed', deadline: 120_000 } as const;
        const run = await simulate({ ...options, decisions }, echoProtocol);
        const again = await simulate({ ...options, decisions: run.decisions }, echoProtocol);
        expect(again.hash).toBe(run.hash);
        expect(run.decisions.length).toBeLessThanOrEqual(decisions.length);
      }),
      { numRuns: 30 },
    );
  });

  test('finds what breaks a program, and shrinks to it', async () => {
    const check = await fc.check(
      fc.asyncProperty(plans, async (decisions) => {
        await simulate({ decisions }, async (sim) => {
          const listener = await sim.host('server').listen(7);
          const stream = await sim.host('client').connect('server:7');
          const peer = await listener.accept();
          await stream.writeAll('hello');
          expect((await peer.readChunk())?.length).toBe(5);
          await stream.close();
          await peer.close();
        });
      }),
      { numRuns: 1_000, seed: 1 },
    );
    expect(check.failed).toBe(true);
    const [plan = []] = check.counterexample ?? [];
    expect(plan.length).toBe(1);
  });

  test.each<[string, unknown[]]>([
    ['subjects', [[], []]],
    ['subjects', ['a', []]],
    ['numbers', [['a'], [1, 2, 3, 4]]],
    ['numbers', [['a'], [[1, 2, 3]]]],
    ['numbers', [['a'], [[1, 2, 3, -4]]]],
  ])('needs %s', (name, args) => {
    expect(() => planOf(...(args as Parameters<typeof planOf>))).toThrow(
      `planOf: expected \`${name}\``,
    );
  });
});
