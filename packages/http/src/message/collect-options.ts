/** How much of a body is collected. */

import { LimitError } from '@awaitio/core';
import { invalidInput, type OptionTable } from '@awaitio/core/lowlevel';

/** How a body may be collected. */
export interface CollectOptions {
  /** The most bytes to collect. @default 1048576 (fastify's `bodyLimit`) */
  readonly limit?: number | undefined;
}

/** What {@link CollectOptions} may be. */
export const COLLECT_OPTIONS: OptionTable<CollectOptions> = {
  limit: {
    expected: 'a number of bytes from 0',
    accepts: (value) => typeof value === 'number' && value >= 0,
  },
};

/** The default of `limit` when a body is collected, in bytes. */
export const DEFAULT_COLLECT_LIMIT = 1_048_576;

/** The limit of options. @throws `InvalidInputError` */
export function limitOf(operation: string, options: CollectOptions | undefined): number {
  if (options === undefined) return DEFAULT_COLLECT_LIMIT;
  if (typeof options !== 'object' || options === null) {
    throw invalidInput(operation, 'options', 'an object', options);
  }
  const { limit = DEFAULT_COLLECT_LIMIT } = options;
  const { accepts, expected } = COLLECT_OPTIONS.limit;
  if (accepts(limit)) return limit;
  throw invalidInput(operation, 'limit', expected, limit);
}

/** A body is longer than its reader collects. */
export function tooLong(limit: number): LimitError {
  return new LimitError(
    `bytes: the body is longer than ${limit} bytes; raise \`limit\`, or iterate over the body`,
    {
      code: 'ERR_BODY_TOO_LONG',
      operation: 'bytes',
      limitName: 'limit',
      limit,
    },
  );
}
