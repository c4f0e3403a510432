/**
 * The loop of every client program: 64 requests under way at any time, each answer read and compared.
 *
 * Arguments: PORT WARMUP_S SECONDS. Prints "begin", "end" and a line of JSON, as load generators do.
 */

import { Histogram } from '../statistics.ts';
import type { LoadResult } from '../load/load.ts';

const [port = '', warmup = '', seconds = ''] = process.argv.slice(2);

/** What is asked. */
const isTls = process.env['BENCH_TLS_CERT'] !== undefined;
export const origin: string = `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`;
export const CONCURRENCY = 64;
const EXPECTED = 'Hello, World!';

const wait = (length: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, length * 1_000);
  });

/** @param get - Asks for the origin's root and gives the body as text. */
export async function run(get: () => Promise<string>): Promise<void> {
  const first = await get();
  if (first !== EXPECTED) throw new Error(`expected ${EXPECTED}, got ${first}`);
  const latencies = new Histogram();
  let answered = 0;
  let errors = 0;
  const state = { isOver: false };
  const worker = async (): Promise<void> => {
    while (!state.isOver) {
      const start = performance.now();
      if ((await get()) !== EXPECTED) errors += 1;
      answered += 1;
      latencies.add(Math.round((performance.now() - start) * 1_000));
    }
  };
  const workers = Array.from({ length: CONCURRENCY }, worker);
  await wait(Number(warmup));
  console.log('begin');
  latencies.clear();
  answered = 0;
  const start = performance.now();
  await wait(Number(seconds));
  const result: LoadResult = {
    rate: (answered / (performance.now() - start)) * 1_000,
    p50: latencies.percentile(0.5) / 1_000,
    p99: latencies.percentile(0.99) / 1_000,
    errors,
  };
  console.log('end');
  state.isOver = true;
  await Promise.all(workers);
  console.log(JSON.stringify(result));
  process.exit();
}
