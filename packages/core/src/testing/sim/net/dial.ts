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
  const found = typeof lookup === 'function' && !isName ? await find(lookup, hostname) : [hostname];
  const [first = hostname] = found;
  onTarget({ address: place.addressOf(first), port, isName });
  return found.length > 1 ? place.dialAny(found, port, signal) : place.dial(first, port, signal);
}

function find(
  lookup: NonNullable<ConnectOptions['lookup']>,
  host: string,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { family: undefined, hints: 0, all: true }, (error, found) => {
      if (error !== null && error !== undefined) reject(error);
      else if (!Array.isArray(found)) resolve([String(found)]);
      else resolve((found as { readonly address: string }[]).map(({ address }) => address));
    });
  });
}
