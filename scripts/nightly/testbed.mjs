/**
 * The test-bed of the simulation: five protocols of several hosts, each right under many seeds, and with each of its planted bugs found
 * within a thousand seeds, reduced to at most five decisions, and replayed with one hash on every line of Node.
 *
 *   node scripts/nightly/testbed.mjs [--seeds 10000] [--nodes 22,24,26]
 *
 * The other Nodes come with npx. Ten thousand seeds take about an hour.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../lib/run.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    nodes: { type: 'string', default: '22,24,26' },
  },
});
const FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const JEST = [...FLAGS, 'node_modules/jest/bin/jest.js', '--verbose'];
const folder = mkdtempSync(join(tmpdir(), 'awaitio-testbed-'));
const stories = join(folder, 'stories.jsonl');
try {
  const seeds = { AWAITIO_TESTBED_SEEDS: values.seeds, AWAITIO_TESTBED_STORIES: stories };
  run(process.execPath, JEST, seeds);
  const nodes = [process.versions.node];
  const others = values.nodes.split(',').filter((version) => version !== '');
  for (const version of others) {
    const isSame = run('npx', ['-y', '-p', `node@${version}`, 'node', ...JEST], {
      AWAITIO_TESTBED_REPLAY: stories,
    });
    if (isSame) nodes.push(version);
  }
  console.log(
    `| protocol | bug | found by seed | decisions | same hash on Node ${nodes.join(', ')} |`,
  );
  console.log('| --- | --- | ---: | ---: | --- |');
  for (const line of readFileSync(stories, 'utf8').trim().split('\n')) {
    const { protocol, bug, seed, decisions, hash } = JSON.parse(line);
    console.log(`| ${[protocol, bug, seed, decisions.length, hash].join(' | ')} |`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function run(command, args, variables) {
  const all = [...args, '--testPathPatterns', 'test/testbed/testbed'];
  const { status } = spawnSync(command, all, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...variables },
  });
  if (status === 0) return true;
  process.exitCode = 1;
  console.error(`${command} ${all.join(' ')} ended with ${status}`);
  return false;
}
