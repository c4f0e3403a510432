/** The bench's own load generator, run as a process on the core that the server does not have. */

import { Child, program } from '../process/child.ts';
import { batchesOf } from './batches.ts';
import { isClosing } from './exchanges.ts';
import { requestFile } from '../process/scratch.ts';
import type { GeneratorInput } from './generator.ts';
import type { Load, LoadGenerator, LoadResult } from './load.ts';
import { measured } from './measured.ts';

export const ownGenerator: LoadGenerator = {
  name: "the bench's own",
  async run(load: Load): Promise<LoadResult> {
    const { exchange } = load;
    const batches = batchesOf(exchange, load.pipeline);
    const input: GeneratorInput = {
      port: load.port,
      tls: load.tls === true,
      protocol: exchange.protocol,
      file: requestFile(Buffer.concat(batches)),
      batches: batches.length,
      answerLength: exchange.answer.length,
      opening: exchange.opening && requestFile(exchange.opening),
      connections: load.connections,
      pipeline: load.pipeline,
      seconds: load.seconds,
      warmup: load.warmup,
      rate: load.rate,
      reconnect: isClosing(exchange),
    };
    await using child = new Child(
      [process.execPath, program('load/generator.js'), JSON.stringify(input)],
      { core: 1 },
    );
    const result = await measured(child, load);
    // JSON has no `NaN`, which both are where nothing was answered.
    const { p50, p99 } = result as { readonly [Name in keyof LoadResult]: number | null };
    return { ...result, p50: p50 ?? NaN, p99: p99 ?? NaN };
  },
};
