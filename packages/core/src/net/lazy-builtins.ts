/**
 * Node's modules that are loaded on first use. TLS, with the cryptography under it, takes a third as long to load as this
 * whole package, and a program that only listens needs none of them.
 *
 * They are loaded with `process.getBuiltinModule` and not with `import()`, because their users are synchronous: the call
 * that passes a wrong key must throw the error itself.
 */

import type { Cluster } from 'node:cluster';
import type * as Dgram from 'node:dgram';
import type * as Dns from 'node:dns';
import type * as Tls from 'node:tls';

export function nodeCluster(): Pick<Cluster, 'isWorker'> {
  const loaded: unknown = process.getBuiltinModule('node:cluster');
  return loaded as Cluster;
}

export function nodeTls(): typeof Tls {
  return process.getBuiltinModule('node:tls');
}

export function nodeDns(): typeof Dns {
  return process.getBuiltinModule('node:dns');
}

export function nodeDgram(): typeof Dgram {
  return process.getBuiltinModule('node:dgram');
}
