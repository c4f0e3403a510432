/** Who takes part as an HTTP server, and how each is started. */

import { program } from '../process/child.ts';

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

/** All HTTP servers, ours first. */
export const httpServers: readonly Peer[] = [awaitio, nodeHttp];
