/** Which core runs what: the server on one, the load on another, where the platform lets us choose. */

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Whether `taskset` is there and there are two cores to tell apart. */
export const canPin: boolean =
  process.platform === 'linux' &&
  availableParallelism() > 1 &&
  spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** What is measured runs on core 0, what makes it work on core 1. */
export type Core = 0 | 1;

/** A command line that runs on one core. */
export function pinned(core: Core | undefined, command: readonly string[]): readonly string[] {
  return canPin && core !== undefined ? ['taskset', '-c', String(core), ...command] : command;
}
