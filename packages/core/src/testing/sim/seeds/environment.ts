/** What the environment asks for: one seed, or one story. */

import { invalidInput } from '../../../vocabulary/errors.ts';
import { seedRule } from './seeds-options.ts';
import { readStory, type Story } from './story.ts';

/** The seed that `AWAITIO_SEED` names, in decimal digits: anything else would run no seed, or another. */
export function wantedSeed(operation: string): number | undefined {
  const text = process.env['AWAITIO_SEED'];
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw invalidInput(operation, 'AWAITIO_SEED', seedRule.expected, text);
  }
  return seed;
}

/** The story whose path `AWAITIO_STORY` is. */
export function wantedStory(operation: string): Story | undefined {
  const path = process.env['AWAITIO_STORY'];
  if (path === undefined) return undefined;
  if (path === '' || process.env['AWAITIO_SEED'] !== undefined) {
    const expected = 'the path of a story, and AWAITIO_SEED not to be set';
    throw invalidInput(operation, 'AWAITIO_STORY', expected, path);
  }
  return readStory(path);
}
