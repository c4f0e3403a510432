/** Connects to a stream of events again and again. Loaded with the first one. */

import { AddressError, BrokenError, IoError, TimeoutError, type Clock } from '@awaitio/core';
import type { HttpClient } from './client.ts';
import {
  eventsOf,
  type EventPosition,
  type ServerSentEvent,
} from './content/server-sent-events.ts';
import type { FollowEventsOptions } from './follow-options.ts';
import { describeFor, type ClientResponse } from './response.ts';
import { DEFAULT_COLLECT_LIMIT } from '../message/collect-options.ts';
import { ProtocolError, RemoteProtocolError } from '../protocol/vocabulary/errors.ts';
import { fieldList } from '../protocol/vocabulary/fields.ts';

const DEFAULT_RETRY = 3_000;
const DEFAULT_MAX_RETRY = 60_000;
const DEFAULT_MAX_FAILURES = 10;
/** No shorter wait, whatever a server says: it would be asked without a pause. */
const LEAST_RETRY = 100;
/** Statuses of servers that are busy, or restart. */
const PASSING = [429, 502, 503, 504];

/** @throws as `followEvents` */
export async function* reconnecting(
  client: Pick<HttpClient, 'request'>,
  url: string | URL,
  options: FollowEventsOptions,
  clock: Clock,
): AsyncGenerator<ServerSentEvent> {
  const { signal, limit = DEFAULT_COLLECT_LIMIT, maxFailures = DEFAULT_MAX_FAILURES } = options;
  const position: EventPosition = {
    id: options.lastEventId ?? '',
    retry: options.retry ?? DEFAULT_RETRY,
  };
  for (let failures = 0; ;) {
    let failure: unknown;
    try {
      const headers = fieldsOf(options, position.id);
      const response = await client.request('GET', url, { headers, signal });
      if (response.status === 204) return;
      await checkStream(response);
      for await (const event of eventsOf(response.body, limit, position)) {
        failures = 0;
        yield event;
      }
    } catch (error) {
      if (!isPassing(error, signal)) throw error;
      failure = error;
    }
    failures += 1;
    // oxlint-disable-next-line typescript/only-throw-error -- what the connection has failed with
    if (failures > maxFailures) throw failure === undefined ? silent(failures) : failure;
    const wait = Math.max(position.retry ?? DEFAULT_RETRY, LEAST_RETRY) * 2 ** (failures - 1);
    await clock.sleep(Math.min(wait, options.maxRetry ?? DEFAULT_MAX_RETRY), { signal });
  }
}

/** The fields of a request, those of the program first. An id is sent in UTF-8, as browsers do. */
function fieldsOf({ headers }: FollowEventsOptions, id: string): [string, string][] {
  const given = fieldList(headers);
  const fields: [string, string][] = [];
  for (let at = 0; at < given.length; at += 2) {
    fields.push([given[at] as string, given[at + 1] as string]);
  }
  const has = (name: string): boolean => fields.some(([each]) => each.toLowerCase() === name);
  if (!has('accept')) fields.push(['Accept', 'text/event-stream']);
  if (!has('cache-control')) fields.push(['Cache-Control', 'no-store']);
  if (id !== '') fields.push(['Last-Event-ID', Buffer.from(id).toString('latin1')]);
  return fields;
}

/** @throws for a response that is no stream of events */
async function checkStream(response: ClientResponse): Promise<void> {
  if (response.status !== 200) {
    await response.throwIfNotOk();
  } else if (/^text\/event-stream[\t ]*(?:;|$)/i.test(response.headers.get('content-type') ?? '')) {
    return;
  }
  response.discard();
  throw describeFor(
    response,
    new RemoteProtocolError(
      'followEvents: expected a response with the status 200 and the type text/event-stream, got another',
      'ERR_HTTP_EVENT_STREAM',
    ),
  );
}

/** Whether another connection may do better. */
function isPassing(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted === true) return false;
  if (error instanceof ProtocolError) return error.code === 'ERR_HTTP_TRUNCATED';
  const { status } = error as { readonly status?: unknown };
  if (typeof status === 'number') return PASSING.includes(status);
  return (
    error instanceof BrokenError || error instanceof AddressError || error instanceof TimeoutError
  );
}

function silent(failures: number): IoError {
  return new IoError(`followEvents: ${failures} connections in a row brought no event`, {
    code: 'ERR_HTTP_EVENT_STREAM_SILENT',
    operation: 'followEvents',
  });
}
