/** Who takes part as an HTTP server, and how each is started. */

import { BASELINE, baselineProgram } from '../process/baseline.ts';
import { noCertificate } from '../process/certificate.ts';
import { program } from '../process/child.ts';
import { nativeProgram, noNative } from '../process/native.ts';
import { bun, deno } from '../process/runtimes.ts';

export interface Peer {
  readonly name: string;
  /** Why it cannot take part on this machine, if so. */
  readonly missing?: string | undefined;
  /** The command line that starts one of its servers. */
  command(app: string): readonly string[];
}

function onNode(name: string, file: string): Peer {
  return { name, command: (app) => [process.execPath, program(`servers/${file}.js`), app] };
}

export const awaitio: Peer = onNode('awaitio', 'awaitio');
export const nodeHttp: Peer = onNode('node:http', 'node-http');

export const bunServe: Peer = {
  name: 'Bun.serve',
  missing: bun === undefined ? 'no bun binary in node_modules or on the PATH' : undefined,
  command: (app) => [bun?.path ?? 'bun', program('servers/bun.js'), app],
};

export const denoServe: Peer = {
  name: 'Deno.serve',
  missing: deno === undefined ? 'no deno binary in node_modules or on the PATH' : undefined,
  command: (app) => denoCommand('servers/deno.js', app),
};

export function denoCommand(path: string, ...args: readonly string[]): readonly string[] {
  return [deno?.path ?? 'deno', 'run', '--allow-all', '--quiet', program(path), ...args];
}

export const epoll: Peer = {
  name: 'C epoll',
  missing: noNative,
  command: (app) => [nativeProgram('epoll-server'), app],
};

const baselines = baselineProgram('servers/awaitio.js').map((path): Peer => ({
  name: BASELINE,
  command: (app) => [process.execPath, path, app],
}));

/** Those that are compared where the servers speak TLS. */
export const tlsServers: readonly Peer[] = [
  awaitio,
  ...baselines,
  { ...nodeHttp, name: 'node:https' },
  bunServe,
  denoServe,
].map((peer) => ({ ...peer, missing: peer.missing ?? noCertificate }));

/** The servers that are whole ones, ours first. */
export const httpServers: readonly Peer[] = [
  awaitio,
  ...baselines,
  nodeHttp,
  onNode('fastify', 'fastify'),
  onNode('hono', 'hono'),
  onNode('express', 'express'),
  bunServe,
  denoServe,
];
