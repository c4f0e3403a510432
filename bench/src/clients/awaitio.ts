/** awaitio's client. */

import { HttpClient } from '@awaitio/http';
import { CONCURRENCY, origin, run } from './run.ts';

const client = new HttpClient({ maxConnectionsPerOrigin: CONCURRENCY });
await run(async () => (await client.get(origin)).text());
