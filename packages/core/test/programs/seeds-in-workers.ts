/** Runs many seeds here and in two workers, and prints what came of each, as JSON. */

import { SeedsError, simulateSeeds, type SeedsOptions } from '../../src/testing/index.ts';

const module = new URL('../support/splitting.ts', import.meta.url);

async function outcome(options: Partial<SeedsOptions>): Promise<void> {
  try {
    await simulateSeeds({ count: 100, failures: 'all', ...options }, module);
  } catch (error) {
    if (!(error instanceof SeedsError)) throw error;
    const { groups, report } = error;
    const failures = groups.map(({ cause, count, seeds, error: { hash } }) => ({
      cause,
      count,
      seeds: seeds.toSorted((a, b) => a - b),
      hash,
    }));
    console.log(JSON.stringify({ failures, properties: report.properties, runs: report.runs }));
  }
}

await outcome({});
await outcome({ workers: 2 });
