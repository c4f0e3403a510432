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
   * Switches to another protocol: 101, or 200 for CONNECT. A request that does not propose the protocol is refused: with 426 where
   * `headers` name it in `Upgrade`, otherwise with 400. From then on the handler owns the stream, with the first bytes
   * of the new protocol in it. What the handler returns is ignored; a handler that fails resets the stream. The server goes on
   * counting the connection, and its shutdown waits for it up to the grace.
   *
   * @param options - See {@link UpgradeOptions}.
   * @throws `HttpProblem` when the request does not propose the protocol, which becomes the response; `LocalProtocolError` when its
   * response has begun; `InvalidInputError` for a wrong option; the stream's errors when the client has gone.
   */
  upgrade(options?: UpgradeOptions): Promise<Switched>;
  /** Whether the connection was handed over by {@link HandlerContext.upgrade}. */
  readonly isUpgraded: boolean;
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

/** Options of {@link HandlerContext.upgrade}. */
export interface UpgradeOptions {
  /**
   * Fields of the response. `Upgrade` names the protocol of the handler, such as `websocket`.
   * @default `Upgrade` with the protocol that the request proposes, when it is one, and `Connection`
   */
  readonly headers?: HeadersInput | undefined;
  /**
   * Called once when the server has stopped accepting (as {@link HandlerContext.drainSignal}), unless the stream has closed: say
   * goodbye in the new protocol, and close. What it throws, or rejects with, goes to `onError`.
   * @default the connection is reset at the end of the shutdown's `grace`
   */
  readonly onDrain?: (() => unknown) | undefined;
  /**
   * Whether the server sends the response. `false` is for codecs that write it themselves, such as `ws`: nothing is sent then, and of
   * `headers` only `Upgrade` is used, for which the request is checked. @default true
   */
  readonly sendResponse?: boolean | undefined;
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
