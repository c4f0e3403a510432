/** The load generator for raw protocols and for a connection a request, in C where there is a compiler. */

import { Child } from '../process/child.ts';
import { nativeProgram, noNative } from '../process/native.ts';
import { requestFile } from '../process/scratch.ts';
import type { LoadGenerator, LoadResult } from './load.ts';
import { isClosing } from './exchanges.ts';
import { ownGenerator } from './node-generator.ts';

const nativeGenerator: LoadGenerator = {
  name: "the bench's own, in C",
  async run(load) {
    const { exchange } = load;
    // The C program sends one request again and again.
    if (exchange.variants !== undefined) return ownGenerator.run(load);
    await using child = new Child(
      [
        nativeProgram('raw-load'),
        String(load.port),
        String(load.connections),
        requestFile(exchange.request),
        String(isClosing(exchange) ? 0 : exchange.answer.length),
        String(Math.round(load.warmup * 1_000)),
        String(Math.round(load.seconds * 1_000)),
        ...(exchange.opening === undefined ? [] : [requestFile(exchange.opening)]),
      ],
      { core: 1 },
    );
    for (const phase of ['begin', 'end'] as const) {
      const line = await child.line();
      if (line !== phase) throw new Error(`expected the generator to say ${phase}, got ${line}`);
      load.onPhase?.(phase);
    }
    return await child.json<LoadResult>();
  },
};

export const rawGenerator: LoadGenerator = noNative === undefined ? nativeGenerator : ownGenerator;
