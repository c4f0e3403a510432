/** What fuzzing needs to know of one reader: how its texts are made, and what must hold for them. */

import type { Random } from '@awaitio/core';

export interface Verdict {
  /** What is wrong; `undefined` when nothing is. */
  readonly complaint: string | undefined;
  /** What the reader did: each step from one kind of event to the next. A text with a new step is worth keeping. */
  readonly steps: readonly string[];
}

export interface Target {
  /** `server`, `form`: what `--target` of scripts/fuzz.mjs names. */
  readonly name: string;
  /** How many of the texts are its, in proportion to the other targets. */
  readonly weight: number;
  /** What a changed text may get. */
  readonly dictionary: readonly string[];
  generate(random: Random): string;
  /** @param isClose - Whether everything is tried, also what seldom matters. */
  judge(text: string, random: Random, isClose: boolean): Verdict;
}
