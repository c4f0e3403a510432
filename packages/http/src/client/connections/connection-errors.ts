/** The errors with which a connection ends its request. */

import { BrokenError, ClosedError, TimeoutError, type ByteStream } from '@awaitio/core';
import { timedOutOn } from '@awaitio/core/lowlevel';
import type { RequestProgress } from './failure.ts';

/** The server closed the connection, and no response had begun. */
export function endedEarly(): BrokenError {
  return new BrokenError('request: the server closed the connection before it answered', {
    code: 'ECONNRESET',
    operation: 'request',
  });
}

/**
 * What the request fails with when its connection broke before a response, and it may not be sent twice. The end may have crossed
 * it on the way (RFC 9112 section 9.3.1): whether the server has received it, only the program can find out.
 */
export function sentOnce(error: unknown, progress: RequestProgress): unknown {
  if (!(error instanceof BrokenError) || progress.isRepeatable) return error;
  const { code, operation, message, cause } = error;
  const what = progress.isIdempotent
    ? 'its body can be made again; a function as `body` does that'
    : 'doing so twice does no harm; an `Idempotency-Key` says so to the server, and is repeated';
  const advice = `the ${progress.method} may have arrived, and was not sent twice: repeat it only if ${what}`;
  return new BrokenError(`${message}; ${advice}`, { code, operation, cause });
}

/** The caller gave up a response that was not complete. */
export function discarded(): BrokenError {
  return new BrokenError('discard: the response was discarded', {
    code: 'ERR_HTTP_DISCARDED',
    operation: 'discard',
  });
}

/** The client was closed while the request was in progress. */
export function closedInUse(): BrokenError {
  return new BrokenError('close: the client was closed, with this request in progress', {
    code: 'ERR_HTTP_CLIENT_CLOSED',
    operation: 'close',
  });
}

/** The time of a phase is over, or a request stalled. @param watch - Of one that is still being sent */
export function phaseEnded(
  stream: ByteStream,
  phase: 'headers' | 'body',
  watch: { readonly allowed: number } | undefined,
  deadlines: Readonly<Record<'headers' | 'body', number>>,
): TimeoutError {
  return timedOutOn(stream, phase, watch?.allowed ?? deadlines[phase]);
}

/** The client is closed, and the request has no connection. */
export function clientClosed(): ClosedError {
  return new ClosedError('request: this client was closed', {
    code: 'ERR_HTTP_CLIENT_CLOSED',
    operation: 'request',
  });
}

class PoolTimeoutError extends TimeoutError {
  constructor({ timeout, waits, message }: TimeoutError, holders: string) {
    super('pool', timeout, waits);
    const traced = / \(waiting: .*$/.exec(message)?.[0] ?? '';
    this.message = `pool: no connection became free within ${timeout} ms: ${holders}; read or discard each response, or raise \`maxConnectionsPerOrigin\` or \`deadlines.pool\`${traced}`;
  }
}

/** No connection became free in time: the message says who holds them. */
export function poolTimedOut(error: TimeoutError, holders: string): TimeoutError {
  return new PoolTimeoutError(error, holders);
}
