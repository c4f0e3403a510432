/** What web servers bring along, under load: a file, and JSON that is compressed for each request. */

import { FILE, GZIP_JSON } from '../load/exchanges.ts';
import { httpServers } from '../servers/peers.ts';
import { serverContestant, type ServerLoad } from './http-server.ts';
import type { Contestant, Scenario } from './scenario.ts';

const PEERS: ReadonlySet<string> = new Set(['awaitio', 'fastify', 'Bun.serve', 'Deno.serve']);

function contestants(what: ServerLoad): readonly Contestant[] {
  return httpServers
    .filter(({ name }) => PEERS.has(name))
    .map((peer) => serverContestant(peer, what));
}

const common = { unit: 'requests/s', better: 'more', ours: 'awaitio', goals: [] } as const;

export const file: Scenario = {
  ...common,
  name: 'file',
  title: 'A file of 10 KiB',
  about:
    '`staticFiles`, `@fastify/static`, `Bun.file` and `Deno.open`, 64 keep-alive connections. Only the first two have entity tags and conditions, and keep a request within their folder.',
  contestants: contestants({ app: 'file', exchange: FILE, connections: 64 }),
};

export const gzip: Scenario = {
  ...common,
  name: 'gzip',
  title: 'JSON of 10 KiB, compressed for each request',
  about:
    '`compress`, `@fastify/compress`, `Bun.gzipSync`, and `Deno.serve` with `automaticCompression`: gzip, each at its default level, 64 keep-alive connections. Node compresses in the threads of its pool, Bun in the one that serves.',
  contestants: contestants({ app: 'gzip', exchange: GZIP_JSON, connections: 64 }),
};
