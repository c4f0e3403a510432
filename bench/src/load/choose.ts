/** Which load generators a run has. */

import type { Options } from '../options.ts';
import type { LoadGenerator } from './load.ts';
import { ownGenerator } from './node-generator.ts';
import { noRawGenerator, rawGenerator } from './raw.ts';
import { hasWrk, HOW_TO_GET_WRK, wrkGenerator } from './wrk.ts';

/** @throws `TypeError` when one is asked for that is not there. */
export function chooseGenerator(asked: Options['load']): LoadGenerator {
  if (asked === 'own') return ownGenerator;
  if (asked === 'c') {
    if (noRawGenerator !== undefined) throw new TypeError(`--load c: ${noRawGenerator}`);
    return rawGenerator;
  }
  if (hasWrk) return wrkGenerator;
  if (asked === 'wrk') throw new TypeError(HOW_TO_GET_WRK);
  console.log(`${HOW_TO_GET_WRK}: the bench's own load generator takes its place.`);
  return ownGenerator;
}

/** The chosen one, and the one that has a constant rate. */
export function generatorsOf(chosen: LoadGenerator): readonly LoadGenerator[] {
  return chosen === ownGenerator ? [chosen] : [chosen, ownGenerator];
}
