/**
 * Checks that a seed means the same on every Node: runs 300 seeds under each version and compares the hashes.
 *
 *   node scripts/nightly/hash-across-nodes.mjs [version…]        default: 20 22 24 26, fetched with npx
 *
 * The build must be fresh.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SEEDS = 300;
const VERSIONS = ['20', '22', '24', '26'];
const LIMIT_MS = 300_000;

/** Prints one line: the version, and every hash. */
async function print() {
  const { simulate, echoProtocol, FAULTS, DEADLINE } = await import('../lib/simulated-echo.mjs');
  const hashes = [];
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const run = await simulate({ seed, faults: FAULTS, deadline: DEADLINE }, echoProtocol);
    hashes.push(run.hash);
  }
  console.log(JSON.stringify({ version: process.version, hashes }));
}

function ask(version) {
  const self = fileURLToPath(import.meta.url);
  const args = ['-y', '-p', `node@${version}`, 'node', self, '--print'];
  const options = { encoding: 'utf8', timeout: LIMIT_MS, stdio: ['ignore', 'pipe', 'inherit'] };
  return JSON.parse(execFileSync('npx', args, options));
}

function compare(versions) {
  const answers = versions.map(ask);
  const [first] = answers;
  for (const { version, hashes } of answers) {
    const differs = hashes.findIndex((hash, at) => hash !== first.hashes[at]);
    if (differs === -1) {
      console.log(`${version}: ${SEEDS} seeds, the same hashes (the last is ${hashes.at(-1)})`);
    } else {
      console.error(
        `${version}: seed ${differs + 1} gives ${hashes[differs]}, ${first.version} gives ${first.hashes[differs]}`,
      );
      process.exitCode = 1;
    }
  }
}

if (process.argv.includes('--print')) await print();
else compare(process.argv.length > 2 ? process.argv.slice(2) : VERSIONS);
