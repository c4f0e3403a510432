/** A body larger than it would be wise to keep, streamed there and back, every byte compared; and the memory it takes. */

import { checkAnswers } from '../load/check.ts';
import { ECHO } from '../load/exchanges.ts';
import { Child, program } from '../process/child.ts';
import { forgetPeakOf, peakMemoryOf, settled, usageOf } from '../process/usage.ts';
import { awaitio, bunServe, denoServe, nodeHttp, type Peer } from '../servers/peers.ts';
import { portOf } from './http-server.ts';
import type { Contestant, RoundContext, Sample, Scenario } from './scenario.ts';

const GIBIBYTE = 2 ** 30;
const MEBIBYTE = 2 ** 20;

function contestant(peer: Peer): Contestant {
  return {
    name: peer.name,
    missing: peer.missing,
    round: (context) => streamRound(peer, context),
  };
}

async function streamRound(peer: Peer, context: RoundContext): Promise<Sample> {
  const bytes = context.isSmoke ? 4 * MEBIBYTE : GIBIBYTE;
  await using child = new Child(peer.command('stream'), { core: 0 });
  const port = await portOf(child);
  await checkAnswers(port, ECHO);
  await settled(child.pid);
  const peakBefore = peakMemoryOf(child.pid);
  forgetPeakOf(child.pid);
  const before = usageOf(child.pid);
  await using sender = new Child(
    [process.execPath, program('load/stream.js'), String(port), String(bytes)],
    { core: 1 },
  );
  await sender.line();
  const { seconds } = await sender.json<{ seconds: number }>();
  const after = usageOf(child.pid);
  const peak = peakMemoryOf(child.pid);
  return {
    value: bytes / MEBIBYTE / seconds,
    details: {
      'growth MiB': (peak - before.memory) / MEBIBYTE,
      'peak MiB': Math.max(peak, peakBefore) / MEBIBYTE,
      'server busy %': (after.cpu - before.cpu) / (seconds * 10),
    },
  };
}

/** A passed-through body of 256 MiB took it more than 30 s, all of them processor time. */
const slowDeno: Peer = {
  ...denoServe,
  missing: denoServe.missing ?? 'it passes a body on at some 10 MiB/s: a round would take minutes',
};

export const stream: Scenario = {
  name: 'stream',
  title: '1 GiB streamed echo',
  about:
    'One POST of 1 GiB on one connection, echoed while it comes, every byte compared; growth is to the peak.',
  unit: 'MiB/s',
  better: 'more',
  ours: 'awaitio',
  goals: [
    { against: 'node:http', ratio: 1 },
    { detail: 'growth MiB', atMost: 32 },
  ],
  bound:
    'V8’s young generation, which grows for the promises of sixteen thousand pieces, and the code that is compiled meanwhile. The pieces themselves use two or three buffers of 64 KiB over and over. Counted from when the server rests after its first answer: compiling llhttp takes more memory for a moment, whatever is sent.',
  contestants: [awaitio, nodeHttp, bunServe, slowDeno].map(contestant),
};
