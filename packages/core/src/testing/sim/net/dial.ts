/** How a socket finds its peer: by name, by address, or by the `lookup` that it is given. */

import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimStream } from '../wire/stream.ts';
import { isPath, type ConnectOptions } from './arguments.ts';
import { systemError } from './errors.ts';
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
 * Asks the `lookup` of the program, if there is one, for a name that is none of the network: in the call that connects, as Node does.
 *
 * @throws what `lookup` throws
 */
export function beginLookup(
  place: Home,
  { host = 'localhost', lookup, path }: ConnectOptions,
): Promise<readonly string[]> | undefined {
  if (isPath(path) || typeof lookup !== 'function' || place.isKnown(host)) return undefined;
  let resolve!: (addresses: readonly string[]) => void;
  let reject!: (error: unknown) => void;
  // What `lookup` throws is thrown here: it is not called in this function.
  const found = new Promise<readonly string[]>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  // It is awaited later.
  found.catch(() => {});
  lookup(host, { family: undefined, hints: 0, all: true }, (error, addresses) => {
    if (error !== null && error !== undefined) reject(error);
    else if (!Array.isArray(addresses)) resolve([String(addresses)]);
    else resolve((addresses as { readonly address: string }[]).map(({ address }) => address));
  });
  return found;
}

/**
 * Connects.
 *
 * @param looked - What the program's own lookup finds.
 * @param onTarget - Receives the address before the attempt.
 */
export async function dial(
  place: Home,
  options: ConnectOptions,
  looked: Promise<readonly string[]> | undefined,
  signal: AbortSignal,
  onTarget: (target: Target) => void,
): Promise<SimStream | SimUnixStream> {
  const { path } = options;
  if (isPath(path)) {
    onTarget({ address: path, port: undefined, isName: false });
    return place.dialPath(path, signal);
  }
  const { host: hostname = 'localhost' } = options;
  const port = Number(options.port);
  if (port === 0) throw systemError('connect', 'ECONNREFUSED', { address: hostname, port });
  const isName = place.isKnown(hostname);
  const found = looked === undefined ? [hostname] : await looked;
  const [first = hostname] = found;
  onTarget({ address: place.addressOf(first), port, isName });
  return found.length > 1 ? place.dialAny(found, port, signal) : place.dial(first, port, signal);
}
