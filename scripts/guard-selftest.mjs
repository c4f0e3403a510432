/**
 * Proves that the guard of scripts/jest-environment.mjs bites: runs every file of scripts/guard-fixtures under the real
 * Jest set-up and compares each verdict with the file's own comment, "Expected to fail with: …" or "Expected to pass".
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = join(root, 'scripts/guard-fixtures');
const config = {
  rootDir: fixtures,
  testEnvironment: join(root, 'scripts/jest-environment.mjs'),
  // The fixtures never close what they open: no need to wait for it.
  testEnvironmentOptions: { leakTimeout: 200 },
  setupFilesAfterEnv: [join(root, 'scripts/jest-setup.mjs')],
  testMatch: ['**/*.fixture.mjs'],
  transform: {},
  maxWorkers: 2,
};

const scratch = mkdtempSync(join(tmpdir(), 'awaitio-guard-'));
const report = join(scratch, 'report.json');
const run = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    `--config=${JSON.stringify(config)}`,
    // What is left open on purpose must not keep this run from ending.
    '--forceExit',
    '--json',
    `--outputFile=${report}`,
  ],
  { cwd: root, encoding: 'utf8', timeout: 120_000 },
);

let results;
try {
  results = JSON.parse(readFileSync(report, 'utf8')).testResults;
} catch {
  console.error(`The run of the fixtures gave no report (status ${run.status}):\n${run.stderr}`);
  process.exit(1);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

const complaints = [];
const files = readdirSync(fixtures).filter((name) => name.endsWith('.fixture.mjs'));
for (const file of files) {
  const source = readFileSync(join(fixtures, file), 'utf8');
  const platform = /Only on (\w+)/.exec(source)?.[1];
  if (platform !== undefined && platform !== process.platform) continue;
  const expected = /Expected to (?:fail with: (.*)|pass)/.exec(source);
  const result = results.find(({ name }) => basename(name) === file);
  if (expected === null) complaints.push(`${file} does not say what is expected of it`);
  else if (result === undefined) complaints.push(`${file} was not run`);
  else if (expected[1] === undefined) {
    if (result.status !== 'passed') complaints.push(`${file} should pass:\n${result.message}`);
  } else if (result.status !== 'failed') {
    complaints.push(`${file} should fail with "${expected[1]}", and passed`);
  } else if (!result.message.includes(expected[1])) {
    complaints.push(`${file} failed without "${expected[1]}":\n${result.message}`);
  }
}
if (run.status === 0) complaints.push('the run as a whole ended with status 0');

for (const complaint of complaints) console.error(`guard: ${complaint}`);
console.log(`guard: ${files.length} fixtures, ${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;
