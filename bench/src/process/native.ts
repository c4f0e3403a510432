/** The bench's two C programs, compiled when they are first asked for. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { scratch } from './scratch.ts';
import { program } from './child.ts';

const built = new Map<string, string>();

/** Whether they can be had: they speak epoll, and need a compiler. */
export const noNative: string | undefined =
  process.platform !== 'linux'
    ? 'it needs Linux'
    : spawnSync('cc', ['--version'], { stdio: 'ignore' }).status === 0
      ? undefined
      : 'no C compiler (Debian and Ubuntu: apt-get install gcc libc6-dev)';

/** The path of a compiled program. @throws `Error` with what the compiler says. */
export function nativeProgram(name: string): string {
  let path = built.get(name);
  if (path === undefined) {
    path = join(scratch(), name);
    const { status, stderr } = spawnSync(
      'cc',
      ['-O2', '-o', path, program(`../native/${name}.c`)],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`cc could not compile ${name}.c: ${stderr}`);
    built.set(name, path);
  }
  return path;
}
