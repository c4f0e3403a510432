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
import { immediate } from '../vocabulary/platform.ts';

export function nodeCluster(): Pick<Cluster, 'isWorker'> {
  const loaded: unknown = process.getBuiltinModule('node:cluster');
  return loaded as Cluster;
}

let tls: typeof Tls | undefined;

/**
 * The stream under a TLS socket takes `setImmediate` out of `node:timers` once, when this module loads. Where a test has
 * put a fake there, which the test advances by hand, no handshake would ever end: the real one is there meanwhile.
 */
export function nodeTls(): typeof Tls {
  if (tls !== undefined) return tls;
  const timers = process.getBuiltinModule('node:timers') as { setImmediate: unknown };
  const { setImmediate: present } = timers;
  if (present === immediate) {
    tls = process.getBuiltinModule('node:tls');
    return tls;
  }
  timers.setImmediate = immediate;
  try {
    tls = process.getBuiltinModule('node:tls');
  } finally {
    timers.setImmediate = present;
  }
  return tls;
}

export function nodeDns(): typeof Dns {
  return process.getBuiltinModule('node:dns');
}

export function nodeDgram(): typeof Dgram {
  return process.getBuiltinModule('node:dgram');
}
