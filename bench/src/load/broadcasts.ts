/** The load generator of broadcasts: its program is run on the core that the server does not have. */

import { Child, program } from '../process/child.ts';
import type { LoadGenerator, LoadResult } from './load.ts';

export const broadcastGenerator: LoadGenerator = {
  name: "the bench's own, of broadcasts",
  async run({ port, connections, warmup, seconds, onPhase }) {
    const milliseconds = [warmup, seconds].map((each) => String(Math.round(each * 1_000)));
    await using child = new Child(
      [
        process.execPath,
        program('load/broadcast.js'),
        String(port),
        String(connections),
        ...milliseconds,
      ],
      { core: 1 },
    );
    for (const phase of ['begin', 'end'] as const) {
      const line = await child.line();
      if (line !== phase) throw new Error(`expected the generator to say ${phase}, got ${line}`);
      onPhase?.(phase);
    }
    return await child.json<LoadResult>();
  },
};
