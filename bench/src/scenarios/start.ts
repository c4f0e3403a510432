/** From the start of a process to its first answer, and what of that is importing. */

import { checkAnswers } from '../load/check.ts';
import { HELLO } from '../load/exchanges.ts';
import { Child, program } from '../process/child.ts';
import { isBundled, publishedProgram } from '../process/published.ts';
import { awaitio, httpServers, type Peer } from '../servers/peers.ts';
import { median } from '../statistics.ts';
import { portOf } from './http-server.ts';
import type { Contestant, RoundContext, Sample, Scenario } from './scenario.ts';

const BARE: Peer = {
  name: 'bare node',
  command: () => [process.execPath, program('micro/nothing.js')],
};

/** As users have it, if it was bundled; the modules of this repository are many more files. */
const PUBLISHED: Peer = isBundled
  ? {
      name: awaitio.name,
      command: (app) => [process.execPath, publishedProgram('servers/awaitio.js'), app],
    }
  : awaitio;
const UNBUNDLED: Peer = { ...awaitio, name: 'awaitio unbundled' };

/** What the peers on Node import. */
const IMPORTS: Readonly<Record<string, string>> = {
  awaitio: '@awaitio/http',
  'awaitio unbundled': '@awaitio/http',
  'node:http': 'node:http',
  fastify: 'fastify',
  hono: '@hono/node-server',
  express: 'express',
};

/** Starts in one round: one start is as long as the disk and the scheduler please. */
const TIMES = 7;

function contestant(peer: Peer): Contestant {
  return {
    name: peer.name,
    missing: peer.missing,
    round: (context) => startRound(peer, context),
  };
}

async function startRound(peer: Peer, context: RoundContext): Promise<Sample> {
  const starts: number[] = [];
  const imports: number[] = [];
  for (let time = 0; time < (context.isSmoke ? 1 : TIMES); time += 1) {
    starts.push(await timeToAnswer(peer));
    imports.push(await importTime(peer));
  }
  return { value: median(starts), details: { 'import ms': median(imports) } };
}

async function timeToAnswer(peer: Peer): Promise<number> {
  const start = performance.now();
  await using child = new Child(peer.command('hello'), { core: 0 });
  const port = await portOf(child);
  if (peer !== BARE) await checkAnswers(port, HELLO);
  return performance.now() - start;
}

async function importTime(peer: Peer): Promise<number> {
  const specifier = IMPORTS[peer.name];
  if (specifier === undefined) return NaN;
  const path = 'micro/import-time.js';
  const importer = peer === PUBLISHED && isBundled ? publishedProgram(path) : program(path);
  await using child = new Child([process.execPath, importer, specifier], { core: 0 });
  const { milliseconds } = await child.json<{ milliseconds: number }>();
  return milliseconds;
}

export const start: Scenario = {
  name: 'start',
  title: 'Start-up',
  about:
    'From starting the process to its first answer, in milliseconds; importing the package alone beside it. awaitio is loaded as it is published.',
  unit: 'ms',
  better: 'less',
  ours: 'awaitio',
  goals: [{ against: BARE.name, moreThanIt: 60 }],
  bound:
    'Half is importing, and half of that V8’s first look at 360 KB of JavaScript in three files; a quarter is Node’s `net` and `stream` (`node --cpu-prof`). The rest is listening, for which Node loads `cluster` and `dns`, and the first request, which loads and compiles llhttp; V8 takes its largest function for hot after one request, and optimizes it for 90 to 150 ms in another thread, which shares the one core here with the answer. Bundled are p-queue and all modules; TLS, the resolver and UDP are loaded when they are first used. Tried without effect: leaving white space out of the files, and reading a request in memory while the first one is on its way. The goal is in milliseconds, and so one for a machine, too: where bare Node takes 67 to start, awaitio took 35 more, and where it takes twice as long, so does awaitio.',
  contestants: [
    PUBLISHED,
    ...(isBundled ? [UNBUNDLED] : []),
    ...httpServers.filter((peer) => peer !== awaitio),
    BARE,
  ].map(contestant),
};
