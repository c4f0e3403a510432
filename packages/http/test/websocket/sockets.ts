/** WebSockets on a simulated network. */
import type { Handler } from '../../src/index.ts';
import {
  connectWebSocket,
  webSocket,
  type ConnectWebSocketOptions,
  type WebSocket,
  type WebSocketOptions,
} from '../../src/websocket/index.ts';
import type { World } from '../support/simulated.ts';

/** A handler that accepts, and talks. */
export function talking(talk: (socket: WebSocket) => unknown, options?: WebSocketOptions): Handler {
  return async (request, context) => {
    await talk(await webSocket(request, context, options));
  };
}

export const echoing = talking(async (socket) => {
  for await (const message of socket) await socket.send(message);
});

/** A client of a world's server. */
export function open(world: World, options: ConnectWebSocketOptions = {}): Promise<WebSocket> {
  const { clock, random } = world.sim;
  return connectWebSocket('ws://server/', { client: world.client(), clock, random, ...options });
}
