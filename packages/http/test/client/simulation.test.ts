/** The client against servers that do everything wrong, on a network that breaks: the invariants of `support/client-protocol.ts`. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { simulate, simulateSeeds } from '@awaitio/core/testing';
import * as http from '../../src/index.ts';
import { clientProtocol } from '../support/client-protocol.ts';
import { countFromEnvironment } from '../../../core/test/support/environment.ts';
import * as faulty from '../support/faulty-servers.ts';
import * as requests from '../support/request-protocol.ts';

const { DEADLINE, FAULTS } = requests;
const program = clientProtocol({ http, requests, faulty, gzipSync });

/** Ten thousand by `node scripts/nightly/nightly-simulation.mjs --program client --count 10000`, or with `AWAITIO_HTTP_SEEDS`. */
const SEEDS = countFromEnvironment('AWAITIO_HTTP_SEEDS', 200);

describe('a client against servers that do everything wrong', () => {
  test(`keeps every promise for ${SEEDS} seeds`, async () => {
    const options = { from: 1, count: SEEDS, faults: FAULTS, deadline: DEADLINE };
    expect((await simulateSeeds(options, program)).runs).toBe(SEEDS);
  }, 3_600_000);

  test('meets every deed, answered and failed, among the first seeds, and the same again for a seed', async () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= 60; seed += 1) {
      const { trace } = await simulate({ seed, faults: FAULTS, deadline: DEADLINE }, program);
      for (const { event, subject } of trace) {
        if (event === 'log') seen.set(subject, (seen.get(subject) ?? 0) + 1);
      }
    }
    const wanted = ['answered 200', 'answered 503', 'failed', 'discarded', ...faulty.DEEDS];
    expect(wanted.filter((what) => (seen.get(what) ?? 0) < 3)).toEqual([]);
    for (let seed = 1; seed <= 5; seed += 1) {
      const options = { seed, faults: FAULTS, deadline: DEADLINE };
      const first = await simulate(options, program);
      expect((await simulate(options, program)).hash).toBe(first.hash);
    }
  });
});

test('a client asks a server on a Unix socket of its simulated host, again after a crash', async () => {
  const run = (): Promise<{ readonly hash: string }> =>
    simulate({ seed: 3, faults: { split: 0.5 } }, async (sim) => {
      const host = sim.host('app');
      host.run(async ({ clock, executor }) => {
        const listener = await host.listenUnix('/run/app.sock', { removeStale: true });
        const handler = (): http.HttpResponse => http.HttpResponse.text('hello');
        await http.serve(handler, { listener, clock, executor });
      });
      await sim.clock.sleep(1);
      const { connectUnix } = host;
      const client = new http.HttpClient({ connectUnix, clock: sim.clock });
      for (const url of ['unix:/run/app.sock:/a', 'http+unix://%2Frun%2Fapp.sock/b']) {
        const response = await client.get(url);
        expect(await response.text()).toBe('hello');
      }
      host.crash();
      host.restart();
      await sim.clock.sleep(1);
      expect(await (await client.get('unix:/run/app.sock:/c')).text()).toBe('hello');
      await expect(client.get('unix:/run/none.sock:/')).rejects.toMatchObject({ code: 'ENOENT' });
      await client.close();
    });
  expect((await run()).hash).toBe((await run()).hash);
});
