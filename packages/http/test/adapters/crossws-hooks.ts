/** Servers with hooks of crossws. */

import type { Hooks } from 'crossws';
import {
  crosswsAdapter,
  type CrosswsAdapter,
  type CrosswsAdapterOptions,
} from '../../src/adapters/crossws/index.ts';
import type { FetchApplication } from '../../src/index.ts';
import type { WebSocket } from '../../src/websocket/index.ts';
import { staged, type Stage } from './sockets.ts';

/** An application that is nothing but WebSockets. */
export const applicationOf = (adapter: CrosswsAdapter): FetchApplication => ({
  fetch: (request, info) => adapter.handleUpgrade(request, info),
});

/** Serves hooks in memory. */
export const withHooks = (
  hooks: Partial<Hooks>,
  body: (stage: Stage, adapter: CrosswsAdapter) => Promise<void>,
  options: CrosswsAdapterOptions = {},
): Promise<void> => {
  const adapter = crosswsAdapter({ hooks, ...options });
  return staged(applicationOf(adapter), (stage) => body(stage, adapter));
};

/** The next message; an object for JSON. */
export async function receive(socket: WebSocket): Promise<unknown> {
  const message = await socket.receive();
  return typeof message === 'string' && message.startsWith('{') ? JSON.parse(message) : message;
}
