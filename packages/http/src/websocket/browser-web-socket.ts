/** `BrowserWebSocket`: the constructor of a browser’s `WebSocket`, for libraries that call it. */

import { checkOptions, invalidInput } from '@awaitio/core/lowlevel';
import { connectWebSocket, CONNECT_OPTIONS, type ConnectWebSocketOptions } from './connect.ts';
import {
  EVENT_SOCKET_OPTIONS,
  EventSocket,
  type EventSocketOptions,
} from './facades/event-socket.ts';
import { PROTOCOLS } from './options.ts';
import { facadedSocket } from './web-socket.ts';

/** Options of {@link BrowserWebSocket}: those of `connectWebSocket` and of `toEventTarget`. */
export interface BrowserWebSocketOptions extends ConnectWebSocketOptions, EventSocketOptions {}

/**
 * A WebSocket in the shape of a browser’s, which opens its connection: for libraries that take a constructor, such as `graphql-ws`,
 * `reconnecting-websocket` and `partysocket`. For options of your own pass them a subclass.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { BrowserWebSocket, webSocket } from '@awaitio/http/websocket';
 *
 * const server = await serve(
 *   async (request, context) => {
 *     const socket = await webSocket(request, context);
 *     for await (const message of socket) await socket.send(`you said ${message}`);
 *   },
 *   { port: 0 },
 * );
 * class Patient extends BrowserWebSocket {
 *   constructor(url: string, protocols?: string | string[]) {
 *     super(url, { protocols: [protocols ?? []].flat(), deadlines: { pong: 60_000 } });
 *   }
 * }
 * const socket = new Patient(server.url.replace('http:', 'ws:'));
 * socket.onopen = () => socket.send('hello');
 * socket.onmessage = ({ data }) => {
 *   console.log(data); // you said hello
 *   socket.close(1000);
 * };
 * await new Promise((resolve) => socket.addEventListener('close', resolve));
 * await server.shutdown();
 * ```
 */
export class BrowserWebSocket extends EventSocket {
  /**
   * @param url - As for `connectWebSocket`.
   * @param protocols - The subprotocols to propose, one or a list, or options: see {@link BrowserWebSocketOptions}.
   * @throws `DOMException` (`SyntaxError`) for a URL or subprotocols that cannot be; `InvalidInputError` for a wrong option.
   */
  constructor(
    url: string | URL,
    protocols: string | readonly string[] | BrowserWebSocketOptions = [],
  ) {
    const isBag = typeof protocols === 'object' && protocols !== null && !Array.isArray(protocols);
    const bag = (isBag ? protocols : { protocols: listOf(protocols) }) as BrowserWebSocketOptions;
    checkOptions('BrowserWebSocket', bag, { ...CONNECT_OPTIONS, ...EVENT_SOCKET_OPTIONS });
    const { maxBufferedBytes, ...options } = bag;
    const target = targetOf(url);
    const stop = new AbortController();
    const signal =
      options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    const socket = connectWebSocket(target, { ...options, signal }).then(facadedSocket);
    super(
      target.href,
      {
        socket,
        abort: (reason) => {
          stop.abort(reason);
        },
      },
      { maxBufferedBytes },
    );
  }
}

function listOf(protocols: unknown): string[] {
  if (typeof protocols !== 'string' && !Array.isArray(protocols)) {
    throw invalidInput('BrowserWebSocket', 'protocols', 'a string, a list or options', protocols);
  }
  const list = [protocols].flat();
  if (PROTOCOLS.accepts(list)) return list;
  throw new DOMException(
    `BrowserWebSocket: expected ${PROTOCOLS.expected}, got others`,
    'SyntaxError',
  );
}

/** The URL with the scheme `ws:` or `wss:`. */
function targetOf(url: string | URL): URL {
  const target = URL.canParse(String(url)) ? new URL(url) : undefined;
  if (target === undefined || !/^(?:ws|http)s?:$/.test(target.protocol) || target.hash !== '') {
    throw new DOMException(
      'BrowserWebSocket: expected an absolute URL with the scheme ws: or wss: and without a fragment, got another',
      'SyntaxError',
    );
  }
  return new URL(target.href.replace(/^http/, 'ws'));
}
