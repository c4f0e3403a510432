/** The project's own example under load: a short form, sent back with `echo: ` before it. */

import { ECHO } from '../load/exchanges.ts';
import { httpServers } from '../servers/peers.ts';
import { serverContestant } from './http-server.ts';
import type { Scenario } from './scenario.ts';

export const echoPost: Scenario = {
  name: 'echo',
  title: 'HTTP echo',
  about: 'POST of 13 bytes, 64 keep-alive connections, each asks again when it was answered.',
  unit: 'requests/s',
  better: 'more',
  ours: 'awaitio',
  goals: [
    { against: 'node:http', ratio: 2.2 },
    { against: 'fastify', ratio: 2.4 },
    { against: 'Bun.serve', ratio: 1 },
    { against: 'Deno.serve', ratio: 1 },
    { against: 'C epoll', ratio: 0.7 },
  ],
  contestants: httpServers.map((peer) =>
    serverContestant(peer, { app: 'echo', exchange: ECHO, connections: 64 }),
  ),
};
