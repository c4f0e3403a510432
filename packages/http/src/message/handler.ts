/** What a handler is, and what it may do beside returning a response. */

import type { ByteStream, Clock } from '@awaitio/core';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import type { ProxyHeader } from '../proxy-protocol/header.ts';
import type { HttpRequest } from './request.ts';
import type { HttpResponse } from './response.ts';

/** Answers a request. */
export type Handler = (
  request: HttpRequest,
  context: HandlerContext,
) => HttpResponse | Promise<HttpResponse | void> | void;

/** What a handler may do beside returning a response. */
export interface HandlerContext {
  /**
   * Sends an informational response, such as 103 with `Link` fields, before the response.
   *
   * @param status - 100 to 199, except 101.
   * @throws `LocalProtocolError` once the response has begun. To an HTTP/1.0 client nothing is sent.
   */
  informational(status: number, headers?: HeadersInput): void;
  /**
   * Switches to another protocol: 101, or 200 for CONNECT. From then on the handler owns the stream, with the first bytes
   * of the new protocol in it. What the handler returns is ignored; a handler that fails resets the stream.
   *
   * @throws `LocalProtocolError` when the request did not ask for it.
   */
  upgrade(headers?: HeadersInput): Promise<Switched>;
  /** Whether the server's shutdown has begun. */
  readonly isDraining: boolean;
  /**
   * Aborts when the server has stopped accepting connections: at the beginning of its shutdown, or at the end of `lameDuck`
   * if that is given. Responses that would go on for ever end then; a client that connects again reaches another server.
   */
  readonly drainSignal: AbortSignal;
  /** The clock of the server: the `clock` of `serve`, or the system's. */
  readonly clock: Clock;
  /** Whether the connection is encrypted (TLS). */
  readonly isEncrypted: boolean;
  /** The PROXY header that a trusted proxy sent. */
  readonly proxyHeader: ProxyHeader | undefined;
  /**
   * Sets the deadline of this handler, from now until it has returned, in place of the server's `handler` deadline. Call it
   * before the handler's first `await`.
   *
   * @param milliseconds - From 0; `Infinity` for no limit.
   */
  setDeadline(milliseconds: number): void;
  /** Makes the server's shutdown wait for work that goes on after the response; its failure goes to `onError`. */
  waitUntil(work: Promise<unknown>): void;
}

/** The result of a switch of protocols. */
export interface Switched {
  /** The connection. The handler owns it from now on, and closes it. */
  readonly stream: ByteStream;
}

/** Why a request's signal aborted: the client closed the connection. */
export class ClientGoneError extends Error {
  override name = 'ClientGoneError';
  readonly code = 'ERR_HTTP_CLIENT_GONE';
}
