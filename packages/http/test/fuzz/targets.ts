/** Everything that is fuzzed, and the texts that it begins with. */

import { MULTIPART_CASES } from '../forms/multipart-cases.ts';
import { readSeeds } from './corpus.ts';
import { formTarget } from './form-target.ts';
import { httpTargets } from './http-targets.ts';
import { rangeTarget } from './range-target.ts';
import type { Target } from './target.ts';
import { websocketTarget } from './websocket-target.ts';

export const allTargets = (): readonly Target[] => [
  ...httpTargets(),
  formTarget(),
  rangeTarget(),
  websocketTarget(),
];

/** The corpus, the bytes of the wire tables and the forms of the cases with the boundary that the grammar has. */
export function readAllSeeds(): Record<string, readonly string[]> {
  const forms = MULTIPART_CASES.filter(({ type }) => type === undefined).map(({ wire }) => wire);
  return { ...readSeeds(), form: forms.filter(({ length }) => length < 1_000) };
}
