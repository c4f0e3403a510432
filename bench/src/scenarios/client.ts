/** HTTP clients: the client is what is measured and has core 0; a server that costs least answers from core 1. */

import type { LoadResult } from '../load/load.ts';
import { BASELINE, baselineProgram } from '../process/baseline.ts';
import { certificateVariables, noCertificate } from '../process/certificate.ts';
import { Child, program } from '../process/child.ts';
import { noNative } from '../process/native.ts';
import { usageOf } from '../process/usage.ts';
import { bun } from '../process/runtimes.ts';
import { awaitio, bunServe, denoCommand, denoServe, epoll } from '../servers/peers.ts';
import { portOf } from './http-server.ts';
import type { Contestant, RoundContext, Sample, Scenario } from './scenario.ts';

const server = noNative === undefined ? epoll : awaitio;

type Command = readonly string[];

function contestant(name: string, path: string, isTls: boolean): Contestant {
  return onRuntime(name, [process.execPath, path], isTls);
}

function onRuntime(name: string, command: Command, isTls: boolean, missing?: string): Contestant {
  return {
    name,
    missing: missing ?? (isTls ? noCertificate : undefined),
    round: (context) => clientRound(command, isTls, context),
  };
}

async function clientRound(
  command: Command,
  isTls: boolean,
  context: RoundContext,
): Promise<Sample> {
  const env = isTls ? certificateVariables() : {};
  await using answering = new Child((isTls ? awaitio : server).command('hello'), { core: 1, env });
  const port = await portOf(answering);
  const times = [context.warmup, context.seconds].map(String);
  await using client = new Child([...command, String(port), ...times], { core: 0, env });
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

function contestants(isTls: boolean): readonly Contestant[] {
  const path = 'clients/runtime-fetch.js';
  return [
    contestant('awaitio HttpClient', program('clients/awaitio.js'), isTls),
    ...baselineProgram('clients/awaitio.js').map((file) => contestant(BASELINE, file, isTls)),
    contestant('undici request', program('clients/undici.js'), isTls),
    contestant('node:http Agent', program('clients/node-agent.js'), isTls),
    contestant('fetch of Node', program(path), isTls),
    onRuntime('fetch of Bun', [bun?.path ?? 'bun', program(path)], isTls, bunServe.missing),
    onRuntime('fetch of Deno', denoCommand(path), isTls, denoServe.missing),
  ];
}

const common = { unit: 'requests/s', better: 'more', ours: 'awaitio HttpClient' } as const;
const WORK = 'µs of client';

export const client: Scenario = {
  ...common,
  name: 'client',
  title: 'HTTP client',
  about: `64 GETs of 13 bytes under way at any time, over kept-alive connections, each body read as text; ${server.name} answers.`,
  goals: [
    { against: 'undici request', detail: WORK, ratio: 0.4 },
    { against: 'fetch of Bun', detail: WORK, ratio: 1 },
    { against: 'fetch of Deno', detail: WORK, ratio: 1 },
  ],
  contestants: contestants(false),
};

export const clientTls: Scenario = {
  ...common,
  name: 'client-tls',
  title: 'HTTPS client',
  about:
    'The same over TLS 1.3, with a certificate that is checked; awaitio answers. A connection lasts for the whole run.',
  goals: [{ against: 'undici request', detail: WORK, ratio: 0.667 }],
  contestants: contestants(true),
};
