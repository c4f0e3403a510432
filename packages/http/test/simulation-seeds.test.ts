import { describe, expect, test } from '@jest/globals';
import { simulate, simulateSeeds } from '@awaitio/core/testing';
import * as http from '../src/index.ts';
import { countFromEnvironment } from '../../core/test/support/environment.ts';
import { DEADLINE, FAULTS, LOSSLESS, requestProtocol } from './support/request-protocol.ts';

/** Ten thousand by `node scripts/nightly/nightly-simulation.mjs --program http --count 10000`, or with `AWAITIO_HTTP_SEEDS`. */
const SEEDS = countFromEnvironment('AWAITIO_HTTP_SEEDS', 3_000);

describe('a client against a server under every fault', () => {
  test(`keeps every promise for ${SEEDS} seeds, without opening a port`, async () => {
    const report = await simulateSeeds(
      { from: 1, count: SEEDS, faults: FAULTS, deadline: DEADLINE },
      requestProtocol(http),
    );
    expect(report.runs).toBe(SEEDS);
  }, 3_600_000);

  test(`is answered every time, for ${SEEDS / 5} seeds, where the network loses nothing`, async () => {
    const report = await simulateSeeds(
      { from: 1, count: SEEDS / 5, faults: LOSSLESS, latency: [1, 5], deadline: DEADLINE },
      requestProtocol(http, { isLossless: true }),
    );
    expect(report.runs).toBe(SEEDS / 5);
  }, 3_600_000);

  test('does the same again for the same seed', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const options = { seed, faults: FAULTS, deadline: DEADLINE };
      const first = await simulate(options, requestProtocol(http));
      const second = await simulate(options, requestProtocol(http));
      expect(second.hash).toBe(first.hash);
    }
  });

  test('meets every fault and every kind of request among the first seeds', async () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= 300; seed += 1) {
      const options = { seed, faults: FAULTS, deadline: DEADLINE };
      const { trace } = await simulate(options, requestProtocol(http));
      for (const { event, subject } of trace) {
        const what = event === 'log' ? subject : event;
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    }
    const kinds = ['text', 'pieces', 'collect', 'upload', 'echo', 'unread', 'expect', 'head'];
    const wanted = [
      ...kinds.flatMap((kind) => [`${kind} 200`, `${kind} failed`]),
      'pipelined',
      'pipeline failed',
      'reset!',
      'silence',
      'partition!',
      'heal!',
      'crash',
      'restart',
    ];
    expect(wanted.filter((what) => (seen.get(what) ?? 0) < 3)).toEqual([]);
  });
});
