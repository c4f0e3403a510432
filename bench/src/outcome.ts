/** What came out of a scenario: samples by contestant, and what they come to. */

import type { Sample, Scenario } from './scenarios/scenario.ts';
import { median, spread } from './statistics.ts';

export interface ContestantOutcome {
  readonly name: string;
  /** Why there are no samples. */
  readonly missing?: string | undefined;
  readonly samples: readonly Sample[];
}

export interface ScenarioOutcome {
  readonly scenario: Scenario;
  readonly contestants: readonly ContestantOutcome[];
}

/** The median over the rounds of the value, or of a detail. */
export function medianOf(outcome: ContestantOutcome, detail?: string): number {
  return median(valuesOf(outcome, detail));
}

/** How far the rounds lie apart: (largest - smallest) / median. */
export function spreadOf(outcome: ContestantOutcome): number {
  return spread(valuesOf(outcome));
}

function valuesOf(outcome: ContestantOutcome, detail?: string): number[] {
  return outcome.samples.map((sample) =>
    detail === undefined ? sample.value : (sample.details[detail] ?? NaN),
  );
}

export function contestantOf(
  outcome: ScenarioOutcome | undefined,
  name: string,
): ContestantOutcome | undefined {
  return outcome?.contestants.find((one) => one.name === name && one.samples.length > 0);
}

/** Our median in proportion to theirs. */
export function ratioTo(outcome: ScenarioOutcome, name: string, detail?: string): number {
  const ours = contestantOf(outcome, outcome.scenario.ours);
  const theirs = contestantOf(outcome, name);
  if (ours === undefined || theirs === undefined) return NaN;
  return medianOf(ours, detail) / medianOf(theirs, detail);
}

/** A median of ours in proportion to theirs, for each contestant but ours; the value's without a detail. */
export function ratiosOf(outcome: ScenarioOutcome, detail?: string): ReadonlyMap<string, number> {
  const ours = contestantOf(outcome, outcome.scenario.ours);
  const others = outcome.contestants.filter((one) => one !== ours && one.samples.length > 0);
  const own = ours === undefined ? NaN : medianOf(ours, detail);
  return new Map(others.map((one) => [one.name, own / medianOf(one, detail)]));
}

/** The names of the details, in the order in which they first appear. */
export function detailNames(outcome: ScenarioOutcome): readonly string[] {
  const samples = outcome.contestants.flatMap((one) => one.samples);
  return [...new Set(samples.flatMap((sample) => Object.keys(sample.details)))];
}
