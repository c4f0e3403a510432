/**
 * From a request to its answer: the handler is called, and what it returns, or how it failed, is sent.
 *
 * A handler that answers at once, with a body that is there, is the most common request and the one whose time counts:
 * for it none of these functions makes a promise. They return one only when there is something to wait for.
 */

import { IoError, LimitError, TimeoutError } from '@awaitio/core';
import { ClientGoneError, type Exchange } from './exchange.ts';
import { HttpProblem } from '../message/problem.ts';
import { RemoteProtocolError } from '../protocol/vocabulary/errors.ts';
import type { RequestHead } from '../protocol/vocabulary/events.ts';
import { State } from '../protocol/state.ts';
import { HttpRequest } from '../message/request.ts';
import { refusal } from '../message/error-response.ts';
import { HttpResponse } from '../message/response.ts';
import { sendResponse } from './send-response.ts';
import type { ServerConnection } from './connection.ts';

/** Unread bytes of a request's body that are taken to keep the connection (Go's net/http: 256 KiB). */
export const DRAIN_LIMIT = 262_144;

/** Something to wait for, or nothing. */
type Pending = Promise<void> | undefined;

/** Has a request handled and answered. */
export function handle(connection: ServerConnection, exchange: Exchange): Pending {
  const { runtime } = connection;
  if (!runtime.hasRoom) return rejectOverload(connection, exchange);
  runtime.observer.requestStarted(exchange);
  connection.phases.beginHandler();
  let result;
  try {
    result = runtime.handler(new HttpRequest(exchange.head, exchange), exchange);
  } catch (error) {
    return handlerFailed(connection, exchange, error);
  }
  if (result instanceof HttpResponse) return respond(connection, exchange, result);
  return handleLater(connection, exchange, result);
}

async function handleLater(
  connection: ServerConnection,
  exchange: Exchange,
  result: Promise<HttpResponse | void> | void,
): Promise<void> {
  // Answers to requests before this one do not wait for its handler.
  if (connection.driver.gathered > 0) connection.driver.flushSoon();
  let response;
  try {
    response = await connection.phases.withHandlerDeadline(result);
    if (!connection.isSwitched && !(response instanceof HttpResponse)) {
      throw new TypeError('expected the handler to return an HttpResponse, got something else');
    }
  } catch (error) {
    await handlerFailed(connection, exchange, error);
    return;
  }
  await respond(connection, exchange, response as HttpResponse);
}

function handlerFailed(connection: ServerConnection, exchange: Exchange, error: unknown): Pending {
  if (!connection.isSwitched) {
    return respond(connection, exchange, responseFor(connection, exchange, error));
  }
  const { runtime, stream } = connection;
  runtime.report(error, exchange);
  runtime.observer.requestFinished(exchange, switchStatus(exchange.head), false);
  // Nobody else knows of the stream, as far as can be told.
  stream.reset(error);
  return undefined;
}

function respond(
  connection: ServerConnection,
  exchange: Exchange,
  response: HttpResponse,
): Pending {
  const { observer } = connection.runtime;
  if (connection.isSwitched) {
    observer.requestFinished(exchange, switchStatus(exchange.head), true);
    return undefined;
  }
  observer.responseStarted(exchange);
  const answered = send(connection, exchange, response);
  if (answered !== undefined) return respondLater(connection, exchange, answered);
  observer.requestFinished(exchange, exchange.status, true);
  return undefined;
}

async function respondLater(
  connection: ServerConnection,
  exchange: Exchange,
  answered: Promise<void>,
): Promise<void> {
  let isComplete = false;
  try {
    await answered;
    isComplete = true;
  } finally {
    connection.runtime.observer.requestFinished(exchange, exchange.status, isComplete);
  }
}

/** Answers at once that there is too much to do. */
function rejectOverload(connection: ServerConnection, exchange: Exchange): Pending {
  const { observer, retryAfter } = connection.runtime;
  const address = String(connection.remoteAddress ?? '');
  observer.refused(connection.id, address, 503, 'ERR_HTTP_OVERLOADED');
  return send(connection, exchange, refusal(503, ['Retry-After', String(retryAfter)]));
}

/** What to answer when a handler failed: the client's fault is told to the client, the program's to the program. */
function responseFor(
  connection: ServerConnection,
  exchange: Exchange,
  error: unknown,
): HttpResponse {
  exchange.abort(error);
  if (error instanceof HttpProblem) return HttpResponse.problem(error);
  // The same classes of errors come from other connections, which a handler may have to do with.
  if (error instanceof RemoteProtocolError && error === connection.http.failure) {
    return refusal(error.statusHint);
  }
  if (error instanceof LimitError && error === exchange.limitError) return refusal(413);
  if (connection.phases.expired === 'body') return refusal(408);
  if (!isCausedByPeer(connection, error)) connection.runtime.report(error, exchange);
  return refusal(error instanceof TimeoutError && error.operation === 'handler' ? 503 : 500);
}

/** Whether a failure is only how the program heard of what the client did, which is no error of the program's. */
function isCausedByPeer({ http, phases, stream }: ServerConnection, error: unknown): boolean {
  if (error instanceof ClientGoneError || error === http.failure) return true;
  return error instanceof IoError && (stream.isClosed || phases.expired === 'body');
}

/** Sends an answer: there is something to wait for when the program, or the client, is slower than this side. */
function send(connection: ServerConnection, exchange: Exchange, given: HttpResponse): Pending {
  const { runtime, phases } = connection;
  phases.clearDeadline();
  // RFC 9110 section 9.3.6: 2xx would make a tunnel of the connection, which only `upgrade` does.
  const isTunnel = exchange.head.method === 'CONNECT' && given.status < 300;
  const response = isTunnel ? refusal(501) : given;
  exchange.status = response.status;
  const { isStreamed } = response;
  // A client that still waits for leave to send, or has much left to send, is told that the connection ends.
  // The body of a streamed answer may come from the request's, as an echo's does.
  if (isStreamed) exchange.sendContinue();
  const isUnread =
    !isStreamed && !exchange.isRequestRead && !exchange.isBodyUsed && hasMuchLeft(exchange);
  let blocked;
  try {
    blocked = sendResponse(connection, response, {
      date: runtime.date.toString(),
      close:
        response.close ||
        isUnread ||
        runtime.isDraining ||
        runtime.isLastRequest(connection.answered + 1),
    });
  } catch (error) {
    return sendFailed(connection, exchange, error);
  }
  if (blocked === undefined) return undefined;
  // A streamed answer also waits for the program, and says itself when it waits for the client.
  const sent = isStreamed ? blocked : phases.withWriteDeadline(blocked);
  return sendLater(connection, exchange, sent);
}

async function sendLater(
  connection: ServerConnection,
  exchange: Exchange,
  sent: Promise<void>,
): Promise<void> {
  try {
    await sent;
  } catch (error) {
    await sendFailed(connection, exchange, error);
  }
}

function sendFailed(connection: ServerConnection, exchange: Exchange, error: unknown): Pending {
  const { http, runtime, stream } = connection;
  if (!isCausedByPeer(connection, error)) runtime.report(error, exchange);
  // An answer that is wrong in itself was refused before any of it was sent.
  if (http.serverState === State.SEND_RESPONSE) return send(connection, exchange, refusal(500));
  http.sendFailed();
  // The head is out: only cutting the connection tells the client that the rest will not come.
  stream.reset(error);
  return Promise.reject(
    new IoError('the answer could not be completed', {
      code: 'ERR_HTTP_CONNECTION_ENDED',
      operation: 'serve',
    }),
  );
}

function hasMuchLeft(exchange: Exchange): boolean {
  return exchange.awaitsContinue || (exchange.head.contentLength ?? 0) > DRAIN_LIMIT;
}

/** What says that the connection goes on in another protocol (RFC 9110 sections 9.3.6 and 15.2.2). */
export function switchStatus(head: RequestHead): number {
  return head.method === 'CONNECT' ? 200 : 101;
}
