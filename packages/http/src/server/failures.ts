/** What a failure of a handler, or of its response, means: whose fault it is, where it is reported, what the client gets. */

import { IoError, LimitError, TimeoutError } from '@awaitio/core';
import { failureResponse } from '../message/error-response.ts';
import { ClientGoneError } from '../message/handler.ts';
import { HttpProblem } from '../message/problem.ts';
import { HttpResponse } from '../message/response.ts';
import { RemoteProtocolError } from '../protocol/vocabulary/errors.ts';
import type { HeadersInput } from '../protocol/vocabulary/fields.ts';
import type { ConnectionEnd } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { Phases } from './phases.ts';
import type { ServerRuntime } from './runtime.ts';
import type { StreamOutlet } from './sending/send-pieces.ts';

/** The connection of a failure. */
export interface FailureScene extends StreamOutlet {
  readonly phases: Phases;
  readonly runtime: ServerRuntime;
  /** Why the connection ends, as far as is known. */
  readonly end: { readonly reason: ConnectionEnd };
}

/** The response to a handler's failure. What the client did wrong goes to the client, every other error to `onError`. */
export function responseFor(scene: FailureScene, exchange: Exchange, error: unknown): HttpResponse {
  if (error instanceof HttpProblem) {
    try {
      return HttpResponse.problem(error);
    } catch (failed) {
      reportFailure(scene, exchange, failed);
      return failure(exchange, 500);
    }
  }
  // Compared by identity: the handler's own connections fail with the same classes of errors.
  if (error instanceof RemoteProtocolError && error === scene.http.failure) {
    return failure(exchange, error.statusHint);
  }
  if (error instanceof LimitError && error === exchange.limitError) return failure(exchange, 413);
  if (scene.phases.expired === 'body') return failure(exchange, 408);
  reportFailure(scene, exchange, error);
  return failure(exchange, isLate(error) ? 503 : 500);
}

/** The response of the server itself, in the form that the client asked for. */
export function failure({ head }: Exchange, status: number, headers?: HeadersInput): HttpResponse {
  return failureResponse(status, head.headers.get('accept'), headers);
}

/** What a handler returned in place of a response, and what to do about it; never its contents. */
export function got(returned: unknown): string {
  if (returned === undefined) return 'got nothing: it may lack a `return`';
  if (typeof returned === 'string') return 'got a string: return HttpResponse.text(...)';
  if (returned instanceof Uint8Array) return 'got bytes: return HttpResponse.bytes(...)';
  if (Object.prototype.toString.call(returned) === '[object Response]') {
    return 'got a fetch Response: return an HttpResponse; a fetch Response is served by serve({ fetch })';
  }
  if (returned?.constructor?.name === 'HttpResponse') {
    return 'got an HttpResponse of another copy of @awaitio/http: install one version of it';
  }
  const what = returned === null ? 'null' : `a value of type ${typeof returned}`;
  return `got ${what}: return HttpResponse.json(...), or another HttpResponse`;
}

/**
 * Reports a failure of the handler. A client that stalls is the client's fault, unless it stalls because it sends the whole
 * request before it reads: then a handler that responds while it reads can never finish.
 */
export function reportFailure(scene: FailureScene, exchange: Exchange, error: unknown): void {
  const { phases, runtime } = scene;
  if (phases.expired !== 'write' || !(error instanceof IoError)) {
    if (!isCausedByPeer(scene, exchange, error)) runtime.report(error, exchange);
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
export function isCausedByPeer(scene: FailureScene, exchange: Exchange, error: unknown): boolean {
  const { http, phases, stream } = scene;
  if (error instanceof ClientGoneError || error === http.failure) return true;
  if (exchange.isAbort(error)) return true;
  const isEnding = stream.isClosed || scene.end.reason === 'shutdown';
  // Of a peer that broke another protocol, after an upgrade.
  if (error instanceof RemoteProtocolError && isEnding) return true;
  return error instanceof IoError && (isEnding || phases.expired === 'body');
}

/** Whether a handler has not answered in time. */
export function isLate(error: unknown): boolean {
  return error instanceof TimeoutError && error.operation === 'handler';
}
