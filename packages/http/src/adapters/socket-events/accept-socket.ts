/** The opening handshake in an application of fetch: it makes a WebSocket, or the `Response` that refuses one. */

import { checkOptions, invalidInput, rules, type OptionTable } from '@awaitio/core/lowlevel';
import { HttpProblem } from '../../message/problem.ts';
import { HttpRequest } from '../../message/request.ts';
import { elementsOf } from '../../protocol/vocabulary/lists.ts';
import { WEB_SOCKET_OPTIONS, webSocket, type WebSocketOptions } from '../../websocket/accept.ts';
import type { WebSocket } from '../../websocket/web-socket.ts';
import type { FetchInfo } from '../fetch-handler.ts';
import { CallbackSocket } from './callback-socket.ts';

/** Options of a WebSocket whose `send` does not wait, beside those of `webSocket`. */
export interface CallbackSocketOptions extends WebSocketOptions {
  /**
   * Bytes of messages that may wait for a peer, and 64 more for each message; with one more message it is closed with 1008. One
   * message of any size is sent when nothing waits. @default 1048576
   */
  readonly bufferedBytes?: number | undefined;
}

const BUFFERED_BYTES = 1_048_576;
/** What {@link CallbackSocketOptions} may be. */
export const CALLBACK_SOCKET_OPTIONS: OptionTable<CallbackSocketOptions> = {
  ...WEB_SOCKET_OPTIONS,
  bufferedBytes: rules.count,
};

/** Whether the value of an `Upgrade` field proposes a WebSocket. */
export function proposesWebSocket(upgrade: string | null | undefined): boolean {
  return typeof upgrade === 'string' && elementsOf(upgrade).includes('websocket');
}

/** The second argument that `serve` calls `fetch` with. @throws `InvalidInputError` for anything else */
export function checkInfo(operation: string, name: string, info: unknown): FetchInfo {
  const { request, context } = (info ?? {}) as Partial<FetchInfo>;
  if (request instanceof HttpRequest && typeof context?.upgrade === 'function') {
    return info as FetchInfo;
  }
  // What it is may hold secrets of the application.
  throw invalidInput(
    operation,
    name,
    'what `serve` of @awaitio/http calls `fetch` with as its second argument: serve the application with it',
    undefined,
  );
}

/**
 * Accepts a WebSocket in an application of fetch. What its callbacks fail with goes to the server's `onError`.
 *
 * @returns The WebSocket; a `Response` in place of an `HttpProblem` of `webSocket`, which the application would not know.
 * @throws as `webSocket`.
 */
export async function acceptSocket(
  operation: string,
  { request, context }: FetchInfo,
  given: CallbackSocketOptions,
): Promise<CallbackSocket | Response> {
  checkOptions(operation, given, CALLBACK_SOCKET_OPTIONS);
  const { bufferedBytes, ...options } = given;
  let socket: WebSocket;
  try {
    socket = await webSocket(request, context, options);
  } catch (error) {
    if (error instanceof HttpProblem) return responseOf(error);
    throw error;
  }
  return new CallbackSocket({
    socket,
    bufferedBytes: bufferedBytes ?? BUFFERED_BYTES,
    report: (failure) => {
      context.waitUntil(Promise.reject(failure));
    },
  });
}

function responseOf(problem: HttpProblem): Response {
  // Those of `webSocket` are records of text.
  const headers = problem.headers as Record<string, string> | undefined;
  return Response.json(problem, {
    status: problem.status,
    headers: { ...headers, 'Content-Type': 'application/problem+json' },
  });
}
