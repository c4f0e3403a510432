/** State shared by all connections of one client. */

import type { Clock } from '@awaitio/core';
import { AsyncScope, DeadlineWheel, outsideScopes, withDefaults } from '@awaitio/core/lowlevel';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../protocol/vocabulary/limits.ts';
import {
  DEFAULT_CLIENT_DEADLINES,
  type ClientDeadlines,
  type HttpClientOptions,
} from './options.ts';

/** The time, the deadlines and the limits of a client. */
export interface ClientShared {
  readonly clock: Clock;
  /** The context in which the client was made: that of connections, which outlive the request that opens them. */
  readonly scope: AsyncScope;
  readonly wheel: DeadlineWheel;
  readonly deadlines: ClientDeadlines;
  readonly limits: ProtocolLimits;
}

/** Makes the state of a client that is being made. */
export function clientShared(clock: Clock, { deadlines, limits }: HttpClientOptions): ClientShared {
  return {
    clock,
    // Connections and their deadlines outlive the scope that the client is made in.
    scope: outsideScopes(() => new AsyncScope()),
    wheel: outsideScopes(() => new DeadlineWheel(clock)),
    deadlines: withDefaults(DEFAULT_CLIENT_DEADLINES, deadlines),
    limits: withDefaults(DEFAULT_LIMITS, limits),
  };
}
