/**
 * The coverage gate: the protocol's machines are tables and branches, so every branch of theirs is taken by a test.
 *
 * Elsewhere coverage is a trend and no gate. What is measured, by which tests and how much of it is in
 * scripts/coverage.config.json. Istanbul counts (Jest's default provider): it sees each arm of a `?:` and of a `??`, which
 * V8's own block coverage does not.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest, run } from './lib/run.mjs';

const config = JSON.parse(readFileSync(new URL('coverage.config.json', import.meta.url), 'utf8'));

const scratch = mkdtempSync(join(tmpdir(), 'awaitio-coverage-'));
const { ok } = await run([
  process.execPath,
  ...jest(
    `--selectProjects=${config.project}`,
    '--coverage',
    '--coverageReporters=text',
    '--coverageReporters=json-summary',
    `--coverageDirectory=${scratch}`,
    `--coverageThreshold=${JSON.stringify({ global: config.threshold })}`,
    ...config.sources.map((glob) => `--collectCoverageFrom=${glob}`),
    '--silent',
    '--testPathPatterns',
    ...config.tests,
  ),
]);
const summary = join(scratch, 'coverage-summary.json');
const { total, ...files } = existsSync(summary)
  ? JSON.parse(readFileSync(summary, 'utf8'))
  : { total: { branches: { covered: 0, total: 0 } } };
rmSync(scratch, { recursive: true, force: true });

// Globs that match nothing would pass every threshold.
const measured = Object.keys(files).length;
if (measured < config.filesAtLeast) {
  console.error(`coverage: ${measured} files measured, at least ${config.filesAtLeast} expected`);
}
console.log(`coverage: ${total.branches.covered} of ${total.branches.total} branches taken`);
process.exitCode = ok && measured >= config.filesAtLeast ? 0 : 1;
