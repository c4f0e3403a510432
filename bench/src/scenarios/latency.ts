/**
 * How long answers take at the same load for all: a constant rate, a share of the most that node:http can do.
 *
 * The load is an open loop: a request counts from when it was due, so that a server which stops for a moment is not
 * asked less for it.
 */

import { ECHO } from '../load/exchanges.ts';
import { ownGenerator } from '../load/node-generator.ts';
import { httpServers, nodeHttp } from '../servers/peers.ts';
import { openServer, serverContestant, serverRound } from './http-server.ts';
import { median } from '../statistics.ts';
import type { Contestant, RoundContext, Sample, Scenario } from './scenario.ts';

const echo = { app: 'echo', exchange: ECHO, connections: 64 };
/** One round alone may be a bad one, and a peak that is too low makes a load that is too light. */
const PEAK_ROUNDS = 3;
let measuredPeak: Promise<number> | undefined;

async function measurePeak(context: RoundContext): Promise<number> {
  const rates: number[] = [];
  while (rates.length < (context.isSmoke ? 1 : PEAK_ROUNDS)) {
    rates.push((await serverRound(nodeHttp, echo, context)).value);
  }
  return median(rates);
}

/** What node:http can do: as measured before in this run, else measured now. */
async function peakOf(context: RoundContext): Promise<number> {
  const earlier = context.earlier('echo', nodeHttp.name);
  if (earlier !== undefined) return earlier;
  measuredPeak ??= measurePeak(context);
  return await measuredPeak;
}

function atShare(share: number): readonly Contestant[] {
  return httpServers.map((peer) => ({
    ...serverContestant(peer, echo),
    round: async (context) => {
      const rate = (await peakOf(context)) * share;
      return asLatency(
        await serverRound(peer, { ...echo, rate, generator: ownGenerator }, context),
      );
    },
    open: async (context) => {
      const rate = (await peakOf(context)) * share;
      const session = await openServer(peer, { ...echo, rate, generator: ownGenerator }, context);
      return { ...session, round: async () => asLatency(await session.round()) };
    },
  }));
}

function asLatency({ value, details: all }: Sample): Sample {
  const { 'p50 ms': p50 = NaN, 'p99 ms': p99 = NaN, ...details } = all;
  return { value: p99, details: { 'p50 ms': p50, 'requests/s': value, ...details } };
}

function latencyAt(percent: number): Scenario {
  return {
    name: `latency-${percent}`,
    title: `p99 at ${percent} % of node:http's peak`,
    about: `HTTP echo at a constant ${percent} % of the requests a second that node:http can do at most, 64 connections.`,
    unit: 'ms (p99)',
    better: 'less',
    ours: 'awaitio',
    goals: [{ against: nodeHttp.name, ratio: 1 }],
    contestants: atShare(percent / 100),
  };
}

export const latency50: Scenario = latencyAt(50);
export const latency80: Scenario = latencyAt(80);
