/** The life of a connection, traced where a channel has a subscriber. */

import { AsyncScope } from '@awaitio/core/lowlevel';
import { isTraced } from '../tracing/channels.ts';
import { serverConnections, traceServerConnection } from '../tracing/connections.ts';
import type { ServerConnection } from './connection.ts';

/** Runs a connection to its end. Never rejects. */
export function live(connection: ServerConnection): Promise<void> {
  const isShown = isTraced(serverConnections) && !connection.runtime.isHidden;
  return isShown ? traced(connection) : connection.run();
}

async function traced(connection: ServerConnection): Promise<void> {
  // Its requests are handled in the stores that are bound here.
  const end = connection.scope.run(traceServerConnection, connection, () => {
    connection.scope = new AsyncScope();
  });
  await connection.run();
  end();
}
