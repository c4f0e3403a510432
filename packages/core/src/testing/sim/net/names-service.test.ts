import dnsPromises from 'node:dns/promises';
import { expect, test } from '@jest/globals';
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
