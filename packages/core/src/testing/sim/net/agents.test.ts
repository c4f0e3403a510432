import http from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import type { Simulation } from '../options.ts';
import { simulate } from '../simulate.ts';
import { CALM } from '../wire/faults.ts';

/** What `http.get` of a fresh caller answers, by the agent of the process. */
async function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http.get(url, (response) => resolve(text(response))).on('error', reject);
  });
}

async function fetched(url: string): Promise<string> {
  const response = await fetch(url);
  return response.text();
}

/** Runs a program on a host to its end. */
function on(sim: Simulation, host: string, body: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    sim.host(host).run(async () => {
      await body().then(resolve, reject);
    });
  });
}

test.each([
  ['http.globalAgent', get],
  ['fetch', fetched],
] as const)('hosts share no connection of %s, and each keeps its own', async (_name, ask) => {
  for (let round = 0; round < 2; round += 1) {
    await simulate({ faults: CALM }, async (sim) => {
      const peers: unknown[] = [];
      await on(sim, 'server', async () => {
        const server = http.createServer((_request, response) => response.end('hello'));
        server.on('connection', ({ remoteAddress }) => peers.push(remoteAddress));
        server.listen(80);
      });
      const asking = async (): Promise<void> => {
        for (let count = 0; count < 3; count += 1)
          expect(await ask('http://server/')).toBe('hello');
      };
      await on(sim, 'a', asking);
      await on(sim, 'b', asking);
      sim.host('a').crash();
      sim.host('a').restart();
      await sim.clock.sleep(1);
      expect(new Set(peers).size).toBe(2);
      // The program of `a` has run twice, in two lives.
      await sim.clock.sleep(1_000);
      // Nine requests: the next one of `fetch` may come before the connection is free.
      expect(peers.length).toBeGreaterThanOrEqual(3);
      expect(peers.length).toBeLessThan(9);
    });
  }
});

test('the timeouts of fetch outlast the host that was the first to set one', async () => {
  const run = (): Promise<{ readonly hash: string; readonly virtualTime: number }> =>
    simulate({ faults: CALM, deadline: 3_600_000 }, async (sim) => {
      await on(sim, 'server', async () => {
        http.createServer(() => {}).listen(80);
      });
      sim.host('a').run(() => fetched('http://server/').then(() => {}));
      await sim.clock.sleep(1_000);
      await new Promise<void>((resolve) => {
        sim.host('b').run(async () => {
          sim.host('a').crash();
          const error = await fetched('http://server/').catch((reason: unknown) => reason);
          expect((error as Error).cause).toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' });
          resolve();
        });
      });
    });
  const first = await run();
  expect(first.virtualTime).toBeGreaterThan(300_000);
  expect((await run()).hash).toBe(first.hash);
});
