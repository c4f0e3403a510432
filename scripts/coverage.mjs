/**
 * The coverage gate: the protocol's machines are tables and branches, so every branch of theirs is taken by a test.
 *
 * Elsewhere coverage is a trend and no gate. What is measured, by which tests and how much of it is in
 * scripts/coverage.config.json. Istanbul counts (Jest's default provider): it sees each arm of a `?:` and of a `??`, which
 * V8's own block coverage does not.
 */
import { readFileSync } from 'node:fs';
import { jest, run } from './lib/run.mjs';

const config = JSON.parse(readFileSync(new URL('coverage.config.json', import.meta.url), 'utf8'));

const { ok } = await run([
  process.execPath,
  ...jest(
    `--selectProjects=${config.project}`,
    '--coverage',
    '--coverageReporters=text',
    `--coverageThreshold=${JSON.stringify({ global: config.threshold })}`,
    ...config.sources.map((glob) => `--collectCoverageFrom=${glob}`),
    '--silent',
    '--testPathPatterns',
    ...config.tests,
  ),
]);
process.exitCode = ok ? 0 : 1;
