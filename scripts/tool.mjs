/**
 * Runs a command of `tools/` in the root of the repository, and installs `tools/` first where that is needed.
 *
 *   node scripts/tool.mjs oxlint --type-aware
 */
import { spawnSync } from 'node:child_process';
import { installApart } from './lib/install.mjs';
import { root, tool, toolEnvironment } from './lib/run.mjs';

const [name, ...args] = process.argv.slice(2);
if (name === undefined) throw new TypeError('tool.mjs: expected the name of a command of tools/');
await installApart('tools');
if (name === 'oxlint') await installApart('bench');
const { status } = spawnSync(tool(name), args, {
  cwd: root,
  stdio: 'inherit',
  env: toolEnvironment(),
});
process.exitCode = status ?? 1;
