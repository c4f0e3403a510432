/**
 * The modules of Node that are loaded when they are first used: TLS, with the cryptography it stands on, takes as long to
 * load as a third of this package, and a program that only listens needs none of them.
 *
 * They are asked for by `process.getBuiltinModule` and not by `import()`, because those who need them cannot wait: a
 * wrong key is thrown by the call that brought it.
 */

import type * as Dgram from 'node:dgram';
import type * as Dns from 'node:dns';
import type * as Tls from 'node:tls';

export function nodeTls(): typeof Tls {
  return process.getBuiltinModule('node:tls');
}

export function nodeDns(): typeof Dns {
  return process.getBuiltinModule('node:dns');
}

export function nodeDgram(): typeof Dgram {
  return process.getBuiltinModule('node:dgram');
}
