import { describe, expect, test } from '@jest/globals';
import { simulate, simulateSeeds } from '../../src/testing/index.ts';
import { echoProtocol, FAULTS } from '../support/echo-protocol.ts';

/** A million run every night: scripts/nightly/nightly-simulation.mjs. */
const SEEDS = 10_000;

describe('an echo protocol under every fault', () => {
  test(`keeps every promise for ${SEEDS} seeds, without opening a port`, async () => {
    const report = await simulateSeeds(
      { from: 1, count: SEEDS, faults: FAULTS, deadline: 120_000 },
      echoProtocol,
    );
    expect(report.runs).toBe(SEEDS);
    expect(report.virtualTime).toBeGreaterThan(SEEDS * 100);
  }, 120_000);

  test('meets every fault among the first thousand seeds', async () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= 1_000; seed += 1) {
      const { trace } = await simulate({ seed, faults: FAULTS, deadline: 120_000 }, echoProtocol);
      for (const { event, subject } of trace) {
        const what = event === 'log' ? subject : event;
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    }
    for (const what of ['reset!', 'silence', 'partition!', 'heal!', 'crash', 'restart', 'failed']) {
      expect([what, (seen.get(what) ?? 0) > 5]).toEqual([what, true]);
    }
    expect(seen.get('returned')).toBeGreaterThan(1_000);
  });
});
