/** `webSocket`: the opening handshake of a server (RFC 6455 section 4.2), in a handler. */

import {
  charged,
  checkMethods,
  checkOptions,
  invalidInput,
  lazy,
  rules,
  withDefaults,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { HandlerContext } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import { HttpRequest } from '../message/request.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import { elementsOf, trimBlanks } from '../protocol/vocabulary/lists.ts';
import type { CompressionOptions } from './compression/compression-options.ts';
import type { Compression } from './compression/compression.ts';
import { DEFAULT_WEBSOCKET_DRAIN, DRAIN, sayGoodbye, type WebSocketDrain } from './farewell.ts';
import { OPENING_OPTIONS, openingFields, settingsOf } from './handshake.ts';
import type { Some, WebSocketDeadlines, WebSocketLimits } from './options.ts';
import { acceptOf, maskSource } from './random-bits.ts';
import { sessionOf, socketOf, type WebSocket } from './web-socket.ts';

/** Options of {@link webSocket}. */
export interface WebSocketOptions {
  /**
   * Subprotocols that this server speaks, the preferred one first. The first that the client proposes too is agreed on; when there
   * is none, the WebSocket has none. @default none
   */
  readonly protocols?: readonly string[] | undefined;
  /**
   * The origins whose pages may connect, such as `https://app.example`. A browser sends the origin of the page, with its cookies for
   * this server, whatever page that is; other clients need not send any, and are let in. @default every origin
   */
  readonly origins?: readonly string[] | undefined;
  /** More fields of the response; none of the handshake, which are `Upgrade` and `Sec-WebSocket-…`. @default none */
  readonly headers?: HeadersInput | undefined;
  /** Compresses messages, if the client offers it: permessage-deflate (RFC 7692). @default none */
  readonly compression?: CompressionOptions | undefined;
  readonly limits?: Some<WebSocketLimits> | undefined;
  readonly deadlines?: Some<WebSocketDeadlines> | undefined;
  /** What becomes of it when the server shuts down. */
  readonly drain?: Some<WebSocketDrain> | undefined;
}

/** What {@link WebSocketOptions} may be. */
export const WEB_SOCKET_OPTIONS: OptionTable<WebSocketOptions> = {
  ...OPENING_OPTIONS,
  origins: {
    expected: 'a list of origins, such as https://app.example',
    accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  },
  drain: rules.group(DRAIN),
};

const compressionParts = lazy(() => import('./compression/compression.ts'));
const VERSION = '13';
/** 16 bytes in base64. */
const NONCE = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/**
 * Accepts a WebSocket (RFC 6455): answers the request with 101, and hands the connection over.
 *
 * When the server shuts down, the WebSocket is closed with 1001, at its moment in the `drain.window`: when its handler is at work
 * on a message, once that asks for the next one. The shutdown waits for the peer’s answer, up to its `grace`. A handler that fails afterwards resets the connection; one that returns leaves the WebSocket open.
 *
 * @param request - The request of the handler.
 * @param context - The context of the handler: its clock is that of the deadlines.
 * @param options - See {@link WebSocketOptions}.
 * @returns The WebSocket, open.
 * @throws `HttpProblem` when the request does not ask for a WebSocket, which becomes the response: 426 for another request and for
 * another version, 400 for a malformed key or malformed extensions, 403 for an origin that is not in `origins`. `InvalidInputError` for a wrong argument or
 * option; `LocalProtocolError` for a header that must not be sent, and when the response has begun; the stream’s errors when the
 * client has gone.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { connectWebSocket, webSocket } from '@awaitio/http/websocket';
 *
 * const server = await serve(
 *   async (request, context) => {
 *     if (request.path !== '/time') return HttpResponse.text('a page');
 *     const socket = await webSocket(request, context, { protocols: ['time.v1'] });
 *     await socket.send('12:00');
 *     await socket.close(1000, 'that is all');
 *     return undefined;
 *   },
 *   { port: 0 },
 * );
 * const socket = await connectWebSocket(`${server.url}time`, { protocols: ['time.v1'] });
 * for await (const message of socket) console.log(socket.protocol, message); // time.v1 12:00
 * console.log((await socket.closed).reason); // that is all
 * await server.shutdown();
 * ```
 */
export function webSocket(
  request: HttpRequest,
  context: Pick<HandlerContext, 'upgrade' | 'clock'> & Partial<HandlerContext>,
  options: WebSocketOptions = {},
): Promise<WebSocket> {
  return charged(context, () => accept(request, context, options));
}

async function accept(
  request: HttpRequest,
  context: Pick<HandlerContext, 'upgrade' | 'clock'> & Partial<HandlerContext>,
  options: WebSocketOptions,
): Promise<WebSocket> {
  if (!(request instanceof HttpRequest)) {
    throw invalidInput('webSocket', 'request', 'the HttpRequest of the handler', request);
  }
  checkMethods('webSocket', 'context', context, ['upgrade']);
  checkOptions('webSocket', options, WEB_SOCKET_OPTIONS);
  const nonce = checkHandshake(request, options.origins);
  const protocol = chooseProtocol(request, options.protocols ?? []);
  const settings = settingsOf(options);
  const { compression: wishes } = options;
  const compression =
    wishes === undefined ? undefined : await agreeOnCompression(request, wishes, settings.limits);
  const fields: (readonly [string, string])[] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptOf(nonce)],
  ];
  if (protocol !== '') fields.push(['Sec-WebSocket-Protocol', protocol]);
  if (compression !== undefined) fields.push(['Sec-WebSocket-Extensions', compression.text]);
  const drain = withDefaults(DEFAULT_WEBSOCKET_DRAIN, options.drain);
  const opened: { socket?: WebSocket } = {};
  let isDraining = false;
  const { stream } = await context.upgrade({
    headers: openingFields('webSocket', options.headers, fields),
    onDrain: () => {
      isDraining = true;
      if (opened.socket !== undefined) sayGoodbye(sessionOf(opened.socket), drain);
    },
  });
  const socket = socketOf(
    {
      stream,
      url: urlOf(request, context.isEncrypted === true),
      role: 'server',
      clock: context.clock,
      ...settings,
      nextMask: maskSource(undefined),
      compression,
    },
    protocol,
  );
  opened.socket = socket;
  // The shutdown may have begun while the response was written.
  if (isDraining) sayGoodbye(sessionOf(socket), drain);
  return socket;
}

/** The URL that the client asked for, as far as it can be known here. */
function urlOf({ headers, target }: HttpRequest, isEncrypted: boolean): string {
  const url = `${isEncrypted ? 'wss' : 'ws'}://${headers.get('host') ?? ''}${target}`;
  return URL.canParse(url) ? url : '';
}

/** @returns The client’s nonce. @throws `HttpProblem` */
function checkHandshake(request: HttpRequest, origins: readonly string[] | undefined): string {
  const { headers } = request;
  const proposed = headers.getAll('upgrade').flatMap(elementsOf);
  if (request.method !== 'GET' || !proposed.includes('websocket')) {
    throw new HttpProblem(426, {
      detail: 'expected a request for a WebSocket, got another',
      headers: { Upgrade: 'websocket' },
    });
  }
  if (headers.get('sec-websocket-version') !== VERSION) {
    throw new HttpProblem(426, {
      detail: `expected version ${VERSION} of WebSocket, got another`,
      headers: { Upgrade: 'websocket', 'Sec-WebSocket-Version': VERSION },
    });
  }
  const nonces = headers.getAll('sec-websocket-key').map(trimBlanks);
  const [nonce] = nonces;
  if (nonce === undefined || nonces.length > 1 || !NONCE.test(nonce)) {
    throw new HttpProblem(400, { detail: 'expected one Sec-WebSocket-Key of 16 bytes in base64' });
  }
  const origin = headers.get('origin');
  if (origin !== null && origins !== undefined && !origins.includes(origin)) {
    throw new HttpProblem(403, { detail: 'pages of this origin may not connect' });
  }
  return nonce;
}

/** The first of the server’s subprotocols that the client proposes; names are compared as they are written. */
function chooseProtocol(request: HttpRequest, known: readonly string[]): string {
  const lists = request.headers.getAll('sec-websocket-protocol');
  const proposed = lists.flatMap((list) => list.split(',').map(trimBlanks));
  return known.find((name) => proposed.includes(name)) ?? '';
}

/** @throws `HttpProblem` */
async function agreeOnCompression(
  { headers }: HttpRequest,
  options: CompressionOptions,
  limits: WebSocketLimits,
): Promise<Compression | undefined> {
  const { acceptCompression } = compressionParts.value ?? (await compressionParts.load());
  const agreed = acceptCompression(headers.getAll('sec-websocket-extensions'), options, limits);
  if (agreed !== 'malformed') return agreed;
  throw new HttpProblem(400, { detail: 'expected Sec-WebSocket-Extensions as in RFC 6455' });
}
