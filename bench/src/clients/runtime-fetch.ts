/** The `fetch` of the runtime: Node, Bun or Deno. */

import { origin, run } from './run.ts';

await run(async () => (await fetch(origin)).text());
