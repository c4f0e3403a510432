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
export interface ConnectionOptions {
  readonly deadlines?:
    | { readonly [Name in keyof ClientDeadlines]?: ClientDeadlines[Name] | undefined }
    | undefined;
  /** Limits on what a server may send, and on how slowly it takes a body. */
  readonly limits?:
    | { readonly [Name in keyof ClientLimits]?: ClientLimits[Name] | undefined }
    | undefined;
  /** The most informational responses (1xx) to one request. @default 64 */
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
export function clientShared(clock: Clock, options: ConnectionOptions): ClientShared {
  const deadlines = withDefaults(DEFAULT_CLIENT_DEADLINES, options.deadlines);
  const limits = withDefaults(DEFAULT_CLIENT_LIMITS, options.limits);
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
    maxInformational: options.maxInformational ?? DEFAULT_MAX_INFORMATIONAL,
  };
}
