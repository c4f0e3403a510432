/** The HTTP servers under load as fast as they answer: small and pipelined, with and without a body, large, checked. */

import { closing, ECHO, HELLO, JSON_ORDER, LARGE } from '../load/exchanges.ts';
import { rawGenerator } from '../load/raw.ts';
import { epoll, httpServers } from '../servers/peers.ts';
import { serverContestant, type ServerLoad } from './http-server.ts';
import type { Contestant, Scenario } from './scenario.ts';

function contestants(what: ServerLoad): readonly Contestant[] {
  return httpServers.map((peer) => serverContestant(peer, what));
}

function withEpoll(what: ServerLoad): readonly Contestant[] {
  return [...contestants(what), serverContestant(epoll, what)];
}

const common = { unit: 'requests/s', better: 'more', ours: 'awaitio' } as const;

export const echoPost: Scenario = {
  ...common,
  name: 'echo',
  title: 'HTTP echo',
  about: 'POST of 13 bytes, 64 keep-alive connections, each asks again when it was answered.',
  goals: [
    { against: 'node:http', ratio: 2.2 },
    { against: 'fastify', ratio: 2.4 },
    { against: 'Bun.serve', ratio: 1 },
    { against: 'Deno.serve', ratio: 1 },
    { against: 'C epoll', ratio: 0.7 },
  ],
  contestants: withEpoll({ app: 'echo', exchange: ECHO, connections: 64 }),
};

export const pipelined: Scenario = {
  ...common,
  name: 'pipelined',
  title: 'HTTP echo, pipelined by 16',
  about: 'The same with 16 requests in one piece; a latency is that of all sixteen.',
  goals: [
    { against: 'node:http', ratio: 6 },
    { against: 'Bun.serve', ratio: 3 },
    { against: 'Deno.serve', ratio: 3 },
  ],
  contestants: withEpoll({ app: 'echo', exchange: ECHO, connections: 64, pipeline: 16 }),
};

export const get: Scenario = {
  ...common,
  name: 'get',
  title: 'GET of 13 bytes',
  about: '`Hello, World!` as text, 64 keep-alive connections.',
  goals: [],
  contestants: withEpoll({ app: 'hello', exchange: HELLO, connections: 64 }),
};

export const large: Scenario = {
  ...common,
  name: 'large',
  title: 'HTTP echo of 64 KiB',
  about: 'POST of 65 536 bytes that are no text, 64 keep-alive connections.',
  goals: [{ against: 'node:http', ratio: 1 }],
  contestants: withEpoll({ app: 'echo', exchange: LARGE, connections: 64 }),
};

export const json: Scenario = {
  ...common,
  name: 'json',
  title: 'JSON, checked by zod',
  about:
    'POST of an order of two items, checked by one zod schema in all servers, answered with its total.',
  goals: [],
  contestants: contestants({ app: 'json', exchange: JSON_ORDER, connections: 64 }),
};

export const churn: Scenario = {
  ...common,
  name: 'churn',
  title: 'A connection for each request',
  about: 'GET of 13 bytes with `Connection: close`, 64 connections at a time.',
  goals: [],
  contestants: contestants({ app: 'hello', exchange: closing(HELLO), connections: 64 }).map(
    (one) => ({
      ...one,
      // wrk counts the end of a connection as an error when it comes with the answer.
      round: (context) => one.round({ ...context, load: rawGenerator }),
    }),
  ),
};
