/** Traces a WebSocket. */

import { channelsOf, TRACING_CHANNELS, type Channels } from './channels.ts';
import type { WebSocketTrace } from './contexts.ts';
import { Tracer } from './tracer.ts';

/** Looked at for each WebSocket. */
export const webSockets: Channels<WebSocketTrace> = channelsOf(TRACING_CHANNELS.webSocket);

/** What a trace needs of a WebSocket. */
export interface TracedSocket {
  readonly protocol: string;
  readonly closed: Promise<{ readonly code: number; readonly error?: unknown }>;
}

/** Makes a WebSocket in the stores that are bound to `start`, and traces it to its end. */
export function traceWebSocket<Socket extends TracedSocket>(
  role: WebSocketTrace['role'],
  protocol: string,
  make: () => Socket,
): Socket {
  const context: Trace = { role, protocol, code: 0, error: undefined };
  const tracer = new Tracer(webSockets, context);
  const socket = tracer.run(make);
  void socket.closed.then(({ code, error }) => {
    context.code = code;
    if (error !== undefined) tracer.fail(error);
    tracer.finish();
  });
  return socket;
}

type Trace = { -readonly [Name in keyof WebSocketTrace]: WebSocketTrace[Name] };
