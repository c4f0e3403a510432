/** What was to be reached in a scenario, and what was. */

import { contestantOf, medianOf, ratioTo, type ScenarioOutcome } from '../outcome.ts';
import type { Goal } from '../scenarios/scenario.ts';
import { figure, ratio } from './figures.ts';

export interface GoalRow {
  readonly text: string;
  readonly got: string;
  readonly isReached: boolean;
}

/** The goals whose contestants took part. */
export function goalsOf(outcome: ScenarioOutcome): readonly GoalRow[] {
  return outcome.scenario.goals.flatMap((goal) => rowOf(outcome, goal) ?? []);
}

function rowOf(outcome: ScenarioOutcome, goal: Goal): GoalRow | undefined {
  const { scenario } = outcome;
  const ours = contestantOf(outcome, scenario.ours);
  if (ours === undefined) return undefined;
  if ('atMost' in goal) {
    const got = medianOf(ours, goal.detail);
    return {
      text: `${goal.detail} ≤ ${goal.atMost}`,
      got: figure(got),
      isReached: got <= goal.atMost,
    };
  }
  const theirs = contestantOf(outcome, goal.against);
  if (theirs === undefined) return undefined;
  if ('moreThanIt' in goal) {
    const got = medianOf(ours) - medianOf(theirs);
    return {
      text: `≤ ${goal.moreThanIt} ${scenario.unit} more than ${goal.against}`,
      got: `${figure(got)} ${scenario.unit}`,
      isReached: got <= goal.moreThanIt,
    };
  }
  const got = ratioTo(outcome, goal.against, goal.detail);
  const isMore = scenario.better === 'more' && goal.detail === undefined;
  const what = goal.detail === undefined ? '' : `${goal.detail} `;
  return {
    text: `${what}${isMore ? '≥' : '≤'} ${goal.ratio} × ${goal.against}`,
    got: ratio(got),
    isReached: isMore ? got >= goal.ratio : got <= goal.ratio,
  };
}
