/** The adapters, for servers: many need none of them, so each is loaded on first use. */

import { memoryPair, type ByteStream, type Clock } from '@awaitio/core';
import { invalidInput, lazy, type Lazy } from '@awaitio/core/lowlevel';
import type { Handler } from '../message/handler.ts';
import type { FetchApplication, fetchHandler, receivedRequestClass } from './fetch-handler.ts';
import type { MemoryFetch } from './memory-fetch.ts';

/** For applications with a `fetch` method. */
export const fetchAdapter: Lazy<{
  readonly fetchHandler: typeof fetchHandler;
  readonly receivedRequestClass: typeof receivedRequestClass;
}> = lazy(() => import('./fetch-handler.ts'));

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

/**
 * What a server is given, as a handler.
 *
 * @throws `InvalidInputError`; `Error` where Node cannot load what an application needs of its `fetch`
 */
export async function handlerOf(handler: Handler | FetchApplication): Promise<Handler> {
  if (typeof handler === 'function') return handler;
  if (typeof (handler as FetchApplication | null | undefined)?.fetch !== 'function') {
    throw invalidInput('serve', 'handler', 'a function, or an object with a method fetch', handler);
  }
  const { fetchHandler, receivedRequestClass } = fetchAdapter.value ?? (await fetchAdapter.load());
  receivedRequestClass('serve');
  return fetchHandler(handler);
}
