/** `upgradeWebSocket`: WebSockets in applications of Hono, by the helper that Hono has for every platform. */

import { invalidInput, isBytes } from '@awaitio/core/lowlevel';
import {
  createWSMessageEvent,
  defineWebSocketHelper,
  WSContext,
  type UpgradeWebSocket,
  type WSEvents,
} from 'hono/ws';
import type { WebSocket } from '../../websocket/web-socket.ts';
import {
  acceptSocket,
  checkInfo,
  proposesWebSocket,
  type CallbackSocketOptions,
} from '../socket-events/accept-socket.ts';
import type { CallbackSocket, Message } from '../socket-events/callback-socket.ts';
import { dataOf, SocketCloseEvent, SocketErrorEvent } from '../socket-events/socket-event.ts';

type HonoCloseEvent = Parameters<NonNullable<WSEvents['onClose']>>[0];

/**
 * Hono's `upgradeWebSocket`, for an application that `serve` serves: a middleware that accepts a WebSocket and calls events.
 *
 * A request that proposes no WebSocket goes on to the next handler of the route; one that is malformed, or of an origin that is
 * not in `origins`, is answered with 400, 403 or 426. `ws.raw` is the WebSocket of `@awaitio/http/websocket`.
 *
 * Events are called one after another and are not waited for. What one throws, or rejects with, closes the WebSocket with 1011 and
 * goes to the server's `onError`; no more messages come then. `ws.send` does not wait either: what waits for the peer
 * is bounded by `bufferedBytes`, and a slower peer is closed with 1008. To wait for room, use `await ws.raw.send(message)`. A
 * shutdown of the server closes with 1001, and waits for what `onClose` returns.
 *
 * @param createEvents - Returns the events, for each request: `onOpen`, `onMessage`, `onError` (the connection broke), `onClose`.
 * @param options - Those of `webSocket` (`protocols`, `origins`, `headers`, `limits`, `deadlines`), and `bufferedBytes`.
 * @returns A middleware. It throws `InvalidInputError`, which Hono answers with 500, when the application is not served by `serve`, and
 * for a wrong option. With a context and events in place of `createEvents` it upgrades at once, and returns the response.
 *
 * @example
 * ```ts
 * import { Hono } from 'hono';
 * import { serve } from '@awaitio/http';
 * import { upgradeWebSocket } from '@awaitio/http/hono';
 * import { connectWebSocket } from '@awaitio/http/websocket';
 *
 * const app = new Hono().get(
 *   '/ws',
 *   upgradeWebSocket(() => ({ onMessage: ({ data }, ws) => ws.send(`you said ${String(data)}`) })),
 * );
 * const server = await serve(app, { port: 0 });
 * const socket = await connectWebSocket(`${server.url}ws`);
 * await socket.send('hello');
 * console.log(await socket.receive()); // you said hello
 * await socket.close();
 * await server.shutdown();
 * ```
 */
export const upgradeWebSocket: UpgradeWebSocket<WebSocket, CallbackSocketOptions> =
  defineWebSocketHelper(async (c, events, options) => {
    if (!proposesWebSocket(c.req.header('upgrade'))) return undefined;
    const info = checkInfo('upgradeWebSocket', 'c.env', c.env);
    const accepted = await acceptSocket('upgradeWebSocket', info, options ?? {});
    if (accepted instanceof Response) return accepted;
    info.context.waitUntil(callEvents(accepted, events, c.req.url));
    // It is not sent: the response was 101.
    return new Response(null);
  });

function callEvents(
  socket: CallbackSocket,
  events: WSEvents<WebSocket>,
  url: string,
): Promise<void> {
  const ws = new WSContext<WebSocket>({
    send: (data) => {
      socket.send(messageOf(data));
    },
    close: (code, reason) => {
      socket.close(code, reason);
    },
    raw: socket.socket,
    get readyState() {
      return socket.readyState;
    },
    url,
    protocol: socket.socket.protocol,
  });
  return socket.run({
    onOpen: () => events.onOpen?.(new Event('open'), ws),
    onMessage: (message) => events.onMessage?.(createWSMessageEvent(dataOf(message)), ws),
    onError: (error) => events.onError?.(new SocketErrorEvent(error), ws),
    onClose: (end) => events.onClose?.(new SocketCloseEvent(end) as HonoCloseEvent, ws),
  });
}

/** @throws `InvalidInputError` for what a message cannot be made of */
function messageOf(data: unknown): Message {
  if (typeof data === 'string' || isBytes(data)) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw invalidInput('ws.send', 'data', 'a string, a Uint8Array or an ArrayBuffer', data);
}
