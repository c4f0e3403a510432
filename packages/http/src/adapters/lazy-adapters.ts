/** The adapters, for servers: many need none of them, so each is loaded on first use. */

import { memoryPair, type ByteStream, type Clock } from '@awaitio/core';
import { lazy, type Lazy } from '@awaitio/core/lowlevel';
import type { fetchHandler } from './fetch-handler.ts';
import type { MemoryFetch } from './memory-fetch.ts';

/** For applications with a `fetch` method. */
export const fetchAdapter: Lazy<{ readonly fetchHandler: typeof fetchHandler }> = lazy(
  () => import('./fetch-handler.ts'),
);

/** For `server.fetch`. */
export const memoryFetch: Lazy<{ readonly MemoryFetch: typeof MemoryFetch }> = lazy(
  () => import('./memory-fetch.ts'),
);

/**
 * Opens the client in memory of a server.
 *
 * @param serveStream - Serves one end of a pair of streams; what it throws fails the request that needs the connection.
 */
export async function openMemoryFetch(
  clock: Clock,
  serveStream: (stream: ByteStream) => void,
): Promise<MemoryFetch> {
  const { MemoryFetch } = memoryFetch.value ?? (await memoryFetch.load());
  const connect = (): ByteStream => {
    const [ours, theirs] = memoryPair({ clock });
    try {
      serveStream(theirs);
    } catch (error) {
      ours.reset();
      throw error;
    }
    return ours;
  };
  return new MemoryFetch(connect, clock);
}
