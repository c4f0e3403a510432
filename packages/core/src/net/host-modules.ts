/** Node's modules of sockets, as a simulated host has them. Here, so that what is simulated imports none of them. */

import type dns from 'node:dns';
import type net from 'node:net';
import type tls from 'node:tls';

/** `node:net`, `node:tls` and `node:dns` on the network of a simulated host. */
export interface HostModules {
  readonly net: typeof net;
  readonly tls: typeof tls;
  readonly dns: typeof dns;
}
