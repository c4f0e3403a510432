/** When two failures are one: they have the same kind, and the same message but for its numbers, whichever task it was. */

/** @param what - Why a run failed: `Error: expected a total of 35, got 55`. */
export function causeOf(kind: string, what: string): string {
  const [line = ''] = what.split('\n', 1);
  const message = kind === 'task' ? line.replace(/^task ".*?" failed: /, '') : line;
  return `${kind}: ${message.replaceAll(/\d+(?:\.\d+)?/g, '#')}`;
}
