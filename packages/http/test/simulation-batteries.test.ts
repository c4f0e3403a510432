/** Clients of every battery on a network that breaks: the invariants of `support/battery-protocol.ts` for many seeds. */

import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { simulate, simulateSeeds } from '@awaitio/core/testing';
import * as batteries from '../src/batteries/index.ts';
import * as http from '../src/index.ts';
import * as handlers from './support/battery-handlers.ts';
import { batteryProtocol } from './support/battery-protocol.ts';
import { countFromEnvironment } from '../../core/test/support/environment.ts';
import * as requests from './support/request-protocol.ts';

const { DEADLINE, FAULTS, LOSSLESS } = requests;
const PARTS = { http, batteries, requests, handlers, gunzipSync };

/** Ten thousand by `node scripts/nightly/nightly-simulation.mjs --program batteries --count 10000`, or with `AWAITIO_HTTP_SEEDS`. */
const SEEDS = countFromEnvironment('AWAITIO_HTTP_SEEDS', 300);

describe('clients of the batteries under every fault', () => {
  test(`keep every promise for ${SEEDS} seeds`, async () => {
    const report = await simulateSeeds(
      { from: 1, count: SEEDS, faults: FAULTS, deadline: DEADLINE },
      batteryProtocol(PARTS),
    );
    expect(report.runs).toBe(SEEDS);
  }, 3_600_000);

  test('are answered every time where the network loses nothing', async () => {
    const report = await simulateSeeds(
      { from: 1, count: SEEDS / 3, faults: LOSSLESS, latency: [1, 5], deadline: DEADLINE },
      batteryProtocol(PARTS, { isLossless: true }),
    );
    expect(report.runs).toBe(SEEDS / 3);
  }, 3_600_000);

  test('meet every battery, answered and failed, among the first seeds, and the same again for a seed', async () => {
    const seen = new Map<string, number>();
    const hashes: string[] = [];
    for (let seed = 1; seed <= 100; seed += 1) {
      const options = { seed, faults: FAULTS, deadline: DEADLINE };
      const { trace, hash } = await simulate(options, batteryProtocol(PARTS));
      hashes.push(hash);
      for (const { event, subject } of trace) {
        const what = event === 'log' ? subject : event;
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    }
    const kinds = ['form', 'pairs', 'events', 'cookie', 'secret', 'timed', 'packed', 'limited'];
    const wanted = [
      ...kinds.map((kind) => `${kind} 200`),
      'secret 401',
      'limited 429',
      'preflight 204',
      'form failed',
      'events failed',
      'reset!',
      'crash',
      'restart',
    ];
    expect(wanted.filter((what) => (seen.get(what) ?? 0) < 2)).toEqual([]);
    for (let seed = 1; seed <= 5; seed += 1) {
      const options = { seed, faults: FAULTS, deadline: DEADLINE };
      const { hash } = await simulate(options, batteryProtocol(PARTS));
      expect(hash).toBe(hashes[seed - 1]);
    }
  });
});
