/** Server-Sent Events over connections that end. What it does is loaded with the first event. */

import { systemClock, type Clock } from '@awaitio/core';
import {
  checkMethods,
  checkOptions,
  lazy,
  rules,
  type Lazy,
  type OptionTable,
} from '@awaitio/core/lowlevel';
import type { HttpClient } from './client.ts';
import type { ServerSentEvent } from './content/server-sent-events.ts';
import type { reconnecting } from './reconnecting.ts';
import type { RequestOptions } from './request-options.ts';
import { COLLECT_OPTIONS } from '../message/collect-options.ts';

const parts: Lazy<{ readonly reconnecting: typeof reconnecting }> = lazy(
  () => import('./reconnecting.ts'),
);

/** Options of {@link followEvents}. */
export interface FollowEventsOptions {
  /** Header fields of each request. */
  readonly headers?: RequestOptions['headers'];
  /** Ends it, in any phase. */
  readonly signal?: AbortSignal | undefined;
  /** Where to begin: the `id` of the last event that the program has seen. @default none */
  readonly lastEventId?: string | undefined;
  /** Milliseconds to wait before a reconnection, until the server says how long. @default 3000 */
  readonly retry?: number | undefined;
  /** The most milliseconds to wait: after each failure in a row the wait is twice as long. @default 60000 */
  readonly maxRetry?: number | undefined;
  /** How many connections in a row may bring no event before it fails. @default 10 */
  readonly maxFailures?: number | undefined;
  /** The most characters of an event. @default 1048576 */
  readonly limit?: number | undefined;
  /** @default the system's clock */
  readonly clock?: Clock | undefined;
}

const OPTIONS: OptionTable<FollowEventsOptions> = {
  headers: { ...rules.object, isSecret: true },
  signal: rules.signal,
  lastEventId: {
    expected: 'a string without line breaks and NUL',
    // oxlint-disable-next-line no-control-regex -- what an id cannot hold
    accepts: (value) => typeof value === 'string' && !/[\r\n\0]/.test(value),
  },
  retry: rules.milliseconds,
  maxRetry: rules.milliseconds,
  maxFailures: rules.count,
  limit: COLLECT_OPTIONS.limit,
  clock: rules.clock,
};

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
  checkOptions('followEvents', options, OPTIONS);
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
