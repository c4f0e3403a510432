/** A load generator that is a process: it prints when it begins and ends to measure, and then its result. */

import type { Child } from '../process/child.ts';
import type { Load, LoadResult } from './load.ts';

/** Follows the phases of a generator to its result. */
export async function measured(child: Child, { onPhase }: Load): Promise<LoadResult> {
  for (const phase of ['begin', 'end'] as const) {
    const line = await child.line();
    if (line !== phase) throw new Error(`expected the generator to say ${phase}, got ${line}`);
    onPhase?.(phase);
  }
  return child.json<LoadResult>();
}
