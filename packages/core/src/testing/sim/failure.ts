/** Why a run failed, in words. */

import type { TaskInfo } from '../../tasks/task-types.ts';
import { isError } from '../../vocabulary/realms.ts';
import type { Fabric } from './network/fabric.ts';
import type { FailureFacts } from './run.ts';

/** The names of tasks; with their number behind it, where several have one name. */
export function namesOf(tasks: readonly TaskInfo[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { name } of tasks) counts.set(name, (counts.get(name) ?? 0) + 1);
  return tasks.map(({ name, id }) => (counts.get(name) === 1 ? name : `${name} #${id}`));
}

/** How an accept loop that does not iterate ends when the run closes its listener. */
export function isClosedListener(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_LISTENER_CLOSED';
}

export function messageOf(error: unknown): string {
  try {
    return isError(error) ? `${error.name}: ${error.message}` : String(error);
  } catch {
    return `a value of type ${typeof error} that cannot be shown`;
  }
}

/** The segments of a run: those that arrived, as far as they are kept, and those that did not. */
export function segmentsOf({ trace, connections }: Fabric): FailureFacts['segments'] {
  const inFlight = Array.from(connections, (connection) => connection.inFlight).flat();
  return { deliveries: trace.deliveries, inFlight };
}
