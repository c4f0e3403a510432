/** The load generator in C, where there is a compiler: for raw protocols, a connection a request, bursts, and fast machines. */

import { Child } from '../process/child.ts';
import { nativeProgram, noNative } from '../process/native.ts';
import { requestFile } from '../process/scratch.ts';
import { answerLength } from './answer-length.ts';
import { batchesOf } from './batches.ts';
import type { Load, LoadGenerator } from './load.ts';
import { measured } from './measured.ts';
import { isClosing } from './exchanges.ts';
import { ownGenerator } from './node-generator.ts';

/** Why it is not there, if so. */
export const noRawGenerator: string | undefined = noNative;

const nativeGenerator: LoadGenerator = {
  name: "the bench's own, in C",
  async run(load) {
    if (load.tls === true || load.rate !== undefined) return ownGenerator.run(load);
    const { exchange, pipeline } = load;
    const batches = batchesOf(exchange, pipeline);
    const options = [
      `variants=${batches.length}`,
      `pipeline=${pipeline}`,
      ...(exchange.opening === undefined ? [] : [`opening=${requestFile(exchange.opening)}`]),
      ...(load.count === undefined ? [] : [`count=${load.count}`]),
      ...(load.burst === undefined ? [] : [`burst=${load.burst}`]),
    ];
    await using child = new Child(
      [
        nativeProgram('raw-load'),
        String(load.port),
        String(load.connections),
        requestFile(Buffer.concat(batches)),
        String(await lengthOfAnswers(load, batches[0] as Buffer)),
        String(Math.round(load.warmup * 1_000)),
        String(Math.round(load.seconds * 1_000)),
        ...options,
      ],
      { core: 1 },
    );
    const result = await measured(child, load);
    // It takes a batch's time for each of its requests.
    return pipeline === 1 ? result : { ...result, p50: NaN, p99: NaN };
  },
};

/** All that the answers to a batch come to; 0 where they end with the connection. */
async function lengthOfAnswers({ port, exchange, pipeline }: Load, batch: Buffer): Promise<number> {
  if (isClosing(exchange)) return 0;
  if (exchange.protocol === 'raw') return exchange.answer.length * pipeline;
  return answerLength(port, batch, pipeline);
}

export const rawGenerator: LoadGenerator = noNative === undefined ? nativeGenerator : ownGenerator;
