/**
 * From a request to its response: calls the handler, and sends what it returns, or the response to its failure.
 *
 * The most common handler returns a response with a whole body, and no promise. For it none of these functions makes a
 * promise: they return one only when there is something to wait for.
 */

import { IoError, LimitError, TimeoutError, type Address } from '@awaitio/core';
import { failureOf } from '@awaitio/core/lowlevel';
import { failureResponse } from '../message/error-response.ts';
import { ClientGoneError } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import { requestOf } from '../message/request.ts';
import { HttpResponse } from '../message/response.ts';
import { State } from '../protocol/state.ts';
import { RemoteProtocolError } from '../protocol/vocabulary/errors.ts';
import type { RequestHead } from '../protocol/vocabulary/events.ts';
import type { FieldList, HeadersInput } from '../protocol/vocabulary/fields.ts';
import type { ConnectionEnd } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { ServerRuntime } from './runtime.ts';
import { sendResponse, type ResponseOutlet } from './send-response.ts';

/** The connection that a request came on. */
export interface Responder extends ResponseOutlet {
  readonly id: number;
  readonly remoteAddress: Address | undefined;
  readonly runtime: ServerRuntime;
  /** Requests answered. */
  readonly answered: number;
  /** Whether the connection was handed over to another protocol. */
  readonly isSwitched: boolean;
  /** Why the connection ends, as far as is known. */
  readonly end: { readonly reason: ConnectionEnd };
}

/** Unread bytes of a request's body that are read and dropped to keep the connection (Go's net/http: 256 KiB). */
export const DRAIN_LIMIT = 262_144;

/** Something to wait for, or nothing. */
type Pending = Promise<void> | undefined;

/** Handles a request and sends its response. */
export function handle(responder: Responder, exchange: Exchange): Pending {
  const { runtime } = responder;
  if (!runtime.hasRoom) return rejectOverload(responder, exchange);
  runtime.observer.requestStarted(exchange);
  responder.phases.beginHandler();
  let result;
  let isResponse;
  try {
    result = runtime.handler(requestOf(exchange.head, exchange), exchange);
    isResponse = result instanceof HttpResponse;
  } catch (error) {
    return handlerFailed(responder, exchange, error);
  }
  if (isResponse) return respond(responder, exchange, result as HttpResponse);
  return handleLater(responder, exchange, result as Exclude<typeof result, HttpResponse>);
}

async function handleLater(
  responder: Responder,
  exchange: Exchange,
  result: Promise<HttpResponse | void> | void,
): Promise<void> {
  // Responses to earlier requests do not wait for this one's handler.
  if (responder.driver.gathered > 0) responder.driver.flushSoon();
  let response;
  try {
    response = await responder.phases.withHandlerDeadline(result);
    if (!responder.isSwitched && !(response instanceof HttpResponse)) {
      throw new TypeError(
        `serve: expected the handler to return an HttpResponse, ${got(response)}`,
      );
    }
  } catch (error) {
    await handlerFailed(responder, exchange, error);
    return;
  }
  await respond(responder, exchange, response as HttpResponse);
}

function handlerFailed(responder: Responder, exchange: Exchange, thrown: unknown): Pending {
  const error = failureOf(thrown, 'handler');
  if (!responder.isSwitched) {
    if (exchange.isAbort(error)) return abandon(responder, exchange);
    const response = responseFor(responder, exchange, error);
    exchange.abort(error);
    return respond(responder, exchange, response);
  }
  const { runtime, stream } = responder;
  if (!isCausedByPeer(responder, exchange, error)) runtime.report(error, exchange);
  runtime.observer.requestFinished(exchange, switchStatus(exchange.head), false);
  // The stream may have no other owner that would close it.
  stream.reset(error);
  return undefined;
}

/** The request was aborted, and its handler has stopped: there is no response, and the connection ends. */
function abandon({ http, runtime }: Responder, exchange: Exchange): Promise<void> {
  runtime.observer.responseStarted(exchange);
  runtime.observer.requestFinished(exchange, 0, false);
  http.sendFailed();
  return Promise.reject(brokenOff('serve: the request was aborted before its response'));
}

function respond(responder: Responder, exchange: Exchange, response: HttpResponse): Pending {
  const { observer } = responder.runtime;
  if (responder.isSwitched) {
    observer.requestFinished(exchange, switchStatus(exchange.head), true);
    return undefined;
  }
  observer.responseStarted(exchange);
  const sent = send(responder, exchange, response);
  if (sent !== undefined) return respondLater(responder, exchange, sent);
  observer.requestFinished(exchange, exchange.status, true);
  return undefined;
}

async function respondLater(
  responder: Responder,
  exchange: Exchange,
  sent: Promise<void>,
): Promise<void> {
  let isComplete = false;
  try {
    await sent;
    isComplete = true;
  } finally {
    responder.runtime.observer.requestFinished(exchange, exchange.status, isComplete);
  }
}

/** Responds 503 at once: too many requests are being handled. */
function rejectOverload(responder: Responder, exchange: Exchange): Pending {
  const { observer, retryAfter } = responder.runtime;
  const address = String(responder.remoteAddress ?? '');
  observer.refused(responder.id, address, 503, 'ERR_HTTP_OVERLOADED');
  return send(responder, exchange, failure(exchange, 503, { 'Retry-After': retryAfter }));
}

/** The response to a handler's failure. What the client did wrong goes to the client, every other error to `onError`. */
function responseFor(responder: Responder, exchange: Exchange, error: unknown): HttpResponse {
  if (error instanceof HttpProblem) {
    try {
      return HttpResponse.problem(error);
    } catch (failed) {
      reportFailure(responder, exchange, failed);
      return failure(exchange, 500);
    }
  }
  // Compared by identity: the handler's own connections fail with the same classes of errors.
  if (error instanceof RemoteProtocolError && error === responder.http.failure) {
    return failure(exchange, error.statusHint);
  }
  if (error instanceof LimitError && error === exchange.limitError) return failure(exchange, 413);
  if (responder.phases.expired === 'body') return failure(exchange, 408);
  reportFailure(responder, exchange, error);
  const isLate = error instanceof TimeoutError && error.operation === 'handler';
  return failure(exchange, isLate ? 503 : 500);
}

/** The response of the server itself, in the form that the client asked for. */
function failure({ head }: Exchange, status: number, headers?: HeadersInput): HttpResponse {
  return failureResponse(status, head.headers.get('accept'), headers);
}

/** What a handler returned in place of a response, and what to do about it; never its contents. */
function got(returned: unknown): string {
  if (returned === undefined) return 'got nothing: it may lack a `return`';
  if (typeof returned === 'string') return 'got a string: return HttpResponse.text(...)';
  if (returned instanceof Uint8Array) return 'got bytes: return HttpResponse.bytes(...)';
  if (Object.prototype.toString.call(returned) === '[object Response]') {
    return 'got a fetch Response: return an HttpResponse; a fetch Response is served by serve({ fetch })';
  }
  const what = returned === null ? 'null' : `a value of type ${typeof returned}`;
  return `got ${what}: return HttpResponse.json(...), or another HttpResponse`;
}

/**
 * Reports a failure of the handler. A client that stalls is the client's fault, unless it stalls because it sends the whole
 * request before it reads: then a handler that responds while it reads can never finish.
 */
function reportFailure(responder: Responder, exchange: Exchange, error: unknown): void {
  const { phases, runtime } = responder;
  if (phases.expired !== 'write' || !(error instanceof IoError)) {
    if (!isCausedByPeer(responder, exchange, error)) runtime.report(error, exchange);
  } else if (isStillSending(exchange)) {
    runtime.report(stalled(runtime.deadlines.writeStall, error), exchange);
  }
}

function isStillSending(exchange: Exchange): boolean {
  try {
    return !exchange.skipBuffered();
  } catch {
    // The rest of the request is malformed.
    return false;
  }
}

function stalled(milliseconds: number, cause: IoError): IoError {
  return new IoError(
    `the client read nothing of the response for ${milliseconds} ms (\`deadlines.writeStall\`) while it was sending its ` +
      'request: it reads only when all of the request is sent',
    { code: 'ERR_HTTP_WRITE_STALL', operation: 'serve', cause },
  );
}

/** Whether a failure was caused by the client, or by the server's shutdown, so that it is not an error of the handler. */
function isCausedByPeer(responder: Responder, exchange: Exchange, error: unknown): boolean {
  const { http, phases, stream } = responder;
  if (error instanceof ClientGoneError || error === http.failure) return true;
  if (exchange.isAbort(error)) return true;
  const isEnding = stream.isClosed || responder.end.reason === 'shutdown';
  return error instanceof IoError && (isEnding || phases.expired === 'body');
}

/** Sends a response: a promise when the handler's body, or the client, is slower than this side. */
function send(responder: Responder, exchange: Exchange, given: HttpResponse): Pending {
  const { runtime, phases } = responder;
  phases.clearDeadline();
  // RFC 9110 section 9.3.6: 2xx would make a tunnel of the connection, which only `upgrade` does.
  const isTunnel = exchange.head.method === 'CONNECT' && given.status < 300;
  const response = isTunnel ? failure(exchange, 501) : given;
  exchange.status = response.status;
  const { isStreamed } = response;
  // The body of a streamed response may be made of the request's, as an echo's is.
  if (isStreamed) exchange.sendContinue();
  // The rest of such a request is not read: the response says `Connection: close`.
  const isUnread =
    !isStreamed && !exchange.isRequestRead && !exchange.isBodyUsed && hasMuchLeft(exchange);
  let blocked;
  try {
    blocked = sendResponse(responder, response, {
      date: runtime.date.toString(),
      close:
        response.close ||
        isUnread ||
        runtime.isDraining ||
        runtime.isLastRequest(responder.answered + 1),
    });
  } catch (error) {
    return sendFailed(responder, exchange, error);
  }
  if (blocked === undefined) return undefined;
  // A streamed response also waits for its handler, and begins the write phase itself.
  const sent = isStreamed ? blocked : phases.withWriteDeadline(blocked);
  return sendLater(responder, exchange, sent);
}

async function sendLater(
  responder: Responder,
  exchange: Exchange,
  sent: Promise<void>,
): Promise<void> {
  try {
    await sent;
  } catch (error) {
    await sendFailed(responder, exchange, error);
  }
}

function sendFailed(responder: Responder, exchange: Exchange, thrown: unknown): Pending {
  const error = failureOf(thrown, 'body');
  const { http, stream } = responder;
  reportFailure(responder, exchange, error);
  // The response was invalid: none of it was sent.
  if (http.serverState === State.SEND_RESPONSE)
    return send(responder, exchange, failure(exchange, 500));
  http.sendFailed();
  // The head was sent: only a reset tells the client that the response is incomplete.
  stream.reset(error);
  return Promise.reject(brokenOff('serve: the answer could not be completed'));
}

function brokenOff(message: string): IoError {
  return new IoError(message, { code: 'ERR_HTTP_CONNECTION_ENDED', operation: 'serve' });
}

function hasMuchLeft(exchange: Exchange): boolean {
  return exchange.awaitsContinue || (exchange.head.contentLength ?? 0) > DRAIN_LIMIT;
}

/** Writes the response that switches protocols. */
export function writeSwitch(
  { http, driver, runtime }: Responder,
  head: RequestHead,
  fields: FieldList,
): void {
  const date = runtime.date.toString();
  const proposed = head.headers.get('upgrade');
  const status = switchStatus(head);
  driver.write(http.sendResponse({ status, fields, length: undefined, date, proposed }));
}

/** The status that switches protocols (RFC 9110 sections 9.3.6 and 15.2.2). */
function switchStatus(head: RequestHead): number {
  return head.method === 'CONNECT' ? 200 : 101;
}
