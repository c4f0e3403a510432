/** When two failures are one: they have the same kind, and the same message but for its numbers. */

/** @param what - Why a run failed: `Error: expected a total of 35, got 55`. */
export function causeOf(kind: string, what: string): string {
  const [line = ''] = what.split('\n', 1);
  return `${kind}: ${line.replaceAll(/\d+(?:\.\d+)?/g, '#')}`;
}
