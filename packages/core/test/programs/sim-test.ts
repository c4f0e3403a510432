/** Two tests for node:test, the first of which fails: run without a test runner's globals. */

import { simTest } from '../../src/testing/index.ts';
import { main as splitting } from '../support/splitting.ts';

const regressions = String(process.env['REGRESSIONS']);

simTest('splits', { seeds: 40, regressions }, splitting);

simTest('rests', { seeds: 5, regressions }, async (sim) => {
  await sim.clock.sleep(1_000);
});
