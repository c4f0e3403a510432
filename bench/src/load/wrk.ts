/** wrk as the load generator: one thread, which is faster than any server it is pointed at here but the native ones. */

import { spawnSync } from 'node:child_process';
import { Child, program } from '../process/child.ts';
import { batchesOf } from './batches.ts';
import type { Load, LoadGenerator, LoadResult } from './load.ts';
import { ownGenerator } from './node-generator.ts';
import { requestFile } from '../process/scratch.ts';

export const hasWrk: boolean = spawnSync('wrk', ['-v'], { stdio: 'ignore' }).error === undefined;

/** How to get it, for those who have not. */
export const HOW_TO_GET_WRK =
  'wrk is not installed (Debian and Ubuntu: apt-get install wrk; macOS: brew install wrk)';

const SCRIPT = program('../load/wrk.lua');

export const wrkGenerator: LoadGenerator = {
  name: 'wrk',
  async run(load: Load): Promise<LoadResult> {
    // wrk speaks HTTP and has no constant rate.
    if (load.rate !== undefined || load.exchange.protocol === 'raw') return ownGenerator.run(load);
    if (load.warmup > 0) await run(load, load.warmup);
    load.onPhase?.('begin');
    const result = await run(load, load.seconds);
    load.onPhase?.('end');
    return result;
  },
};

/** What the script prints when wrk is done. */
interface Summary {
  readonly requests: number;
  readonly microseconds: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
}

async function run(load: Load, seconds: number): Promise<LoadResult> {
  // wrk counts time in whole seconds.
  const duration = `${Math.max(1, Math.round(seconds))}s`;
  // A slow answer is slow, and no error, within half a minute.
  const batches = batchesOf(load.exchange, load.pipeline);
  const settings = `-t 1 -c ${load.connections} -d ${duration} --timeout 30s`;
  await using child = new Child(
    [
      'wrk',
      ...settings.split(' '),
      '-s',
      SCRIPT,
      `${load.tls === true ? 'https' : 'http'}://127.0.0.1:${load.port}/`,
      '--',
      requestFile(Buffer.concat(batches)),
      String(batches.length),
    ],
    { core: 1 },
  );
  const output = await child.rest();
  const summary = JSON.parse(output.slice(output.lastIndexOf('\n') + 1)) as Summary;
  // wrk puts in latencies that it thinks it missed, and takes a batch's time for each of its requests.
  const isBatch = load.pipeline > 1;
  return {
    rate: (summary.requests / summary.microseconds) * 1e6,
    p50: isBatch ? NaN : summary.p50 / 1_000,
    p99: isBatch ? NaN : summary.p99 / 1_000,
    errors: summary.errors,
  };
}
