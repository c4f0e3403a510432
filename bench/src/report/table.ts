/** A scenario's outcome as rows of text: for the terminal, and for the report. */

import { detailNames, medianOf, ratioTo, spreadOf, type ScenarioOutcome } from '../outcome.ts';
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

/** Columns that stand under each other. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The same as Markdown; columns but the first are numbers. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const head = rows[0] ?? [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, column) => (column === 0 ? '---' : '---:')));
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n');
}
