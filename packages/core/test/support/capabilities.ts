/**
 * What some tests need of the system or of Node, and what is not tested without it.
 *
 * A test is left out by `describeIf` alone, which prints why; `test-habits.test.ts` compares the table with what CI has on
 * Linux, so that no test is left out there unnoticed.
 */

import { describe } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { Socket } from 'node:net';

export interface Capability {
  /** Whether it is here. */
  readonly isHere: () => boolean;
  /** What is needed, for the line that says what was left out. */
  readonly needs: string;
  /** Whether it is on CI's Linux: always, never, or in these versions of Node, a release of each line and all lines later. */
  readonly onCi: boolean | readonly `${number}.${number}`[];
}

const isLinux = process.platform === 'linux';

/** How many descriptors this process may have open; infinite where the system does not tell. */
export function descriptorLimit(): number {
  if (!isLinux) return Infinity;
  const line = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return line?.[1] === 'unlimited' ? Infinity : Number(line?.[1]);
}

const isInstalled = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args).status === 0;

export const CAPABILITIES = {
  signals: {
    isHere: () => process.platform !== 'win32',
    needs: 'signals that a process can handle; Windows ends a process that is sent one',
    onCi: true,
  },
  'posix files': {
    isHere: () => process.platform !== 'win32',
    needs:
      'folders that can be deleted while a process is in them, and pipes that break as POSIX says',
    onCi: true,
  },
  'address limits': {
    isHere: () => isLinux && process.arch === 'x64',
    needs: 'Linux on x64, where ulimit -v bounds what V8 reserves for WebAssembly',
    onCi: true,
  },
  descriptors: {
    isHere: () => descriptorLimit() >= 10_200,
    needs: 'a limit of 10,200 open descriptors (ulimit -n)',
    onCi: true,
  },
  'abstract names': {
    isHere: () => isLinux,
    needs: 'Linux, which has names of sockets that are no files',
    onCi: true,
  },
  ss: {
    isHere: () => isLinux && isInstalled('ss', '-V'),
    needs: 'ss of iproute2, which shows what the kernel has',
    onCi: true,
  },
  curl: {
    isHere: () => isInstalled('curl', '--version'),
    needs: 'curl',
    onCi: true,
  },
  promtool: {
    isHere: () => isInstalled('promtool', '--version'),
    needs: 'promtool of Prometheus',
    onCi: false,
  },
  'keep-alive probes': {
    isHere: () => Socket.prototype.setKeepAlive.length >= 4,
    needs: 'a Node that sets the interval and the count of probes (24.19, 26.4)',
    onCi: ['24.19', '26.4'],
  },
  'types of service': {
    isHere: () => 'setTypeOfService' in Socket.prototype,
    needs: 'a Node that sets the type of service (24.15, 25.6)',
    onCi: ['24.15', '25.6'],
  },
  'sockets that move': {
    isHere: () =>
      Object.getOwnPropertySymbols(Socket.prototype).some(({ description }) =>
        description?.includes('messaging_transfer'),
      ),
    needs: 'a Node that moves sockets to workers (24.20, 26.6)',
    onCi: ['24.20', '26.6'],
  },
  sqlite: {
    isHere: () => isBuiltin('node:sqlite'),
    needs: 'a Node with node:sqlite (22.13)',
    onCi: ['22.13'],
  },
} as const satisfies Record<string, Capability>;

export type CapabilityName = keyof typeof CAPABILITIES;

export const isHere = (name: CapabilityName): boolean => CAPABILITIES[name].isHere();

/** `describe` where all of these are here; elsewhere `describe.skip`, and a line of the log says why. */
export function describeIf(...names: readonly CapabilityName[]): typeof describe.skip {
  return areHere(names) ? describe : describe.skip;
}

function areHere(names: readonly CapabilityName[]): boolean {
  const missing = names.find((name) => !isHere(name));
  if (missing === undefined) return true;
  process.stderr.write(`left out: tests that need ${CAPABILITIES[missing].needs}\n`);
  return false;
}

/** `describe` where this is not here: what is said, or done, without it. Its opposite is tested elsewhere, so nothing is printed. */
export function describeWithout(name: CapabilityName): typeof describe.skip {
  return isHere(name) ? describe.skip : describe;
}
