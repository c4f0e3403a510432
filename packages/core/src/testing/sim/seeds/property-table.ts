/** The properties of many runs: their sums, which of them was never reached, and a table. */

import type { PropertyCount, PropertyKind } from '../properties.ts';

/** How often a property held, over many runs. */
export interface PropertyTotal extends PropertyCount {
  /** The number of runs that came there. */
  readonly runs: number;
}

export class PropertyTable {
  readonly #totals = new Map<string, PropertyTotal>();

  /** @param counts - Of one run, or sums of several, which have the number of their runs. */
  add(counts: readonly (PropertyCount & { readonly runs?: number })[]): void {
    for (const { kind, name, held, failed, runs: more = 1 } of counts) {
      const key = `${kind} ${name}`;
      const { runs, held: heldBefore, failed: failedBefore } = this.#totals.get(key) ?? NONE;
      const sums = { runs: runs + more, held: heldBefore + held, failed: failedBefore + failed };
      this.#totals.set(key, Object.freeze({ kind, name, ...sums }));
    }
  }

  get totals(): readonly PropertyTotal[] {
    return Object.freeze([...this.#totals.values()]);
  }

  /** What no run reached: each `sometimes` that was never true, and what must be reached and never was. */
  missing(mustReach: readonly string[]): readonly string[] {
    const totals = [...this.#totals.values()];
    const isReached = (name: string): boolean =>
      totals.some((total) => total.name === name && total.kind !== 'always' && total.held > 0);
    const never = totals.filter(({ kind, held }) => kind === 'sometimes' && held === 0);
    const names = [
      ...never.map(({ name }) => name),
      ...mustReach.filter((name) => !isReached(name)),
    ];
    return Object.freeze([...new Set(names)]);
  }
}

const NONE = { runs: 0, held: 0, failed: 0 };

/** One line for each property; those that must be reached and never were have one, too. */
export function describeProperties(
  totals: readonly PropertyTotal[],
  mustReach: readonly string[],
): string {
  const known = new Set(totals.map(({ name }) => name));
  const unknown = mustReach.filter((name) => !known.has(name));
  const rows = [
    ...totals.map((total) => [total.kind, total.name, outcome(total)] as const),
    ...unknown.map((name) => ['reachable' satisfies PropertyKind, name, 'NEVER reached'] as const),
  ];
  const width = Math.max(0, ...rows.map(([, name]) => name.length));
  return rows.map((row) => `  ${row[0].padEnd(9)}  ${row[1].padEnd(width)}  ${row[2]}`).join('\n');
}

function outcome({ kind, held, failed, runs }: PropertyTotal): string {
  const where = `in ${runs} run(s)`;
  if (kind === 'reachable') return `reached ${held} time(s) ${where}`;
  if (kind === 'always') {
    return failed === 0 ? `held ${held} time(s) ${where}` : `FALSE ${failed} time(s) ${where}`;
  }
  return held === 0
    ? `NEVER true, ${failed} time(s) false ${where}`
    : `true ${held} time(s), false ${failed} time(s) ${where}`;
}
