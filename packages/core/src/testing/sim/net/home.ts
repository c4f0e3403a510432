/** The host of a socket, as the socket sees it. */

import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimStream } from '../wire/stream.ts';

interface Destroyable {
  destroy(): unknown;
}

export interface Home {
  /** Runs a body on this host. */
  enter<T>(body: () => T): T;
  /** Whether a host is there, by its name or its address. */
  isKnown(host: string): boolean;
  addressOf(host: string): string;
  dial(host: string, port: number, signal: AbortSignal): Promise<SimStream>;
  dialAny(addresses: readonly string[], port: number, signal: AbortSignal): Promise<SimStream>;
  /** Connects to a Unix socket of this host. */
  dialPath(path: string, signal: AbortSignal): Promise<SimUnixStream>;
  add(socket: Destroyable): void;
  remove(socket: Destroyable): void;
}
