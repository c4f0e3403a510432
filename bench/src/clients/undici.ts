/** undici's fastest form that gives a body: `request` on an Agent. */

import { Agent, request } from 'undici';
import { CONCURRENCY, origin, run } from './run.ts';

const dispatcher = new Agent({ connections: CONCURRENCY });
await run(async () => (await request(origin, { dispatcher })).body.text());
