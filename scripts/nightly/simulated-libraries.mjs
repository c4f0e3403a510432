/**
 * Libraries of others in a simulation, unchanged: undici, ws, ioredis, redis, pg, fastify, Hono on @hono/node-server, express, and
 * Node's own http, https, tls and dns. Each runs 100 seeds on a network that splits and slows, each seed twice: both runs must be equal.
 * Those that are `faulty` run on a network that breaks, with hosts that crash: each request is answered, or fails with an error of its library.
 *
 *   node scripts/nightly/simulated-libraries.mjs [--folder FOLDER] [--only NAME] [--seeds 100]
 *
 * Installs the libraries with npm, into a temporary folder unless `--folder` names one, which is kept. Needs a build (`pnpm build`).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
// First: what the libraries import by name or keep is then of the simulation.
import { simulateSeeds } from '../../packages/core/dist/testing/index.js';
import { FAULTS, faultyProgramsOf } from './simulated-libraries/faulty-programs.mjs';
import { programsOf } from './simulated-libraries/programs.mjs';

const LIBRARIES = [
  'undici',
  'ws',
  'ioredis',
  'redis',
  'pg',
  'fastify',
  'hono',
  '@hono/node-server',
  'express',
];

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    only: { type: 'string' },
    seeds: { type: 'string', default: '100' },
  },
});
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'awaitio-simulated-'));
mkdirSync(folder, { recursive: true });
if (!existsSync(join(folder, 'node_modules', 'fastify'))) {
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const npm = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...LIBRARIES];
  const installed = spawnSync('npm', npm, { cwd: folder, encoding: 'utf8' });
  if (installed.status !== 0) throw new Error(`npm install failed:\n${installed.stderr}`);
}
writeFileSync(join(folder, 'load.mjs'), 'export const load = (name) => import(name);\n');
const { load } = await import(pathToFileURL(join(folder, 'load.mjs')).href);
const calm = await programsOf(load);
const faulty = await faultyProgramsOf(load);
const programs = { ...calm, ...faulty };

let failed = 0;
for (const [name, program] of Object.entries(programs)) {
  if (values.only !== undefined && values.only !== name) continue;
  const options = {
    count: Number(values.seeds),
    checkDeterminism: 1,
    order: 'seed',
    ...(name in faulty
      ? { faults: FAULTS, deadline: 3_600_000 }
      : { faults: { split: 0.5, slowReader: 0.3 } }),
  };
  try {
    const { runs, virtualTime } = await simulateSeeds(options, program);
    console.log(`${name}: ${runs} seeds, ${(virtualTime / 1_000).toFixed(0)} s of virtual time`);
  } catch (error) {
    failed += 1;
    console.log(`${name}: ${error.message}`);
  }
}
if (values.folder === undefined) rmSync(folder, { recursive: true });
process.exit(failed === 0 ? 0 : 1);
