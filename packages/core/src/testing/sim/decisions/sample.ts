/**
 * A sample: a list of decisions that is not known before it has run. It is what a seed would draw, thinned out: of each kind, only
 * a part of the choices is kept, and all others are calm.
 *
 * It goes where a list of decisions goes, so that nothing but the drawing itself knows of it.
 */

import type { Decision } from './log.ts';

/** What is drawn. */
export interface Sample {
  /** Which of many: 0 draws what the run's own seed does, where it keeps something. */
  readonly number: number;
  /** Of each kind, the part of its choices that is kept: from 0, all are calm, to 1. */
  readonly densities: readonly number[];
}

const samples = new WeakMap<object, Sample>();

/** A list that stands for a sample, as `decisions` of a run. */
export function listFor(sample: Sample): readonly Decision[] {
  const list: readonly Decision[] = Object.freeze([]);
  samples.set(list, sample);
  return list;
}

/** The sample for which a list stands. */
export function sampleOf(list: readonly Decision[] | undefined): Sample | undefined {
  return list === undefined ? undefined : samples.get(list);
}
