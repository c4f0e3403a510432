/** What a scenario is: contestants that do the same thing, and how much of it they did. */

import type { LoadGenerator } from '../load/load.ts';

/** One measurement of one contestant. */
export interface Sample {
  /** What the scenario is about, in its unit. */
  readonly value: number;
  /** What else is worth knowing, by name. */
  readonly details: Readonly<Record<string, number>>;
}

/** How long and with what to measure. */
export interface RoundContext {
  readonly seconds: number;
  readonly warmup: number;
  /** Tiny amounts: to show that it works. */
  readonly isSmoke: boolean;
  readonly load: LoadGenerator;
  /** The median of a contestant in a scenario that was run before. */
  readonly earlier: (scenario: string, contestant: string) => number | undefined;
}

export interface Contestant {
  readonly name: string;
  /** Why it cannot take part on this machine, if so. */
  readonly missing?: string | undefined;
  /** Starts, checks the answers, warms up, measures, stops. */
  round(context: RoundContext): Promise<Sample>;
  /** Starts, checks the answers and warms up once, for several rounds; without it each round is apart. */
  readonly open?: ((context: RoundContext) => Promise<Session>) | undefined;
}

/** A contestant that runs, between rounds. */
export interface Session {
  /** Measures. */
  round(): Promise<Sample>;
  /** Stops. */
  close(): Promise<void>;
}

/**
 * What is to be reached: a ratio of ours to theirs, a difference between ours and theirs, or a figure of ours.
 *
 * A ratio of the value is at least that when more is better, else at most; of a detail always at most.
 */
export type Goal =
  | { readonly against: string; readonly ratio: number; readonly detail?: string }
  | { readonly against: string; readonly moreThanIt: number }
  | { readonly detail: string; readonly atMost: number };

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What is done, in a sentence or two. */
  readonly about: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** Whose ratio to the others is shown; a contestant's name. */
  readonly ours: string;
  readonly goals: readonly Goal[];
  /** What stands between us and a goal that was missed, and what was tried: Markdown, for the report. */
  readonly bound?: string | undefined;
  readonly contestants: readonly Contestant[];
}
