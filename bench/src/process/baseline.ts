/**
 * Another checkout of this repository, built, to compare with: `AWAITIO_BASELINE=../before pnpm bench --peers baseline`.
 *
 * It takes part as one more contestant, with its own packages and its own programs of the bench.
 */

import { join, resolve } from 'node:path';

const checkout = process.env['AWAITIO_BASELINE'];

/** What the contestant of the other checkout is called. */
export const BASELINE = 'baseline';

/** A program of the other checkout's bench in a list, which is empty when there is no other checkout. */
export function baselineProgram(path: string): readonly string[] {
  return checkout === undefined ? [] : [resolve(join(checkout, 'bench', 'dist', path))];
}
