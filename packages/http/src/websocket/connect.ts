/** `connectWebSocket`: the opening handshake of a client (RFC 6455 section 4.1), over an `HttpClient`. */

import { InvalidInputError, systemClock, type Clock, type Random } from '@awaitio/core';
import {
  charged,
  checkOptions,
  invalidInput,
  lazy,
  rules,
  type Lazy,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { HttpClient } from '../client/client.ts';
import type { ClientResponse } from '../client/response.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import { elementsOf } from '../protocol/vocabulary/lists.ts';
import type { CompressionOptions } from './compression/compression-options.ts';
import type { Compression } from './compression/compression.ts';
import {
  OPENING_OPTIONS,
  openingFields,
  settingsOf,
  WebSocketHandshakeError,
} from './handshake.ts';
import type { Some, WebSocketDeadlines, WebSocketLimits } from './options.ts';
import { acceptOf, maskSource, nonceOf } from './random-bits.ts';
import { socketOf, type WebSocket } from './web-socket.ts';

/** Options of {@link connectWebSocket}. */
export interface ConnectWebSocketOptions {
  /**
   * Opens the connection: its proxy, TLS, deadlines and header fields are used. The WebSocket is not one of its connections any
   * more when it is open, and does not end with it. @default an `HttpClient` without options, which all calls share
   */
  readonly client?: Pick<HttpClient, 'request'> | undefined;
  /** Subprotocols to propose, the preferred one first; the server’s choice is `socket.protocol`. @default none */
  readonly protocols?: readonly string[] | undefined;
  /** More fields of the request, such as `Authorization` or `Origin`; none of the handshake. @default none */
  readonly headers?: HeadersInput | undefined;
  /** Offers to compress messages: permessage-deflate (RFC 7692). @default none */
  readonly compression?: CompressionOptions | undefined;
  readonly limits?: Some<WebSocketLimits> | undefined;
  readonly deadlines?: Some<WebSocketDeadlines> | undefined;
  /** Cancels the opening; afterwards it does nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the WebSocket is open. @default the client’s `deadlines.total` */
  readonly timeout?: number | undefined;
  /** The clock of the deadlines. @default the system’s */
  readonly clock?: Clock | undefined;
  /** Makes the masks and the key. Give one that can be foreseen in tests only. @default the system’s generator for secrets */
  readonly random?: Random | undefined;
}

/** What {@link ConnectWebSocketOptions} may be. */
export const CONNECT_OPTIONS: OptionTable<ConnectWebSocketOptions> = {
  ...OPENING_OPTIONS,
  client: rules.method('request'),
  signal: rules.signal,
  timeout: rules.milliseconds,
  clock: rules.clock,
  random: rules.method('integer'),
};

const clientParts: Lazy<{ readonly HttpClient: typeof HttpClient }> = lazy(
  () => import('../client/client.ts'),
);
const compressionParts = lazy(() => import('./compression/compression.ts'));
let sharedClient: HttpClient | undefined;

async function defaultClient(): Promise<HttpClient> {
  const parts = clientParts.value ?? (await clientParts.load());
  sharedClient ??= new parts.HttpClient();
  return sharedClient;
}

/**
 * Opens a WebSocket to a server (RFC 6455).
 *
 * @param url - With the scheme `ws:` or `wss:`, without a fragment; `http:` and `https:` stand for them.
 * @param options - See {@link ConnectWebSocketOptions}.
 * @returns The WebSocket, open. It is the caller’s to close.
 * @throws {@link WebSocketHandshakeError} when the server answers with anything but a WebSocket; redirects are not followed. Otherwise
 * as `HttpClient.request`: `AddressError`, `CertificateError`, `TlsError`, `BrokenError`, `RemoteProtocolError`, `TimeoutError`,
 * `signal.reason`, `LocalProtocolError`, `InvalidInputError`. A cancelled call leaves no connection behind.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { connectWebSocket, webSocket } from '@awaitio/http/websocket';
 *
 * const server = await serve(
 *   async (request, context) => {
 *     await using socket = await webSocket(request, context);
 *     await socket.send(`hello, ${await socket.receive()}`);
 *   },
 *   { port: 0 },
 * );
 * await using socket = await connectWebSocket(server.url.replace('http:', 'ws:'));
 * await socket.send('you');
 * console.log(await socket.receive()); // hello, you
 * await socket.close();
 * await server.shutdown();
 * ```
 */
export async function connectWebSocket(
  url: string | URL,
  options: ConnectWebSocketOptions = {},
): Promise<WebSocket> {
  return charged(options, () => open(url, options));
}

async function open(url: string | URL, options: ConnectWebSocketOptions): Promise<WebSocket> {
  checkOptions('connectWebSocket', options, CONNECT_OPTIONS);
  const target = httpUrl(url);
  const nextMask = maskSource(options.random);
  const nonce = nonceOf(nextMask);
  const protocols = options.protocols ?? [];
  const client = options.client ?? (await defaultClient());
  const { compression: wishes } = options;
  const offer = wishes === undefined ? undefined : await offerOf(wishes);
  const settings = settingsOf(options);
  const response = await client.request('GET', target, {
    headers: openingFields(
      'connectWebSocket',
      options.headers,
      requestFields(nonce, protocols, offer),
    ),
    maxRedirects: 0,
    retry: false,
    signal: options.signal,
    timeout: options.timeout,
  });
  let protocol;
  let compression;
  try {
    protocol = checkResponse(response, nonce, protocols);
    compression = agreedOn(response, offer === undefined ? undefined : wishes, settings.limits);
  } catch (error) {
    if (response.status === 101) response.takeStream().reset(error);
    else response.discard();
    throw error;
  }
  return socketOf(
    {
      stream: response.takeStream(),
      url: target.href.replace(/^http/, 'ws').replace(/\/\/[^/@]*@/, '//'),
      role: 'client',
      clock: options.clock ?? systemClock,
      ...settings,
      nextMask,
      compression,
    },
    protocol,
  );
}

/** The URL of the request that opens the WebSocket (RFC 6455 section 3). */
function httpUrl(url: string | URL): URL {
  const isText = typeof url === 'string' || url instanceof URL;
  const parsed = isText && URL.canParse(String(url)) ? new URL(url) : undefined;
  const scheme = /^(?:ws|http)(s?):$/.exec(parsed?.protocol ?? '');
  // The URL may hold a password, which no message shows.
  if (parsed === undefined || scheme === null || parsed.hash !== '') {
    const expected = 'an absolute URL with the scheme ws:, wss:, http: or https:, and no fragment';
    if (!isText) throw invalidInput('connectWebSocket', 'url', expected, url);
    throw new InvalidInputError(
      `connectWebSocket: expected \`url\` to be ${expected}, got a text that is not shown`,
      'connectWebSocket',
    );
  }
  // The scheme of a URL may be set to its twin only; the rest stays.
  return new URL(parsed.href.replace(/^ws/, 'http'));
}

function requestFields(
  nonce: string,
  protocols: readonly string[],
  offer: string | undefined,
): [string, string][] {
  const fields: [string, string][] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', nonce],
    ['Sec-WebSocket-Version', '13'],
  ];
  if (offer !== undefined) fields.push(['Sec-WebSocket-Extensions', offer]);
  if (protocols.length > 0) fields.push(['Sec-WebSocket-Protocol', protocols.join(', ')]);
  return fields;
}

async function offerOf(options: CompressionOptions): Promise<string | undefined> {
  const { offerCompression } = compressionParts.value ?? (await compressionParts.load());
  return offerCompression(options);
}

/** What the server has agreed to. @throws {@link WebSocketHandshakeError} for what was not offered */
function agreedOn(
  { status, headers }: ClientResponse,
  options: CompressionOptions | undefined,
  limits: WebSocketLimits,
): Compression | undefined {
  const lines = headers.getAll('sec-websocket-extensions');
  if (lines.length === 0) return undefined;
  // Loaded with the offer.
  const agreed =
    options === undefined
      ? 'refused'
      : compressionParts.value?.openCompression(lines, options, limits);
  if (agreed !== 'refused') return agreed;
  throw new WebSocketHandshakeError('no extension but as it was offered', status);
}

/** @returns The subprotocol. @throws {@link WebSocketHandshakeError} */
function checkResponse(
  { status, headers }: ClientResponse,
  nonce: string,
  protocols: readonly string[],
): string {
  const fail = (expected: string): never => {
    throw new WebSocketHandshakeError(expected, status);
  };
  if (status !== 101) fail('status 101');
  const upgrades = headers.getAll('upgrade').flatMap(elementsOf);
  if (upgrades.length !== 1 || upgrades[0] !== 'websocket') fail('a switch to websocket');
  const connection = headers.getAll('connection').flatMap(elementsOf);
  if (!connection.includes('upgrade')) fail('the connection option upgrade');
  if (headers.get('sec-websocket-accept') !== acceptOf(nonce)) {
    fail('the Sec-WebSocket-Accept that belongs to the key');
  }
  const chosen = headers.getAll('sec-websocket-protocol');
  const isProposed = chosen.length === 1 && protocols.includes(chosen[0] as string);
  if (chosen.length > 0 && !isProposed) fail('one of the subprotocols that were proposed');
  return chosen[0] ?? '';
}
