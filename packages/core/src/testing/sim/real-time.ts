/** Waits in real time, for work that no event of a simulation ends. */

import { machineTime } from '../../vocabulary/platform.ts';
import { untilIdle } from './guard/idle.ts';
import type { Watch } from './guard/real-work.ts';

/** How long real work may take, such as loading a module, in real milliseconds. */
const MAX_REAL_TIME = 5_000;

/**
 * Waits until there is no work, while virtual time stands still.
 *
 * @returns What has not ended in time; `undefined` when all has.
 */
export async function waitForWork(
  watch: Watch,
  work: () => readonly string[],
): Promise<string | undefined> {
  const since = machineTime();
  for (let left = work(); left.length > 0; left = work()) {
    if (machineTime() - since > MAX_REAL_TIME) {
      const names = [...new Set(left)].join(', ');
      return `real work has not ended in ${MAX_REAL_TIME / 1_000} s: ${names}`;
    }
    watch.proceed();
    await untilIdle();
  }
  return undefined;
}
