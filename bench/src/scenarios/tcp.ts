/** Raw echo over TCP: every way of reading that awaitio has, against callbacks and other runtimes. */

import { rawMessage } from '../load/exchanges.ts';
import { rawGenerator } from '../load/raw.ts';
import { BASELINE, baselineProgram } from '../process/baseline.ts';
import { program } from '../process/child.ts';
import { denoCommand, denoServe, epoll, type Peer } from '../servers/peers.ts';
import { serverContestant } from './http-server.ts';
import type { Contestant, Scenario } from './scenario.ts';

function onNode(name: string, file: string, way = ''): Peer {
  return { name, command: () => [process.execPath, program(`servers/tcp/${file}.js`), way] };
}

const OURS = 'awaitio read/writeAll';

const peers: readonly Peer[] = [
  onNode(OURS, 'awaitio', 'read'),
  ...baselineProgram('servers/tcp/awaitio.js').map((path): Peer => ({
    name: BASELINE,
    command: () => [process.execPath, path, 'read'],
  })),
  onNode('awaitio readWith/tryWrite', 'awaitio', 'with'),
  onNode('awaitio readChunk', 'awaitio', 'chunk'),
  onNode('awaitio iterator', 'awaitio', 'iterator'),
  onNode('awaitio readable+tryRead', 'awaitio', 'readiness'),
  onNode('net callbacks', 'net-callbacks'),
  onNode('net for await', 'net-for-await'),
  {
    name: 'Deno.Conn',
    missing: denoServe.missing,
    command: () => denoCommand('servers/tcp/deno-conn.js'),
  },
  { ...epoll, command: () => epoll.command('raw') },
];

function contestant(peer: Peer): Contestant {
  return serverContestant(peer, {
    app: '',
    exchange: rawMessage(1_024),
    connections: 64,
    generator: rawGenerator,
  });
}

export const tcpEcho: Scenario = {
  name: 'tcp',
  title: 'TCP echo',
  about: 'Messages of 1 KiB there and back, 64 connections, one message under way on each.',
  unit: 'messages/s',
  better: 'more',
  ours: OURS,
  goals: [
    { against: 'net callbacks', ratio: 1 },
    { against: 'net for await', ratio: 1.1 },
    { against: 'Deno.Conn', ratio: 1 },
  ],
  bound:
    'A loop in C, which makes the same calls of the kernel, takes seven to nine tenths of awaitio’s time. What is left is a wait and a promise for each message; Deno does the same in Rust up to the promise.',
  contestants: peers.map(contestant),
};
