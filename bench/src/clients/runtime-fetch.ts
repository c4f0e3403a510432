/** Node's own `fetch`. */

import { origin, run } from './run.ts';

await run(async () => (await fetch(origin)).text());
