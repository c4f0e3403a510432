/** WebSockets: short messages, long ones, one to many, and none. */

import { broadcastGenerator } from '../load/broadcasts.ts';
import type { Exchange, LoadGenerator } from '../load/load.ts';
import { rawGenerator } from '../load/raw.ts';
import { LONG, SHORT } from '../load/web-socket.ts';
import { BASELINE, baselineProgram } from '../process/baseline.ts';
import { Child, program } from '../process/child.ts';
import { bunServe, denoCommand, denoServe, type Peer } from '../servers/peers.ts';
import { serverContestant } from './http-server.ts';
import { idleContestant } from './idle.ts';
import type { Contestant, Scenario } from './scenario.ts';

function onNode(name: string, file: string): Peer {
  return {
    name,
    command: (app) => [process.execPath, program(`servers/web-socket/${file}.js`), app],
  };
}

const awaitio = onNode('awaitio', 'awaitio');
const ws = onNode('ws', 'ws');
const bun: Peer = {
  ...bunServe,
  name: 'Bun',
  command: (app) => [bunServe.command(app)[0] as string, program('servers/web-socket/bun.js'), app],
};
const deno: Peer = {
  ...denoServe,
  name: 'Deno',
  command: (app) => denoCommand('servers/web-socket/deno.js', app),
};
/** Its binaries want a newer C library than the Debian of these measurements has, and npm has them from others alone. */
const uws: Peer = {
  name: 'uWebSockets.js',
  missing: 'its maker publishes it on GitHub, not on npm',
  command: () => [],
};
const baselines = baselineProgram('servers/web-socket/awaitio.js').map((path): Peer => ({
  name: BASELINE,
  command: (app) => [process.execPath, path, app],
}));
const peers: readonly Peer[] = [awaitio, ...baselines, ws, bun, deno, uws];

function contestants(
  app: string,
  exchange: Exchange,
  connections: number,
  generator: LoadGenerator,
): readonly Contestant[] {
  return peers.map((peer) => serverContestant(peer, { app, exchange, connections, generator }));
}

const common = { unit: 'messages/s', better: 'more', ours: 'awaitio' } as const;
/** The load generator is slower than some of the servers; processor time is what each of them needs. */
const goals = [
  { against: 'ws', ratio: 0.67, detail: 'µs of server' },
  { against: 'Bun', ratio: 1.25, detail: 'µs of server' },
] as const;

export const webSocketEcho: Scenario = {
  ...common,
  goals,
  name: 'websocket-echo',
  title: 'WebSocket echo',
  about: 'Text of 32 bytes there and back, 64 WebSockets, one message under way on each.',
  bound:
    'The kernel’s read and write are more than half of the time of every server here. Of ours, the largest parts are the promises of a message: that of the read, those of the async iterator and that of the send. Text that shares its memory with other text, without views of it, took a third off the JavaScript.',
  contestants: contestants('echo', SHORT, 64, rawGenerator),
};

export const webSocketBroadcast: Scenario = {
  ...common,
  goals,
  name: 'websocket-broadcast',
  title: 'WebSocket broadcast',
  about:
    'Text of 32 bytes from one WebSocket to 1,000; the next one is sent when all have it. Counted are messages that come.',
  bound:
    'Each member is a receiver that takes the message by itself, with a wait and a promise, and a frame is made for each of them; a write of the kernel for each is what all servers pay.',
  contestants: contestants('broadcast', SHORT, 1_000, broadcastGenerator),
};

export const webSocketLarge: Scenario = {
  ...common,
  goals,
  name: 'websocket-large',
  title: 'WebSocket echo of 1 MiB',
  about: 'Messages of 1 MiB that are no text, 16 WebSockets, one message under way on each.',
  bound:
    'New memory: an array that grows by doubling while the message comes, one for the frame that goes out, and the garbage collector behind both. Unmasking by words took a fifth of the time that it took by bytes.',
  contestants: contestants('echo', LONG, 16, rawGenerator),
};

const isOnNode = (peer: Peer): boolean => peer !== bun && peer !== deno;

export const webSocketIdle: Scenario = {
  name: 'websocket-idle',
  title: '10,000 idle WebSockets',
  about:
    'Resident memory for each WebSocket that has sent a message and got it back, after garbage collection.',
  unit: 'bytes/WebSocket',
  better: 'less',
  ours: 'awaitio',
  goals: [{ against: 'ws', ratio: 0.6 }],
  bound:
    'A handler that goes on for as long as its WebSocket: its request with the head, the exchange and the connection of HTTP, and five functions that wait, each with a frame, promises and closures, some 10 KB of objects. ws lets go of the request, and its callbacks wait without promises.',
  contestants: peers.map((peer) =>
    idleContestant(peer, isOnNode(peer), async (port, count) => {
      const load = program('load/idle-sockets.js');
      const child = new Child([process.execPath, load, String(port), String(count)], { core: 1 });
      await child.line();
      return child;
    }),
  ),
};
