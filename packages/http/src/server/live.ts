/** The life of a connection, traced where a channel has a subscriber. */

import { AsyncScope } from '@awaitio/core/lowlevel';
import { isTraced } from '../tracing/channels.ts';
import { serverConnections, traceServerConnection } from '../tracing/connections.ts';
import type { ServerConnection } from './connection.ts';

/** Runs a connection to its end: a promise of that where it has no task that ends with it. */
export function live(connection: ServerConnection): Promise<void> | undefined {
  if (isTraced(serverConnections) && !connection.runtime.isHidden) return traced(connection);
  const over = connection.task === undefined ? connection.over : undefined;
  connection.run();
  return over;
}

async function traced(connection: ServerConnection): Promise<void> {
  // Its requests are handled in the stores that are bound here.
  const end = connection.scope.run(traceServerConnection, connection, () => {
    connection.scope = new AsyncScope();
  });
  const { over } = connection;
  connection.run();
  await over;
  end();
}
