/** How a socket finds its peer: by name, by address, or by the `lookup` that it is given. */

import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimStream } from '../wire/stream.ts';
import { isPath, type ConnectOptions } from './arguments.ts';
import type { Home } from './home.ts';

/** What a socket connects to. */
export interface Target {
  readonly address: string;
  /** `undefined` for a path. */
  readonly port: number | undefined;
  /** Whether its host is one of the network. */
  readonly isName: boolean;
}

/**
 * Connects.
 *
 * @param onTarget - Receives the address before the attempt.
 */
export async function dial(
  place: Home,
  options: ConnectOptions,
  signal: AbortSignal,
  onTarget: (target: Target) => void,
): Promise<SimStream | SimUnixStream> {
  const { path } = options;
  if (isPath(path)) {
    onTarget({ address: path, port: undefined, isName: false });
    return place.dialPath(path, signal);
  }
  const { host: hostname = 'localhost', lookup } = options;
  const port = Number(options.port);
  const isName = place.isKnown(hostname);
  const host = typeof lookup === 'function' && !isName ? await find(lookup, hostname) : hostname;
  onTarget({ address: place.addressOf(host), port, isName });
  return place.dial(host, port, signal);
}

function find(lookup: NonNullable<ConnectOptions['lookup']>, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    lookup(host, { family: undefined, hints: 0, all: true }, (error, found) => {
      const [first] = Array.isArray(found) ? (found as { readonly address: string }[]) : [];
      if (error !== null && error !== undefined) reject(error);
      else resolve(first?.address ?? String(found));
    });
  });
}
