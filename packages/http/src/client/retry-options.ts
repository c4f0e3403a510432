/** Options of retries. */

import { rules, type OptionTable } from '@awaitio/core/lowlevel';

/**
 * How a request is tried again. Only one that may be sent twice is: its method is idempotent or it has an `Idempotency-Key`, and
 * its body can be made again; or nothing of it was sent.
 */
export interface ClientRetryOptions {
  /** How often it is sent at most: a whole number from 1, or Infinity. @default 3 */
  readonly attempts?: number | undefined;
  /** The statuses that are tried again; the last response is returned, whatever its status. @default 408, 429, 502, 503, 504 */
  readonly statuses?: readonly number[] | undefined;
  /** The pause after the first failure, in milliseconds; it doubles with each one, and half of it is random. @default 100 */
  readonly backoff?: number | undefined;
  /** The longest pause, in milliseconds. A response that asks for a longer one (`Retry-After`) is returned. @default 10000 */
  readonly maxDelay?: number | undefined;
  /** Whether a pause is at least as long as `Retry-After` says (RFC 9110 section 10.2.3). @default true */
  readonly respectRetryAfter?: boolean | undefined;
}

/** What {@link ClientRetryOptions} may be. */
export const CLIENT_RETRY_OPTIONS: OptionTable<ClientRetryOptions> = {
  attempts: rules.count,
  statuses: {
    expected: 'a list of statuses from 300 to 599',
    accepts: (value) =>
      Array.isArray(value) &&
      value.every((each) => Number.isInteger(each) && each >= 300 && each <= 599),
  },
  backoff: rules.milliseconds,
  maxDelay: rules.milliseconds,
  respectRetryAfter: rules.flag,
};
