/** The adapters, for servers: most need neither, so each is loaded on first use. */

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
