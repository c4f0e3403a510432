/** The HTTP servers under load as fast as they answer: small and pipelined, with and without a body, large, checked. */

import { BROWSER, closing, ECHO, HELLO, JSON_ORDER, LARGE, VARIED } from '../load/exchanges.ts';
import { rawGenerator } from '../load/raw.ts';
import { ownGenerator } from '../load/node-generator.ts';
import { epoll, httpServers, tlsServers } from '../servers/peers.ts';
import { serverContestant, type ServerLoad } from './http-server.ts';
import type { Contestant, Scenario } from './scenario.ts';

function contestants(what: ServerLoad): readonly Contestant[] {
  return httpServers.map((peer) => serverContestant(peer, what));
}

function overTls(what: ServerLoad): readonly Contestant[] {
  return tlsServers.map((peer) => serverContestant(peer, { ...what, tls: true }));
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
    { against: 'node:http', detail: 'µs of server', ratio: 0.45 },
    { against: 'fastify', detail: 'µs of server', ratio: 0.42 },
    { against: 'Bun.serve', detail: 'µs of server', ratio: 1 },
    { against: 'Deno.serve', detail: 'µs of server', ratio: 1 },
    { against: 'C epoll', detail: 'µs of server', ratio: 1.43 },
  ],
  bound:
    'Half of the busy time is the `write` of each answer, which a server in C pays too; Node’s own JavaScript is some percent of it, since accepted connections work on libuv’s handles, and llhttp is none of it, since these clients repeat their heads. Some four tenths are left to awaitio, the garbage collector included: if they cost nothing, the server would be 1.7 times as fast as it is. The profile, and what was tried, is in [docs/performance.md](../../docs/performance.md).',
  contestants: withEpoll({ app: 'echo', exchange: ECHO, connections: 64 }),
};

export const varied: Scenario = {
  ...common,
  name: 'varied',
  title: 'HTTP echo, every head another',
  about:
    'HTTP echo with another id in each head, so that no request begins as the one before it on its connection. In the other scenarios a client that keeps its connection repeats its head, which awaitio then does not parse again.',
  goals: [
    { against: 'node:http', detail: 'µs of server', ratio: 0.5 },
    { against: 'Bun.serve', detail: 'µs of server', ratio: 1 },
    { against: 'Deno.serve', detail: 'µs of server', ratio: 1 },
    { against: 'C epoll', detail: 'µs of server', ratio: 1.18 },
  ],
  bound:
    'Half of the busy time is the `write` of each answer, which a server in C pays too. Of the rest a quarter is parsing: llhttp, its callbacks and the rules above it.',
  contestants: withEpoll({ app: 'echo', exchange: VARIED, connections: 64 }),
};

export const browser: Scenario = {
  ...common,
  name: 'browser',
  title: 'GET of a browser',
  about:
    '`Hello, World!` as text, asked for with the 16 fields of a browser on a desktop, another cookie in each head, 64 keep-alive connections.',
  goals: [{ against: 'node:http', detail: 'µs of server', ratio: 0.6 }],
  contestants: withEpoll({ app: 'hello', exchange: BROWSER, connections: 64 }),
};

export const pipelined: Scenario = {
  ...common,
  name: 'pipelined',
  title: 'HTTP echo, pipelined by 16',
  about: 'HTTP echo with 16 requests in one piece.',
  goals: [
    { against: 'node:http', detail: 'µs of server', ratio: 0.167 },
    { against: 'Bun.serve', detail: 'µs of server', ratio: 0.333 },
    { against: 'Deno.serve', detail: 'µs of server', ratio: 0.333 },
  ],
  bound:
    'Sixteen requests share their system calls, so that most of the busy time is JavaScript, spread over many functions: none has more than a few percent. Reading heads in place, one step for an answer and state machines on numbers took a quarter off, writing without Node’s streams another seventh, not parsing a head that repeats four tenths of the rest; [docs/performance.md](../../docs/performance.md) has what was tried besides.',
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
  goals: [
    { against: 'node:http', detail: 'µs of server', ratio: 0.77 },
    { against: 'Bun.serve', detail: 'µs of server', ratio: 1 },
  ],
  bound:
    'The kernel’s copies, there and back, and one of ours out of the buffer that all sockets are read into. Answering in one write, reading in one and using the memory of pieces again took half off; what is left depends on how long the process has run, since more of this server than of node:http has to be compiled first.',
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

export const tls: Scenario = {
  ...common,
  name: 'tls',
  title: 'HTTPS echo, every head another',
  about: 'As `varied`, over TLS 1.3 with AES-128-GCM or AES-256-GCM, as the server prefers.',
  goals: [
    { against: 'node:https', detail: 'µs of server', ratio: 0.625 },
    { against: 'Bun.serve', detail: 'µs of server', ratio: 1.25 },
    { against: 'Deno.serve', detail: 'µs of server', ratio: 1.25 },
  ],
  contestants: overTls({ app: 'echo', exchange: VARIED, connections: 64 }),
};

export const tlsHandshake: Scenario = {
  ...common,
  name: 'tls-handshake',
  title: 'A connection over TLS for each request',
  about:
    'GET of 13 bytes with `Connection: close`, 64 connections at a time, each with a full handshake (P-256). The load is the bench’s own, and is the limit of the rate: read the processor time.',
  goals: [{ against: 'node:https', detail: 'µs of server', ratio: 1 }],
  bound:
    'Node performs the handshake here as in node:https, with a `TLSSocket` over a `net.Socket`. awaitio’s stream below TLS and the one above it, its deadlines and the wait for the client’s FIN come on top. A handle of TLS without those sockets needs a dozen undocumented callbacks ([decision 0018](../../docs/decisions/0018-tls-on-the-handle.md)).',
  contestants: overTls({
    app: 'hello',
    exchange: closing(HELLO),
    connections: 64,
    generator: ownGenerator,
  }),
};

export const churn: Scenario = {
  ...common,
  name: 'churn',
  title: 'A connection for each request',
  about: 'GET of 13 bytes with `Connection: close`, 64 connections at a time.',
  goals: [
    { against: 'node:http', detail: 'µs of server', ratio: 0.83 },
    { against: 'Deno.serve', detail: 'µs of server', ratio: 1.11 },
  ],
  bound:
    'libuv accepts one connection in a turn of its loop, so that each request pays for a turn, which a server in C, Bun and Deno share. And awaitio waits for the client’s FIN, which is one more event and two system calls, so that no late byte of a client resets its answer away.',
  contestants: contestants({
    app: 'hello',
    exchange: closing(HELLO),
    connections: 64,
    // wrk counts the end of a connection as an error when it comes with the answer.
    generator: rawGenerator,
  }),
};
