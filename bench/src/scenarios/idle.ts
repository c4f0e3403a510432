/** What ten thousand connections cost that were answered once and now wait. */

import { HELLO } from '../load/exchanges.ts';
import { Child, program } from '../process/child.ts';
import { requestFile } from '../process/scratch.ts';
import { settled, usageOf } from '../process/usage.ts';
import {
  awaitio,
  bunServe,
  denoServe,
  httpServers,
  nodeHttp,
  type Peer,
} from '../servers/peers.ts';
import type { MemoryUse } from '../servers/tell-memory.ts';
import { portOf } from './http-server.ts';
import type { Contestant, RoundContext, Sample, Scenario } from './scenario.ts';

const CONNECTIONS = 10_000;
const onNode = new Set(httpServers.filter((peer) => peer !== bunServe && peer !== denoServe));
const bareSocket: Peer = {
  name: 'bare net.Socket',
  command: () => [process.execPath, program('servers/tcp/net-hello.js')],
};
onNode.add(bareSocket);

/** Opens so many connections, in a process that keeps them until it is stopped. */
type Opener = (port: number, count: number) => Promise<Child>;

export function idleContestant(peer: Peer, isOnNode: boolean, opener: Opener): Contestant {
  return {
    name: peer.name,
    missing: peer.missing,
    round: (context) => idleRound(peer, isOnNode, opener, context),
  };
}

async function idleRound(
  peer: Peer,
  isOnNode: boolean,
  opener: Opener,
  context: RoundContext,
): Promise<Sample> {
  const count = context.isSmoke ? 200 : CONNECTIONS;
  const env = isOnNode ? { BENCH_MEMORY: '1' } : {};
  await using server = new Child(peer.command('idle'), { core: 0, env });
  const port = await portOf(server);
  // The first connections load what later ones share.
  await using first = await opener(port, context.isSmoke ? 10 : 500);
  await first.stop();
  const before = await memoryOf(server, isOnNode);
  await using clients = await opener(port, count);
  const after = await memoryOf(server, isOnNode);
  await clients.stop();
  return {
    value: (after.resident - before.resident) / count,
    details: { 'objects B': (after.objects - before.objects) / count },
  };
}

async function open(port: number, count: number): Promise<Child> {
  const file = requestFile(HELLO.request);
  const child = new Child(
    [process.execPath, program('load/idle.js'), String(port), String(count), file],
    { core: 1 },
  );
  await child.line();
  return child;
}

async function memoryOf(
  server: Child,
  isOnNode: boolean,
): Promise<{ resident: number; objects: number }> {
  await settled(server.pid);
  if (!isOnNode) return { resident: usageOf(server.pid).memory, objects: NaN };
  server.say('memory');
  const { objects } = await server.json<MemoryUse>();
  return { resident: usageOf(server.pid).memory, objects };
}

export const idle: Scenario = {
  name: 'idle',
  title: '10,000 idle connections',
  about:
    'Resident memory for each connection that was answered once and is kept alive, after garbage collection.',
  unit: 'bytes/connection',
  better: 'less',
  ours: 'awaitio',
  goals: [{ against: 'node:http', ratio: 0.5 }],
  bound:
    'A stream with its two halves, a task, a wait, a deadline and a protocol machine for each connection: small objects, but many, of some 1.8 KB; libuv’s handle; and the young generation of V8’s heap, which grows by some 19 MB while so many connections come, as it does for node:http. Most of the spread is what the compiler leaves with the allocator, before or after the first count. Node’s socket is not there any more, nor a promise of what the connection waits for, and a decoder only while a message is under way.',
  contestants: [awaitio, nodeHttp, bareSocket, bunServe, denoServe].map((peer) =>
    idleContestant(peer, onNode.has(peer), open),
  ),
};
