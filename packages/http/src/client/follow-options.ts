/** Options of `followEvents`, and their rules. */

import type { Clock } from '@awaitio/core';
import { rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { RequestOptions } from './request-options.ts';
import { COLLECT_OPTIONS } from '../message/collect-options.ts';

/** Options of `followEvents`. */
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

/** What {@link FollowEventsOptions} may be. */
export const FOLLOW_EVENTS_OPTIONS: OptionTable<FollowEventsOptions> = {
  headers: { ...rules.object, isSecret: true },
  signal: rules.signal,
  lastEventId: {
    expected: 'a string without line breaks and NUL',
    accepts: (value) => typeof value === 'string' && !/[\r\n\0]/.test(value),
  },
  retry: rules.milliseconds,
  maxRetry: rules.milliseconds,
  maxFailures: rules.count,
  limit: COLLECT_OPTIONS.limit,
  clock: rules.clock,
};
