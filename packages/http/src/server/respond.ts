/**
 * From a request to its response: calls the handler, and sends what it returns, or the response to its failure.
 *
 * The most common handler returns a response with a whole body, and no promise. For it none of these functions makes a
 * promise: they return one only when there is something to wait for.
 */

import { IoError, type Address } from '@awaitio/core';
import { failureOf, runUntil, traceAs, type WaitHolder } from '@awaitio/core/lowlevel';
import { ClientGoneError, type Handler } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import { requestOf } from '../message/request.ts';
import { HttpResponse } from '../message/response.ts';
import { State } from '../protocol/state.ts';
import { isTraced } from '../tracing/channels.ts';
import { ServerRequestTracer, serverRequests } from '../tracing/server-request.ts';
import type { Exchange } from './exchange.ts';
import {
  failure,
  got,
  isCausedByPeer,
  isLate,
  reportFailure,
  responseFor,
  type FailureScene,
} from './failures.ts';
import type { ServerRuntime } from './runtime.ts';
import { dropResponse, sendResponse } from './sending/send-response.ts';
import { switchStatus } from './upgrade.ts';

/** The connection that a request came on. */
export interface Responder extends FailureScene {
  readonly id: number;
  readonly remoteAddress: Address | undefined;
  /** Requests answered. */
  readonly answered: number;
  /** Whether the connection was handed over to another protocol. */
  readonly isSwitched: boolean;
  /** Its task: that of the waits of its handlers. */
  readonly task: WaitHolder | undefined;
}

/** Unread bytes of a request's body that are read and dropped to keep the connection (Go's net/http: 256 KiB). */
export const DRAIN_LIMIT = 262_144;

/** Something to wait for, or nothing. */
type Pending = Promise<void> | undefined;

/** Handles a request and sends its response. */
export function handle(responder: Responder, exchange: Exchange): Pending {
  const isShown = isTraced(serverRequests) && !responder.runtime.isHidden;
  return isShown ? trace(responder, exchange) : answer(responder, exchange);
}

function trace(responder: Responder, exchange: Exchange): Pending {
  const tracer = new ServerRequestTracer(exchange, requestOf(exchange.head, exchange));
  exchange.trace = tracer;
  const pending = tracer.run(() => answer(responder, exchange));
  // Only one that was refused is not over by then.
  const end = (isComplete: boolean): void => {
    tracer.finished(exchange.status, isComplete);
  };
  if (pending === undefined) end(true);
  else {
    pending.then(
      () => {
        end(true);
      },
      () => {
        end(false);
      },
    );
  }
  return pending;
}

function answer(responder: Responder, exchange: Exchange): Pending {
  const { runtime } = responder;
  if (!runtime.hasRoom) return rejectOverload(responder, exchange);
  runtime.observer.requestStarted(exchange);
  responder.phases.beginHandler();
  let result;
  let isResponse;
  try {
    const call = runtime.isScoped ? handleInScope : callHandler;
    result = traceAs(responder.task, call, runtime, exchange);
    isResponse = result instanceof HttpResponse;
  } catch (error) {
    return handlerFailed(responder, exchange, error);
  }
  if (isResponse) return respond(responder, exchange, result as HttpResponse);
  return handleLater(responder, exchange, result as Exclude<typeof result, HttpResponse>);
}

function callHandler({ handler }: ServerRuntime, exchange: Exchange): ReturnType<Handler> {
  return handler(exchange.trace?.request ?? requestOf(exchange.head, exchange), exchange);
}

/** The scope lasts as long as the response: a body that is streamed keeps the context that it was made in. */
function handleInScope(runtime: ServerRuntime, exchange: Exchange): ReturnType<Handler> {
  const end = {
    name: 'handler',
    clock: runtime.clock,
    signal: exchange.signal,
    // From then on the handler owns the stream, and a client that has finished sending is an end of that.
    applies: () => !exchange.isUpgraded,
  };
  return runUntil(end, () => callHandler(runtime, exchange));
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
    response = await responder.phases.withHandlerDeadline(result, responder.task);
    if (!responder.isSwitched && !(response instanceof HttpResponse)) {
      throw new TypeError(
        `serve: expected the handler to return an HttpResponse, ${got(response)}`,
      );
    }
  } catch (error) {
    if (isLate(error)) dropLater(result, error);
    await handlerFailed(responder, exchange, error);
    return;
  }
  await respond(responder, exchange, response as HttpResponse);
}

/** The response of a handler that was given up is not sent, but its body has to end. */
function dropLater(result: unknown, reason: unknown): void {
  Promise.resolve(result).then(
    (response) => {
      dropResponse(response, reason);
    },
    () => {},
  );
}

function handlerFailed(responder: Responder, exchange: Exchange, thrown: unknown): Pending {
  const error = failureOf(thrown, 'handler');
  if (!(error instanceof HttpProblem)) exchange.trace?.failed(error);
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
    dropResponse(response, undefined);
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

/** Sends a response: a promise when the handler's body, or the client, is slower than this side. */
function send(responder: Responder, exchange: Exchange, given: HttpResponse): Pending {
  const { runtime, phases } = responder;
  phases.clearDeadline();
  // RFC 9110 section 9.3.6: 2xx would make a tunnel of the connection, which only `upgrade` does.
  const isTunnel = exchange.head.method === 'CONNECT' && given.status < 300;
  const response = isTunnel ? failure(exchange, 501) : given;
  if (isTunnel) dropResponse(given, undefined);
  exchange.status = response.status;
  exchange.trace?.answered(response);
  const { isStreamed } = response;
  // The body of a streamed response may be made of the request's, as an echo's is.
  if (isStreamed) exchange.sendContinue();
  // The rest of such a request is not read: the response says `Connection: close`.
  const isUnread = !isStreamed && (exchange.isReading || hasMuchLeft(exchange));
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
  exchange.trace?.failed(error);
  const { http } = responder;
  if (http.serverState === State.SEND_RESPONSE && !hasLeft(responder, exchange, error)) {
    // None of it was sent.
    const response = responseFor(responder, exchange, error);
    exchange.abort(error);
    return send(responder, exchange, response);
  }
  reportFailure(responder, exchange, error);
  if (http.serverState === State.SEND_RESPONSE) exchange.status = 0;
  http.sendFailed();
  return cut(responder, exchange, error);
}

/** Whether a failure means that no response is of use. */
function hasLeft({ stream }: Responder, exchange: Exchange, error: unknown): boolean {
  return stream.isClosed || error instanceof ClientGoneError || exchange.isAbort(error);
}

/**
 * The response cannot be completed, and the client has to notice. A reset tells it best, but would destroy what is on its
 * way: behind complete responses the connection ends with FIN, which a length and chunks show to come too early
 * (RFC 9112 section 8). Where only the end of the connection ends a body, it is a reset in any case.
 */
async function cut(responder: Responder, exchange: Exchange, error: unknown): Promise<void> {
  const { driver, phases, stream } = responder;
  const isFirst = responder.answered === 0;
  try {
    const blocked = isFirst ? undefined : driver.flush();
    if (blocked !== undefined) await phases.withWriteDeadline(blocked);
  } catch {
    // The client has gone.
  }
  if (isFirst || exchange.head.httpVersion === '1.0') stream.reset(error);
  throw brokenOff('serve: the answer could not be completed');
}

function brokenOff(message: string): IoError {
  return new IoError(message, { code: 'ERR_HTTP_CONNECTION_ENDED', operation: 'serve' });
}

function hasMuchLeft(exchange: Exchange): boolean {
  if (exchange.isRequestRead || exchange.isBodyUsed) return false;
  return exchange.awaitsContinue || (exchange.head.contentLength ?? 0) > DRAIN_LIMIT;
}
