/** State shared by all connections of one client. */

import type { Clock } from '@awaitio/core';
import { AsyncScope, DeadlineWheel, withDefaults } from '@awaitio/core/lowlevel';
import {
  DEFAULT_CLIENT_DEADLINES,
  DEFAULT_CLIENT_LIMITS,
  type ClientDeadlines,
  type ClientLimits,
  type HttpClientOptions,
} from './options.ts';

/** The time, the deadlines and the limits of a client. */
export interface ClientShared {
  readonly clock: Clock;
  /** The context in which the client was made: that of connections, which outlive the request that opens them. */
  readonly scope: AsyncScope;
  readonly wheel: DeadlineWheel;
  readonly deadlines: ClientDeadlines;
  readonly limits: ClientLimits;
}

/** Makes the state of a client that is being made. */
export function clientShared(clock: Clock, { deadlines, limits }: HttpClientOptions): ClientShared {
  return {
    clock,
    scope: new AsyncScope(),
    wheel: new DeadlineWheel(clock),
    deadlines: withDefaults(DEFAULT_CLIENT_DEADLINES, deadlines),
    limits: withDefaults(DEFAULT_CLIENT_LIMITS, limits),
  };
}
