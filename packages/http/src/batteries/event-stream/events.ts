/** `events`: Server-Sent Events as a response. */

import { systemClock, type Clock } from '@awaitio/core';
import { checkOptions, invalidInput, rules, type OptionTable } from '@awaitio/core/lowlevel';
import { isSendable } from '../../message/body-pieces.ts';
import type { HandlerContext } from '../../message/handler.ts';
import { HttpRequest } from '../../message/request.ts';
import { responseOf, type HttpResponse } from '../../message/response.ts';
import { fieldList, hasField, type HeadersInput } from '../../protocol/vocabulary/fields.ts';
import { EventPieces, type EventsSource } from './event-pieces.ts';

/** Options of {@link events}. */
export interface EventsOptions {
  /** The request to answer: its `Last-Event-ID` goes to the source, and its client's end is the stream's. @default none */
  readonly request?: HttpRequest | undefined;
  /**
   * The handler's context: the stream ends when the server shuts down, and its heartbeat goes by the server's clock.
   * @default the shutdown waits for its `grace`
   */
  readonly context?: Pick<HandlerContext, 'drainSignal' | 'clock'> | undefined;
  /**
   * Silence after which a comment is sent, in milliseconds: it keeps proxies from closing the connection, and finds a client
   * that is gone. `Infinity` for none. @default 15000 (WHATWG HTML, section 9.2.7)
   */
  readonly heartbeat?: number | undefined;
  /**
   * How long clients wait before they connect again, in milliseconds: sent at the beginning, and again before a shutdown ends
   * the stream. @default the client's own, 1000 after a shutdown
   */
  readonly retry?: number | undefined;
  /** More fields of the response. @default none */
  readonly headers?: HeadersInput | undefined;
  /** The clock of the heartbeat. @default that of `context`, else the system's */
  readonly clock?: Clock | undefined;
}

const EVENTS_OPTIONS: OptionTable<EventsOptions> = {
  request: {
    expected: 'the HttpRequest of the handler',
    accepts: (value) => value instanceof HttpRequest,
  },
  context: {
    expected: 'the context of the handler',
    accepts: (value) =>
      rules.object.accepts(value) &&
      (value as Partial<HandlerContext>).drainSignal instanceof AbortSignal,
  },
  heartbeat: {
    expected: 'a number of milliseconds above 0, or Infinity',
    accepts: (value) => typeof value === 'number' && value > 0,
  },
  retry: rules.whole(0),
  headers: { ...rules.object, isSecret: true },
  clock: rules.clock,
};

/** Caches keep none of it, and nginx passes it on at once. */
const FIELDS: readonly (readonly [name: string, value: string])[] = [
  ['Content-Type', 'text/event-stream'],
  ['Cache-Control', 'no-store'],
  ['X-Accel-Buffering', 'no'],
];
const RETRY_AT_DRAIN = 1_000;

/**
 * Server-Sent Events (WHATWG HTML, section 9.2) as a response: what an `EventSource` reads.
 *
 * An event is asked for when the client has taken the one before, so a slow client slows its source down. The stream ends, and
 * the source is closed by its `return`, when the source ends or fails, when the client has left, and, with `context`, when the
 * server has stopped accepting: clients learn when to connect again, and do so by themselves. An event that arrives in that
 * moment is not sent; a source that is a function gets the id of the last one that the client has seen, and goes on from there. A
 * client that shall not come back gets 204 in place of a stream.
 *
 * @param source - An iterable of events, each an object (`data`, `event`, `id`, `retry`, `comment`) or a string, which is its
 * data; or a function that begins one. It is called when the response is sent, with the request's `Last-Event-ID` and
 * `{ signal }`, which aborts when the stream has ended.
 * @param options - See {@link EventsOptions}.
 * @returns The response: `text/event-stream`, `Cache-Control: no-store`, `X-Accel-Buffering: no`, unless `headers` say otherwise.
 * Compressed by `compress`, each event is sent at once.
 * @throws `InvalidInputError` for a source that is none, or a wrong option; `LocalProtocolError` for a header that must not be
 * sent. An event with a line break in `event` or `id` would begin another field: it fails the response, as an error
 * of the source does.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { events } from '@awaitio/http/batteries';
 *
 * const server = await serve(
 *   (request, context) => events([{ id: '1', data: 'hello' }], { request, context }),
 *   { port: 0 },
 * );
 * const answer = await fetch(server.url);
 * console.log(await answer.text()); // id: 1, and below it, data: hello
 * await server.shutdown();
 * ```
 */
export function events(source: EventsSource, options?: EventsOptions): HttpResponse {
  const isIterable = isSendable(source) && typeof source === 'object' && !isBytes(source);
  if (typeof source !== 'function' && !isIterable) {
    const expected = 'an iterable of events, or a function that returns one';
    throw invalidInput('events', 'source', expected, source);
  }
  if (options !== undefined) checkOptions('events', options, EVENTS_OPTIONS);
  const { request, context, heartbeat = 15_000, retry, headers, clock } = options ?? {};
  const given = fieldList(headers);
  const fields = FIELDS.filter(([name]) => !hasField(given, name.toLowerCase())).flat();
  const pieces = new EventPieces({
    source,
    lastEventId: lastEventId(request),
    clock: clock ?? context?.clock ?? systemClock,
    heartbeat,
    retry,
    retryAtDrain: retry ?? RETRY_AT_DRAIN,
    clientSignal: request?.signal,
    drainSignal: context?.drainSignal,
  });
  return responseOf(pieces, undefined, [...fields, ...given]);
}

function isBytes(source: unknown): boolean {
  return source instanceof Uint8Array;
}

/** The id as the client has it: it is sent as UTF-8 (WHATWG HTML, section 9.2.3), and fields are read as latin1. */
function lastEventId(request: HttpRequest | undefined): string | undefined {
  const id = request?.headers.get('last-event-id');
  return id === undefined || id === null ? undefined : Buffer.from(id, 'latin1').toString();
}
