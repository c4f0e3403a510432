/** Server-Sent Events over connections that end. What it does is loaded with the first event. */

import { systemClock, type Clock } from '@awaitio/core';
import { checkMethods, checkOptions, invalidInput, lazy, type Lazy } from '@awaitio/core/lowlevel';
import type { HttpClient } from './client.ts';
import { FOLLOW_EVENTS_OPTIONS, type FollowEventsOptions } from './follow-options.ts';
import type { ServerSentEvent } from './content/server-sent-events.ts';
import type { reconnecting } from './reconnecting.ts';

const parts: Lazy<{ readonly reconnecting: typeof reconnecting }> = lazy(
  () => import('./reconnecting.ts'),
);

/**
 * Follows Server-Sent Events: connects again where a connection has ended, and goes on after the last event (HTML standard, section
 * 9.2).
 *
 * It connects again after an end, a failure of the connection and a status of 429, 502, 503 or 504; each waits as long as the server
 * has last said with `retry`, at least 100 ms. It ends with a 204. `deadlines.body` of the client is how long a stream may be silent.
 *
 * @param client - Sends the requests: GET, with `Accept` and `Last-Event-ID`.
 * @param url - As for `client.request`.
 * @param options - See {@link FollowEventsOptions}.
 * @returns An iteration. Leaving it closes the connection.
 * @throws `HttpStatusError` for another status than 200, `RemoteProtocolError` for another type than `text/event-stream`, `LimitError` for a
 * longer event; the last failure after `maxFailures` in a row; the signal's reason; `InvalidInputError` at once for wrong arguments.
 *
 * @example
 * ```ts
 * import { followEvents, HttpClient, serve } from '@awaitio/http';
 * import { events } from '@awaitio/http/batteries';
 *
 * // Each connection brings one event, and ends.
 * const server = await serve(
 *   (request) => {
 *     const id = Number(request.headers.get('last-event-id') ?? 0) + 1;
 *     return events([{ id: String(id), data: `number ${id}` }]);
 *   },
 *   { port: 0 },
 * );
 * await using client = new HttpClient();
 * for await (const { id, data } of followEvents(client, server.url, { retry: 100 })) {
 *   console.log(data); // number 1, number 2
 *   if (id === '2') break;
 * }
 * await server.shutdown();
 * ```
 */
export function followEvents(
  client: Pick<HttpClient, 'request'>,
  url: string | URL,
  options: FollowEventsOptions = {},
): AsyncGenerator<ServerSentEvent> {
  checkMethods('followEvents', 'client', client, ['request']);
  if (typeof url !== 'string' && !(url instanceof URL)) {
    throw invalidInput('followEvents', 'url', 'a string or a URL', url);
  }
  checkOptions('followEvents', options, FOLLOW_EVENTS_OPTIONS);
  return follow(client, url, options, options.clock ?? systemClock);
}

async function* follow(
  client: Pick<HttpClient, 'request'>,
  url: string | URL,
  options: FollowEventsOptions,
  clock: Clock,
): AsyncGenerator<ServerSentEvent> {
  const loaded = parts.value ?? (await parts.load());
  yield* loaded.reconnecting(client, url, options, clock);
}
