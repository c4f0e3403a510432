/** Loads of which the first requests count: clients that come together, and a server that has just started. */

import { closing, HELLO, VARIED } from '../load/exchanges.ts';
import { noRawGenerator, rawGenerator } from '../load/raw.ts';
import { bunServe, denoServe, httpServers, type Peer } from '../servers/peers.ts';
import { openServer, serverRound, type ServerLoad } from './http-server.ts';
import type { Contestant, RoundContext, Sample, Scenario, Session } from './scenario.ts';

const common = { better: 'less', ours: 'awaitio' } as const;

function contestants(
  peers: readonly Peer[],
  round: (peer: Peer, context: RoundContext) => Promise<Sample>,
): readonly Contestant[] {
  return peers.map((peer) => ({
    name: peer.name,
    missing: peer.missing ?? noRawGenerator,
    round: (context) => round(peer, context),
  }));
}

/** The pause between two bursts, in milliseconds: the server has nothing left to do by then. */
const PAUSE = 5;

const burstLoad: ServerLoad = {
  app: 'hello',
  exchange: closing(HELLO),
  connections: 64,
  generator: rawGenerator,
  burst: PAUSE,
};

async function burstRound(peer: Peer, context: RoundContext): Promise<Sample> {
  return asBurst(await serverRound(peer, burstLoad, context));
}

function asBurst({ details }: Sample): Sample {
  const { 'p99 ms': p99 = NaN, 'p50 ms': p50 = NaN, 'µs of server': time = NaN } = details;
  return { value: p99, details: { 'p50 ms': p50, 'µs of server': time } };
}

async function openBurst(peer: Peer, context: RoundContext): Promise<Session> {
  const session = await openServer(peer, burstLoad, context);
  return { ...session, round: async () => asBurst(await session.round()) };
}

export const burst: Scenario = {
  ...common,
  name: 'burst',
  title: 'p99 of 64 clients that come at once',
  about: `64 connections are opened together, each for a GET of 13 bytes with \`Connection: close\`, and again ${PAUSE} ms after the last was answered. A latency is the time from connecting to the end of the connection.`,
  unit: 'ms (p99)',
  goals: [{ against: 'node:http', ratio: 1 }],
  bound:
    'libuv accepts one connection in a turn of its loop, and handles everything else that is ready in between; and awaitio waits for the FIN of each client before it closes.',
  contestants: contestants(httpServers, burstRound).map((one, index) => ({
    ...one,
    open: (context) => openBurst(httpServers[index] as Peer, context),
  })),
};

const FIRST = 10_000;

async function coldRound(peer: Peer, context: RoundContext): Promise<Sample> {
  const load: ServerLoad = {
    app: 'echo',
    exchange: VARIED,
    connections: 64,
    generator: rawGenerator,
    count: context.isSmoke ? 100 : FIRST,
    isUnchecked: true,
  };
  const sample = await serverRound(peer, load, { ...context, warmup: 0 });
  const { 'p99 ms': p99 = NaN, 'µs of server': time = NaN } = sample.details;
  return { value: time, details: { 'p99 ms': p99 } };
}

export const cold: Scenario = {
  ...common,
  name: 'cold',
  title: 'The first 10,000 requests',
  about:
    'As `varied`, from a server that has answered one request: its processor time for each of the next 10,000, compiling included.',
  unit: 'µs of server',
  goals: [
    { against: 'node:http', ratio: 1 },
    { against: bunServe.name, ratio: 1 },
    { against: denoServe.name, ratio: 1 },
  ],
  bound:
    'V8 interprets a function before it compiles it, and compiles in other threads, on the same core here. No part of awaitio is in Node’s snapshot, which node:http is; Bun and Deno have servers in machine code. A compile cache (`module.enableCompileCache`) saves parsing, not this.',
  contestants: contestants(httpServers, coldRound),
};
