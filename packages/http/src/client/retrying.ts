/** Requests that are tried again. Loaded with the first one. */

import {
  AddressError,
  BrokenError,
  IoError,
  TimeoutError,
  type Clock,
  type Random,
} from '@awaitio/core';
import { retry } from '@awaitio/core/sync';
import { failedRequestOf } from './connections/failure.ts';
import type { ClientResponse } from './response.ts';
import type { ClientRetryOptions } from './retry-options.ts';

const STATUSES: readonly number[] = [408, 429, 502, 503, 504];
const DEFAULT_ATTEMPTS = 3;
const DEFAULT_MAX_DELAY = 10_000;

/** What retrying needs of a request. */
export interface Retried {
  readonly client: { readonly clock: Clock; readonly random: Random };
  readonly signal: AbortSignal | undefined;
  /** Says whether the call may be made again after it was answered. */
  readonly progress: { readonly isCallRepeatable: boolean; describe(error: unknown): void };
}

/**
 * Sends a request until it succeeds, or may not be sent again.
 *
 * @throws `RetryError` of `@awaitio/core/sync` when several attempts have failed; the failure itself when there was one; the
 * signal's reason
 */
export function withRetries(
  send: () => Promise<ClientResponse>,
  options: ClientRetryOptions,
  { client: { clock, random }, signal, progress }: Retried,
): Promise<ClientResponse> {
  const {
    attempts = DEFAULT_ATTEMPTS,
    statuses = STATUSES,
    maxDelay = DEFAULT_MAX_DELAY,
  } = options;
  const { backoff, respectRetryAfter = true } = options;
  let notBefore = -Infinity;
  return retry(
    async ({ attempt }) => {
      const left = notBefore - clock.now();
      if (left > 0) await clock.sleep(left, { signal });
      const response = await described(send, progress);
      const isWanted =
        statuses.includes(response.status) && attempt < attempts && progress.isCallRepeatable;
      if (!isWanted) return response;
      const delay = respectRetryAfter ? retryAfter(response, clock) : 0;
      if (delay > maxDelay) return response;
      notBefore = clock.now() + delay;
      response.discard();
      throw new UnwantedStatus(response.status);
    },
    {
      attempts,
      clock,
      random,
      signal,
      ...(backoff === undefined ? {} : { backoff }),
      maxBackoff: maxDelay,
      retryIf: isWorthIt,
    },
  );
}

/** What fails says at once whether it may be sent again. */
async function described(
  send: () => Promise<ClientResponse>,
  progress: Retried['progress'],
): Promise<ClientResponse> {
  try {
    return await send();
  } catch (error) {
    progress.describe(error);
    throw error;
  }
}

/** A status that is tried again. */
class UnwantedStatus extends IoError {
  constructor(status: number) {
    super(`request: it was answered with ${status}`, {
      code: 'ERR_HTTP_STATUS_NOT_OK',
      operation: 'request',
    });
  }
}

function isWorthIt(error: unknown): boolean {
  if (error instanceof UnwantedStatus) return true;
  const isPassing =
    error instanceof BrokenError || error instanceof AddressError || error instanceof TimeoutError;
  return isPassing && failedRequestOf(error)?.isReplayable === true;
}

/** Milliseconds, from seconds or a date; 0 for none. */
function retryAfter(response: ClientResponse, clock: Clock): number {
  const field = response.headers.get('retry-after');
  if (field === null) return 0;
  if (/^\d{1,10}$/.test(field)) return Number(field) * 1_000;
  const date = Date.parse(field);
  return Number.isNaN(date) ? 0 : Math.max(0, date - clock.wallTime());
}
