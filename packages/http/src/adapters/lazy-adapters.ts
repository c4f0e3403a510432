/** The adapters, for servers: most need neither, so each is loaded on first use. */

import { lazy, type Lazy } from '@awaitio/core/lowlevel';

/** For applications with a `fetch` method. */
export const fetchAdapter: Lazy<typeof import('./fetch-handler.ts')> = lazy(
  () => import('./fetch-handler.ts'),
);

/** For `server.fetch`. */
export const memoryFetch: Lazy<typeof import('./memory-fetch.ts')> = lazy(
  () => import('./memory-fetch.ts'),
);
