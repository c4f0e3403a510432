/** `pnpm bench`: installs the peers where that is needed, builds the bench, and runs it with the same arguments. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installApart } from './lib/install.mjs';
import { root, run, tool } from './lib/run.mjs';

await installApart('bench');
const { ok } = await run([tool('tsc'), '-b', 'bench']);
if (ok) {
  const main = join(root, 'bench/dist/main.js');
  const { status } = spawnSync(process.execPath, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} else process.exitCode = 1;
