/** State shared by all connections of one client. */

import type { Clock } from '@awaitio/core';
import { AsyncScope, DeadlineWheel, withDefaults } from '@awaitio/core/lowlevel';
import { DEFAULT_CLIENT_DEADLINES, type ClientDeadlines } from './deadlines.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../../protocol/vocabulary/limits.ts';

const DEFAULT_MAX_INFORMATIONAL = 64;

/** The options of a client that concern its connections. */
export interface ConnectionSettings {
  readonly deadlines?:
    | { readonly [Name in keyof ClientDeadlines]?: ClientDeadlines[Name] | undefined }
    | undefined;
  readonly limits?:
    | { readonly [Name in keyof ProtocolLimits]?: ProtocolLimits[Name] | undefined }
    | undefined;
  readonly maxInformational?: number | undefined;
}

/** The time, the deadlines and the limits of a client. */
export interface ClientShared {
  readonly clock: Clock;
  /** The context in which the client was made: that of connections, which outlive the request that opens them. */
  readonly scope: AsyncScope;
  readonly wheel: DeadlineWheel;
  readonly deadlines: ClientDeadlines;
  readonly limits: ProtocolLimits;
  /** The most informational responses (1xx) to one request. */
  readonly maxInformational: number;
}

/** Makes the state of a client that is being made. */
export function clientShared(clock: Clock, settings: ConnectionSettings): ClientShared {
  return {
    clock,
    scope: new AsyncScope(),
    wheel: new DeadlineWheel(clock),
    deadlines: withDefaults(DEFAULT_CLIENT_DEADLINES, settings.deadlines),
    limits: withDefaults(DEFAULT_LIMITS, settings.limits),
    maxInformational: settings.maxInformational ?? DEFAULT_MAX_INFORMATIONAL,
  };
}
