/**
 * Sends a request on a connection of a pool.
 *
 * A kept-alive connection may have been closed by its server, unnoticed yet. A request that may be sent twice is repeated,
 * once, on a new connection. One that may not, such as a POST, is sent once, whatever happens. So it waits until the event loop has
 * looked at the connection after the request was made: an end that has arrived is seen. And an end that may be on its way is
 * avoided: the request goes on a new connection, unless the server has shown that it keeps connections for long enough
 * (`keep-alive.ts`). The first such request leaves the connection that it could have used at rest, which shows it to the next.
 */

import { IoError, TimeoutError, type Clock } from '@awaitio/core';
import type { ClientConnection } from './connection.ts';
import type { IncomingResponse } from './incoming-response.ts';
import { observeAttempt } from './observer.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import type { ClientPool } from './pool.ts';
import type { Target } from '../routes/target.ts';
import { isTraced } from '../../tracing/channels.ts';
import { ClientRequestTracer, clientRequests } from '../../tracing/client-request.ts';

/** How long a connection rests that is to show whether it is kept for a round trip, with the margin of half. */
const REST_IN_ROUND_TRIPS = 3;
/**
 * Where it would have to rest for longer, in milliseconds, it does not: others wait for it meanwhile, and what took so long to connect
 * had another reason than the distance, such as a lost packet.
 */
const LONGEST_REST = 2_000;

/** What sending needs of its client. */
export interface PoolSource {
  readonly clock: Clock;
  readonly isClosed: boolean;
  /** The pool for a target: looked up each time, since one without a connection may have been dropped. */
  poolOf(target: Target): ClientPool;
}

/** @throws the errors of connecting and of the exchange; the signal's reason */
export function send(
  request: OutgoingRequest,
  target: Target,
  source: PoolSource,
): Promise<IncomingResponse> {
  return isTraced(clientRequests)
    ? sendTraced(request, target, source)
    : attempt(request, target, source, false, undefined);
}

/** Each attempt is traced alone, in the context of the call. */
async function sendTraced(
  first: OutgoingRequest,
  target: Target,
  source: PoolSource,
): Promise<IncomingResponse> {
  let request = first;
  for (let isNew = false; ; isNew = true) {
    const tracer = new ClientRequestTracer(request, source.clock);
    const begun = request;
    try {
      return await tracer.run(() =>
        attempt({ ...begun, fields: tracer.fields }, target, source, isNew, tracer),
      );
    } catch (error) {
      if (!tracer.isStale) throw error;
      if (request.again !== undefined) request = await request.again();
    }
  }
}

async function attempt(
  first: OutgoingRequest,
  target: Target,
  source: PoolSource,
  needsNewFirst: boolean,
  tracer: ClientRequestTracer | undefined,
): Promise<IncomingResponse> {
  const { progress } = first;
  let request = first;
  request.signal?.throwIfAborted();
  for (let isNew = needsNewFirst; ; isNew = true) {
    progress.phase = 'pool';
    const pool = source.poolOf(target);
    const connection =
      (isNew ? undefined : pool.tryAcquire()) ?? (await pool.acquire(request, isNew));
    const isOnce = connection.served > 0 && !progress.isRepeatable;
    const isKept = !isOnce || (await isKeptFor(request, connection, pool, source.clock));
    if (request.signal?.aborted === true) {
      pool.release(connection);
      throw request.signal.reason;
    }
    // It may have ended while it was handed over: nothing was sent on it yet.
    if (connection.served > 0 && !connection.isReusable) {
      connection.close();
      continue;
    }
    if (!isKept) {
      // At rest, it shows how long its server keeps it.
      if (pool.hasRoom) pool.release(connection);
      else connection.close();
      continue;
    }
    progress.attempt += 1;
    progress.phase = 'headers';
    const observer = observeAttempt(request, source.clock);
    try {
      const incoming = await connection.exchange(request);
      observer?.answered(incoming);
      return incoming;
    } catch (error) {
      observer?.failed(error);
      if (source.isClosed || !isStale(connection, request, error)) throw error;
      if (tracer !== undefined) {
        tracer.isStale = true;
        throw error;
      }
      if (request.again !== undefined) request = await request.again();
    }
  }
}

/**
 * Whether a failure means that a kept-alive connection had already been closed, and repeating is safe: the connection had
 * served before, no byte of a response came, and the request may be sent twice.
 */
function isStale(connection: ClientConnection, request: OutgoingRequest, error: unknown): boolean {
  return (
    error instanceof IoError &&
    !(error instanceof TimeoutError) &&
    request.signal?.aborted !== true &&
    connection.served > 1 &&
    !connection.hasResponseBytes &&
    request.progress.isRepeatable
  );
}

/**
 * Whether a connection that has served will be open when a request arrives on it that must not be sent twice.
 *
 * @throws the signal's reason
 */
async function isKeptFor(
  { signal }: OutgoingRequest,
  connection: ClientConnection,
  pool: ClientPool,
  clock: Clock,
): Promise<boolean> {
  const { kept, longestIdle = connection } = pool;
  const { idle } = connection;
  const { roundTrip } = idle;
  // What is open after the turn was open before it: an end that had arrived is seen by then.
  const rested = [longestIdle.idle.length, idle.length] as const;
  await turn(clock);
  if (longestIdle.isReusable) kept.onKept(rested[0]);
  if (connection.isReusable) kept.onKept(rested[1]);
  if (kept.allows(idle.length, roundTrip)) return true;
  kept.onHead(idle.headers);
  if (kept.allows(idle.length, roundTrip)) return true;
  // No other connection can rest meanwhile: this one does, for as long as shows that one which was just used will do.
  if (pool.hasRoom || !kept.isUnknown(roundTrip) || !connection.isReusable) return false;
  const rest = REST_IN_ROUND_TRIPS * roundTrip + 1;
  if (rest > LONGEST_REST) return false;
  try {
    await clock.sleep(rest, { signal });
  } catch (error) {
    pool.release(connection);
    throw error;
  }
  const restedFor = idle.length;
  await turn(clock);
  if (connection.isReusable) kept.onKept(restedFor);
  return false;
}

/** Waits until the loop has asked for events that were there before the call: the round that runs may have asked already. */
function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.defer(() => {
      clock.defer(resolve);
    });
  });
}
