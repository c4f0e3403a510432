/** State shared by all connections of one client. */

import type { Clock } from '@awaitio/core';
import type { DeadlineWheel } from '@awaitio/core/lowlevel';
import type { ProtocolLimits } from '../protocol/vocabulary/limits.ts';
import type { ClientDeadlines } from './options.ts';

/** The time, the deadlines and the limits of a client. */
export interface ClientShared {
  readonly clock: Clock;
  readonly wheel: DeadlineWheel;
  readonly deadlines: ClientDeadlines;
  readonly limits: ProtocolLimits;
}
