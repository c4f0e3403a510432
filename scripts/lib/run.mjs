/** Running other programs from the scripts of this folder. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where a command-line tool is: one of the workspace, else one of `tools/`, which is installed apart. */
export function tool(name) {
  const workspace = `${root}node_modules/.bin/${name}`;
  return existsSync(workspace) ? workspace : `${root}tools/node_modules/.bin/${name}`;
}

/** The environment in which tools find each other: oxlint its type-aware half. */
export const toolEnvironment = () => ({
  ...process.env,
  PATH: [`${root}tools/node_modules/.bin`, process.env['PATH']].join(delimiter),
});

/** The arguments of node for one Jest run over the workspace. */
export const jest = (...args) => [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  `${root}node_modules/jest/bin/jest.js`,
  ...args,
];

/** pnpm as it runs this script, or as the README says it is run. */
export function pnpm(...args) {
  const running = process.env['npm_execpath'];
  if (running !== undefined && /pnpm[^/\\]*$/.test(running) && existsSync(running)) {
    return [process.execPath, running, ...args];
  }
  return ['npx', '-y', 'pnpm@10', ...args];
}

/**
 * Runs a program to its end.
 *
 * @param {readonly string[]} command - The program and its arguments.
 * @param {{cwd?: string, timeout?: number, quiet?: boolean, env?: NodeJS.ProcessEnv}} [options] - `timeout` in milliseconds, default none; `quiet` collects the output without showing it.
 * @returns {Promise<{ok: boolean, output: string}>} Whether it ended with status 0, and all it printed.
 */
export function run(command, { cwd = root, timeout, quiet = false, env = toolEnvironment() } = {}) {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env,
      timeout,
      stdio: ['ignore', 'pipe', 'pipe'],
      // On Windows a command of node_modules/.bin is a script that only a shell starts.
      shell: process.platform === 'win32' && program !== process.execPath,
    });
    let output = '';
    const collect = (stream) => (chunk) => {
      output += chunk;
      if (!quiet) stream.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', collect(process.stdout));
    child.stderr.setEncoding('utf8').on('data', collect(process.stderr));
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}\n` }));
    child.on('close', (status, signal) => {
      const why = signal === null ? '' : `${program} was ended by ${signal}\n`;
      resolve({ ok: status === 0, output: output + why });
    });
  });
}
