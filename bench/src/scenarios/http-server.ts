/** Contestants that are HTTP servers under load: how one round of one of them goes. */

import { checkAnswers } from '../load/check.ts';
import type { Exchange } from '../load/load.ts';
import { certificateVariables } from '../process/certificate.ts';
import { Child } from '../process/child.ts';
import { usageOf } from '../process/usage.ts';
import type { Peer } from '../servers/peers.ts';
import type { Contestant, RoundContext, Sample } from './scenario.ts';

/** What the servers of a scenario are asked for, and how. */
export interface ServerLoad {
  /** Which of a peer's servers. */
  readonly app: string;
  readonly exchange: Exchange;
  readonly connections: number;
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
  };
}

/** Starts a server, checks its answers, puts it under load, stops it. */
export async function serverRound(
  peer: Peer,
  what: ServerLoad,
  context: RoundContext,
): Promise<Sample> {
  const { tls = false } = what;
  await using child = new Child(peer.command(what.app), {
    core: 0,
    env: tls ? certificateVariables() : {},
  });
  const port = await portOf(child);
  const pipeline = what.pipeline ?? 1;
  if (what.isUnchecked !== true) await checkAnswers(port, what.exchange, pipeline, tls);
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
  const { exchange, connections, rate, count, burst } = what;
  const { seconds, warmup } = context;
  const amount = { connections, pipeline, seconds, warmup, rate, count, burst };
  const load = { port, tls, exchange, ...amount, onPhase };
  const result = await context.load.run(load).catch((error: unknown) => {
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
