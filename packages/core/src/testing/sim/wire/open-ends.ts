/** The open connections of a network, and the waits on them: its `netstat`. */

import type { SimConnection } from './connection.ts';
import type { SimWait } from './world.ts';

/** Adds the waits on the streams of connections. */
export function describeConnections(connections: Iterable<SimConnection>, into: SimWait[]): void {
  for (const { ends } of connections) {
    for (const { stream, label: subject } of ends) {
      if (stream === undefined) continue;
      for (const wait of stream.statistics().waits) into.push({ ...wait, subject });
    }
  }
}

/** The ends of connections that are open, as `local → remote`. */
export function openEnds(connections: Iterable<SimConnection>): readonly string[] {
  return Array.from(connections, ({ ends }) =>
    ends
      .filter(({ stream, transport }) => stream !== undefined && !transport.isClosed)
      .map(({ label }) => label),
  ).flat();
}
