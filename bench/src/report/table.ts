/** A scenario's outcome as rows of text: for the terminal, and for the report. */

import {
  detailNames,
  medianOf,
  ratiosOf,
  ratioTo,
  spreadOf,
  type ScenarioOutcome,
} from '../outcome.ts';
import { figure, percent, ratio } from './figures.ts';

/** The head and the rows, ours first. */
export function rowsOf(outcome: ScenarioOutcome): readonly (readonly string[])[] {
  const { scenario } = outcome;
  const details = detailNames(outcome);
  const head = ['', scenario.unit, 'spread', ...details, 'ours to it'];
  const rows = outcome.contestants
    .filter((one) => one.samples.length > 0)
    .map((one) => [
      one.name,
      figure(medianOf(one)),
      percent(spreadOf(one)),
      ...details.map((name) => figure(medianOf(one, name))),
      one.name === scenario.ours ? '' : ratio(ratioTo(outcome, one.name)),
    ]);
  return [head, ...rows];
}

/** Details that are no measure of a server: what a load leaves of a core says how the load was. */
const NO_RATIOS: ReadonlySet<string> = new Set(['server busy %', 'behind']);

/** As {@link rowsOf}, in proportion: ours to each of the others. Figures of a machine say nothing about another one. */
export function ratioRowsOf(outcome: ScenarioOutcome): readonly (readonly string[])[] {
  const { scenario } = outcome;
  const details = detailNames(outcome).filter((name) => !NO_RATIOS.has(name));
  const columns = [ratiosOf(outcome), ...details.map((name) => ratiosOf(outcome, name))];
  const head = ['ours to it', scenario.unit, ...details, 'spread'];
  const rows = outcome.contestants
    .filter((one) => one.samples.length > 0)
    .map((one) => [
      one.name,
      ...columns.map((column) =>
        one.name === scenario.ours ? '1' : ratio(column.get(one.name) ?? NaN),
      ),
      percent(spreadOf(one)),
    ]);
  return [head, ...rows];
}

/** Columns that stand under each other; the first to the left, numbers to the right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  return padded(rows)
    .map((row) => row.join('  ').trimEnd())
    .join('\n');
}

/** The same as Markdown, the way the formatter leaves it. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = padded(rows);
  const rule = head.map(({ length }, column) =>
    column === 0 ? '-'.repeat(length) : `${'-'.repeat(length - 1)}:`,
  );
  return [head, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The narrowest column that Markdown knows. */
const NARROWEST = 3;

function padded(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(NARROWEST, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  );
}
