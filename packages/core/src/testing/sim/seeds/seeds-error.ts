/** Why a suite of many seeds failed: its failures by cause, and what no run has reached. */

import { hide, printed, type PrintedError, type SimulationError } from '../report.ts';
import { describeProperties } from './property-table.ts';
import type { SeedsReport } from './seeds-options.ts';

/** Failures of one cause: of one kind, with one message but for its numbers. */
export interface FailureGroup {
  /** Its kind and message, with `#` for each number. */
  readonly cause: string;
  /** The seeds that failed, in the order of their runs: at most 1,000. */
  readonly seeds: readonly number[];
  /** How many failed. */
  readonly count: number;
  /** The first failure; the smallest that was found, where it was shrunk. */
  readonly error: SimulationError;
}

/** The number of seeds of a cause in the message. */
const SHOWN_SEEDS = 10;

/** What {@link SeedsError} consists of. */
export interface SeedsFailure {
  readonly groups: readonly FailureGroup[];
  readonly missing: readonly string[];
  readonly mustReach: readonly string[];
  readonly report: SeedsReport;
  /** Lines about what was kept for the next time. */
  readonly remarks: readonly string[];
}

/** Many seeds failed, or came together not where they had to. */
export class SeedsError extends Error {
  override name = 'SeedsError';
  /** The failures, those of which there are most first. */
  readonly groups: readonly FailureGroup[];
  /** The names that no run has reached: see {@link sometimes}, and `mustReach` of {@link SeedsOptions}. */
  readonly missing: readonly string[];
  readonly report: SeedsReport;

  constructor(failure: SeedsFailure) {
    const [group] = failure.groups;
    // The message has the report of each run: what is left is where the program threw.
    super(
      describe(failure),
      group === undefined ? undefined : { cause: group.error.cause ?? group.error },
    );
    this.groups = failure.groups;
    this.missing = failure.missing;
    this.report = failure.report;
    hide(this, ['groups', 'missing', 'report']);
  }

  /** As text it is its message and its stack: see {@link SimulationError.toJSON}. */
  toJSON(): PrintedError {
    return printed(this);
  }
}

function describe({ groups, missing, mustReach, report, remarks }: SeedsFailure): string {
  const failed = groups.reduce((sum, { count }) => sum + count, 0);
  const lines: string[] = [];
  if (failed > 0) {
    lines.push(`${failed} of ${report.runs} runs failed, of ${groups.length} cause(s)`);
    for (const [at, { cause, count, seeds, error }] of groups.entries()) {
      const more = count > SHOWN_SEEDS ? ', …' : '';
      lines.push(
        '',
        `${at + 1}. ${cause}`,
        `   ${count} run(s): seed ${seeds.slice(0, SHOWN_SEEDS).join(', ')}${more}`,
        error.message.replaceAll(/^/gm, '   '),
      );
    }
  }
  if (missing.length > 0) {
    const names = missing.map((name) => `"${name}"`).join(', ');
    if (failed > 0) lines.push('');
    lines.push(`none of ${report.runs} runs reached ${names}: run more seeds, or with more faults`);
  }
  if (report.properties.length > 0 || missing.length > 0) {
    lines.push('', 'properties:', describeProperties(report.properties, mustReach));
  }
  if (remarks.length > 0) lines.push('', ...remarks);
  return lines.join('\n');
}
