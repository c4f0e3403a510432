/** State shared by all connections of one client. */

import type { Clock } from '@awaitio/core';
import { AsyncScope, DeadlineWheel, outsideScopes, withDefaults } from '@awaitio/core/lowlevel';
import {
  DEFAULT_CLIENT_DEADLINES,
  DEFAULT_CLIENT_LIMITS,
  type ClientDeadlines,
  type ClientLimits,
} from './deadlines.ts';
import type { StallLimits } from '../../driver/stall-watch.ts';

const DEFAULT_MAX_INFORMATIONAL = 64;

/** The options of a client that concern its connections. */
export interface ConnectionSettings {
  readonly deadlines?:
    | { readonly [Name in keyof ClientDeadlines]?: ClientDeadlines[Name] | undefined }
    | undefined;
  readonly limits?:
    | { readonly [Name in keyof ClientLimits]?: ClientLimits[Name] | undefined }
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
  readonly limits: ClientLimits;
  /** How slowly a server may take a request. */
  readonly sending: StallLimits;
  /** The most informational responses (1xx) to one request. */
  readonly maxInformational: number;
}

/** Makes the state of a client that is being made. */
export function clientShared(clock: Clock, settings: ConnectionSettings): ClientShared {
  const deadlines = withDefaults(DEFAULT_CLIENT_DEADLINES, settings.deadlines);
  const limits = withDefaults(DEFAULT_CLIENT_LIMITS, settings.limits);
  return {
    clock,
    // Connections and their deadlines outlive the scope that the client is made in.
    scope: outsideScopes(() => new AsyncScope()),
    wheel: outsideScopes(() => new DeadlineWheel(clock)),
    deadlines,
    limits,
    sending: {
      grace: deadlines.headers,
      minRate: limits.writeMinRate,
      window: deadlines.writeWindow,
    },
    maxInformational: settings.maxInformational ?? DEFAULT_MAX_INFORMATIONAL,
  };
}
