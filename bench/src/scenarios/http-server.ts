/** Contestants that are HTTP servers under load: how one round of one of them goes. */

import { checkAnswers } from '../load/check.ts';
import type { Exchange, LoadGenerator } from '../load/load.ts';
import { certificateVariables } from '../process/certificate.ts';
import { Child } from '../process/child.ts';
import { usageOf } from '../process/usage.ts';
import type { Peer } from '../servers/peers.ts';
import type { Contestant, RoundContext, Sample, Session } from './scenario.ts';

/** What the servers of a scenario are asked for, and how. */
export interface ServerLoad {
  /** Which of a peer's servers. */
  readonly app: string;
  readonly exchange: Exchange;
  readonly connections: number;
  /** What makes the load, in every kind of round. @default that of the run */
  readonly generator?: LoadGenerator | undefined;
  readonly pipeline?: number;
  readonly tls?: boolean;
  /** Requests a second, when the load does not wait for answers. */
  readonly rate?: number | undefined;
  /** As those of `Load`. */
  readonly count?: number | undefined;
  readonly burst?: number | undefined;
  /** Nothing is asked before the load begins: its first request is the server's first. */
  readonly isUnchecked?: boolean | undefined;
}

export function serverContestant(peer: Peer, what: ServerLoad): Contestant {
  return {
    name: peer.name,
    missing: peer.missing,
    round: (context) => serverRound(peer, what, context),
    open: (context) => openServer(peer, what, context),
  };
}

/** Starts a server, checks its answers, puts it under load, stops it. */
export async function serverRound(
  peer: Peer,
  what: ServerLoad,
  context: RoundContext,
): Promise<Sample> {
  const running = await startServer(peer, what);
  try {
    return await measure(running, peer, what, context);
  } finally {
    await running.child.stop();
  }
}

/** How long a kept server is warmed up at most, in times of the warm-up: it may get a small share of the machine. */
export const MOST_WARMUPS = 12;

/** Starts a server, and warms it up until it has used as much processor time: its rounds have no warm-up. */
export async function openServer(
  peer: Peer,
  what: ServerLoad,
  context: RoundContext,
): Promise<Session> {
  const running = await startServer(peer, what);
  const { child } = running;
  const until = performance.now() + context.warmup * MOST_WARMUPS * 1_000;
  const slice = { ...context, warmup: 0 };
  const isCold = (): boolean => !(usageOf(child.pid).cpu >= context.warmup * 1_000);
  try {
    while (isCold() && performance.now() < until) await measure(running, peer, what, slice);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return {
    round: () => measure(running, peer, what, slice),
    close: () => child.stop(),
  };
}

interface Running {
  readonly child: Child;
  readonly port: number;
}

async function startServer(peer: Peer, what: ServerLoad): Promise<Running> {
  const { tls = false } = what;
  const child = new Child(peer.command(what.app), {
    core: 0,
    env: tls ? certificateVariables() : {},
  });
  try {
    const port = await portOf(child);
    if (what.isUnchecked !== true) await checkAnswers(port, what.exchange, what.pipeline ?? 1, tls);
    return { child, port };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function measure(
  { child, port }: Running,
  peer: Peer,
  what: ServerLoad,
  context: RoundContext,
): Promise<Sample> {
  const { exchange, tls = false, connections, pipeline = 1, rate, count, burst } = what;
  let before = usageOf(child.pid);
  let after = before;
  let start = 0;
  let elapsed = 0;
  const onPhase = (phase: 'begin' | 'end'): void => {
    if (phase === 'begin') {
      before = usageOf(child.pid);
      start = performance.now();
    } else {
      after = usageOf(child.pid);
      elapsed = performance.now() - start;
    }
  };
  const { seconds, warmup } = context;
  const amount = { connections, pipeline, seconds, warmup, rate, count, burst };
  const load = { port, tls, exchange, ...amount, onPhase };
  const generator = what.generator ?? context.load;
  const result = await generator.run(load).catch((error: unknown) => {
    // A load generator only says that nothing answered; the server has said why.
    throw new Error(child.end ?? String(error), { cause: error });
  });
  if (child.end !== undefined) throw new Error(child.end);
  if (result.errors > 0) throw new Error(`${peer.name}: ${result.errors} errors under load`);
  const busy = (after.cpu - before.cpu) / elapsed;
  return {
    value: result.rate,
    details: {
      'p50 ms': result.p50,
      'p99 ms': result.p99,
      'server busy %': busy * 100,
      'µs of server': (busy * 1e6) / result.rate,
      'server MiB': after.memory / 1_048_576,
    },
  };
}

/** The port that a server says it listens on. */
export async function portOf(child: Child): Promise<number> {
  const line = await child.line();
  const port = /^ready (\d+)$/.exec(line)?.[1];
  if (port === undefined) throw new Error(`expected a server to say its port, got ${line}`);
  return Number(port);
}
