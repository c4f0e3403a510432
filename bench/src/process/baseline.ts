/**
 * Another checkout of this repository, built, to compare with: `AWAITIO_BASELINE=../before pnpm bench --peers baseline`.
 *
 * It takes part as one more contestant, with its own packages and its own programs of the bench. The report is not about
 * it: nothing of a run that it takes part in is saved.
 */

import { join, resolve } from 'node:path';

const checkout = process.env['AWAITIO_BASELINE'];

/** What the contestant of the other checkout is called. */
export const BASELINE = 'baseline';

/** Whether it takes part in a run with these contestants; none named means all. */
export function hasBaseline(peers: readonly string[]): boolean {
  return checkout !== undefined && (peers.length === 0 || peers.includes(BASELINE));
}

/** A program of the other checkout's bench in a list, which is empty when there is no other checkout. */
export function baselineProgram(path: string): readonly string[] {
  return checkout === undefined ? [] : [resolve(join(checkout, 'bench', 'dist', path))];
}
