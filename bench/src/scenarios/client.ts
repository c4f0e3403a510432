/** HTTP clients: the client is what is measured and has core 0; a server that costs least answers from core 1. */

import type { LoadResult } from '../load/load.ts';
import { BASELINE, baselineProgram } from '../process/baseline.ts';
import { Child, program } from '../process/child.ts';
import { noNative } from '../process/native.ts';
import { usageOf } from '../process/usage.ts';
import { awaitio, epoll } from '../servers/peers.ts';
import { portOf } from './http-server.ts';
import type { Contestant, RoundContext, Sample, Scenario } from './scenario.ts';

const server = noNative === undefined ? epoll : awaitio;

function contestant(name: string, path: string): Contestant {
  return { name, round: (context) => clientRound(path, context) };
}

async function clientRound(path: string, context: RoundContext): Promise<Sample> {
  await using answering = new Child(server.command('hello'), { core: 1 });
  const port = await portOf(answering);
  const times = [context.warmup, context.seconds].map(String);
  await using client = new Child([process.execPath, path, String(port), ...times], { core: 0 });
  await expectLine(client, 'begin');
  const before = usageOf(client.pid);
  const start = performance.now();
  await expectLine(client, 'end');
  const busy = (usageOf(client.pid).cpu - before.cpu) / (performance.now() - start);
  const result = await client.json<LoadResult>();
  if (result.errors > 0) throw new Error(`${result.errors} wrong answers`);
  return {
    value: result.rate,
    details: {
      'p50 ms': result.p50,
      'p99 ms': result.p99,
      'client busy %': busy * 100,
      'µs of client': (busy * 1e6) / result.rate,
    },
  };
}

async function expectLine(child: Child, expected: string): Promise<void> {
  const line = await child.line();
  if (line !== expected) throw new Error(`expected ${expected}, got ${line}`);
}

export const client: Scenario = {
  name: 'client',
  title: 'HTTP client',
  about: `64 GETs of 13 bytes under way at any time, over kept-alive connections, each body read as text; ${server.name} answers.`,
  unit: 'requests/s',
  better: 'more',
  ours: 'awaitio HttpClient',
  goals: [
    { against: 'undici request', ratio: 1.3 },
    { against: 'node:http Agent', ratio: 3 },
  ],
  contestants: [
    contestant('awaitio HttpClient', program('clients/awaitio.js')),
    ...baselineProgram('clients/awaitio.js').map((path) => contestant(BASELINE, path)),
    contestant('undici request', program('clients/undici.js')),
    contestant('node:http Agent', program('clients/node-agent.js')),
    contestant('fetch of Node', program('clients/node-fetch.js')),
  ],
};
