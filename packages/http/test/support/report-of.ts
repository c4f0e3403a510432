import type { ShutdownReport } from '../../src/index.ts';

/** The report of a shutdown in which nothing happened but this. */
export function reportOf(what: Partial<ShutdownReport>): ShutdownReport {
  return { completed: 0, idleClosed: 0, upgraded: 0, webSockets: 0, aborted: [], ...what };
}
